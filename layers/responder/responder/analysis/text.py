"""Small, linear operations on hostile text, shared by the prompt, the reading and the triage."""

import re
import unicodedata
from collections.abc import Iterator

# Names end in words of the language, too: some endings make an address only with a path or a port.
_TOP = (
    "com|net|org|info|biz|xyz|onion|click|icu|example|invalid|edu|gov|mil|io|co|ai|ru|cn|tk|ml|ga"
    "|cf|gq|de|uk|eu|fr|nl|br|jp|kr|ir|kp"
)
_TOP_WITH_PATH = (
    "[a-z]{2}|app|dev|cloud|shop|store|live|link|page|web|space|site|online|club|tech|website|vip"
    "|zip|mov|email|network|systems|services|support|help|security|login|host|run|top|pro|test"
)
_NOT_IN_ADDRESS = r"\s<>\"'`|\\"
_IP = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_REST = rf"(?::\d{{1,5}})?(?:[/?#][^{_NOT_IN_ADDRESS}]*)?"
#: With a scheme, or recognisable without one: www., mail addresses, host names, IPv4 addresses.
_LINK = re.compile(
    r"(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://|(?<![\w.-])www\.|(?<!\w)mailto:"
    rf"|(?<!\w)(?:javascript|vbscript|data|tel|sms|intent):(?=\S))[^{_NOT_IN_ADDRESS}]+"
    r"|(?<![\w.%+-])(?:[\w.%+-]+@)?(?P<host>(?:[\w-]+\.)+"
    rf"(?:(?:{_TOP})(?![\w-]|\.\w)|(?:{_TOP_WITH_PATH})(?=:\d|/\w))|{_IP}(?![\w-]|\.\w)){_REST}",
    re.IGNORECASE,
)
_DOTTED = re.compile(rf"(?<![\w.-])(?:(?:[\w-]+\.)+[^\W\d_]{{2,}}(?![\w-])|{_IP}(?![\w-]|\.\w))")
#: Prefixes of Kubernetes' own labels, taints and API groups, and names that only look like hosts.
_NO_HOST = re.compile(
    r"(?:[\w-]+\.)*(?:kubernetes|k8s)\.io|(?:asp|vb|system)\.net|(?:socket|java)\.io"
    r"|0\.0\.0\.0|127(?:\.\d{1,3}){3}",
    re.IGNORECASE,
)
_HOST_AND_PORT = re.compile(r"[\w.-]+(?::\d{1,5})?")
_LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?#]|$)")
_AFTER_A_LINK = ".,;:!?)]}*_~"
# Browsers read full-width letters and dots in a name as plain ones.
_WIDE = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3002: ".", 0xFF61: "."}

LINK_REMOVED = "[link removed]"
_ELLIPSIS = "…"


def clean(text: str) -> str:
    """``text`` without characters that a person cannot see: controls, invisible ones, surrogates.

    Line breaks and tabs stay. Lone surrogates could not even be encoded for the request.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char)[0] != "C")


def one_line(text: str) -> str:
    """``clean`` text with every run of white space as one blank."""
    return " ".join(clean(text).split())


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters; an ellipsis says that something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def without_a_cut_word(text: str) -> str:
    """``text`` without the half word before an ellipsis that ends it.

    Half a secret no longer looks like one: who cut the text before it came here did not mask it.
    A text of one word stays, unless it is an address, which may begin with a password. So does a
    plain word before three dots, as people write them.
    """
    kept = text.rstrip()
    mark = next((mark for mark in (_ELLIPSIS, "...") if kept.endswith(mark)), "")
    before = kept.removesuffix(mark)
    if not mark or before != before.rstrip():
        return text
    last = before.rsplit(None, 1)[-1] if before else ""
    alone = last == before and "://" not in last
    if alone or (mark != _ELLIPSIS and last.isalpha()):
        return text
    return before.removesuffix(last) + mark


def cut_middle(text: str, limit: int) -> str:
    """At most ``limit`` characters of both ends, more of the first; says how much was cut."""
    if len(text) <= limit:
        return text
    note = f" [... {len(text) - limit} characters cut ...] "
    tail = limit // 4
    return text[: max(0, limit - tail - len(note))] + note + text[len(text) - tail :]


def links_in(text: str) -> frozenset[str]:
    """Every URL and every other address in ``text``, and all names that may be hosts."""
    return frozenset(_addresses(text)) | names_in(text)


def names_in(text: str) -> frozenset[str]:
    """Every dotted name and IPv4 address in ``text``, whatever it ends in."""
    return frozenset(name.lower() for name in _DOTTED.findall(_narrow(text)))


def strike_links(text: str, allowed: frozenset[str]) -> str:
    """``text`` with every address struck that is neither allowed nor of the reader's own machine.

    ``allowed`` comes from ``links_in``.
    """

    def keep_or_strike(match: re.Match[str]) -> str:
        address = match[0].rstrip(_AFTER_A_LINK)
        kept = address in allowed or _LOCAL.match(address) or _is_tame(match, address, allowed)
        return match[0] if kept else LINK_REMOVED + match[0][len(address) :]

    wide = _narrow(text)
    struck = _LINK.sub(keep_or_strike, wide)
    return text if struck == wide else struck


def _is_tame(match: re.Match[str], address: str, allowed: frozenset[str]) -> bool:
    """Whether it has no scheme and is no address at all, or names a known host and no path."""
    host = (match["host"] or "").lower()
    if not host:
        return False
    known = host in allowed and _HOST_AND_PORT.fullmatch(address) is not None
    return known or address.lower() in allowed or _NO_HOST.fullmatch(host) is not None


def _addresses(text: str) -> Iterator[str]:
    for match in _LINK.finditer(_narrow(text)):
        address = match[0].rstrip(_AFTER_A_LINK)
        yield address
        if match["host"] is not None:
            yield address.lower()


def _narrow(text: str) -> str:
    return text if text.isascii() else text.translate(_WIDE)

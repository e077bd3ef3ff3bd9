"""Small, linear operations on hostile text, shared by the prompt, the reading and the triage."""

import re
import unicodedata

_LINK = re.compile(
    r"(?:(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://|(?<![\w.-])www\.|(?<!\w)mailto:)"
    r"[^\s<>\"'`|\\]+"
)
_LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?#]|$)")
_AFTER_A_LINK = ".,;:!?)]}*_~"

LINK_REMOVED = "[link removed]"


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
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def cut_middle(text: str, limit: int) -> str:
    """At most ``limit`` characters of both ends, more of the first; says how much was cut."""
    if len(text) <= limit:
        return text
    note = f" [... {len(text) - limit} characters cut ...] "
    tail = limit // 4
    return text[: max(0, limit - tail - len(note))] + note + text[len(text) - tail :]


def links_in(text: str) -> frozenset[str]:
    """Every URL in ``text``."""
    return frozenset(match[0].rstrip(_AFTER_A_LINK) for match in _LINK.finditer(text))


def strike_links(text: str, allowed: frozenset[str]) -> str:
    """``text`` with every URL struck that is neither allowed nor of the reader's own machine."""

    def keep_or_strike(match: re.Match[str]) -> str:
        url = match[0].rstrip(_AFTER_A_LINK)
        kept = url in allowed or _LOCAL.match(url)
        return match[0] if kept else LINK_REMOVED + match[0][len(url) :]

    return _LINK.sub(keep_or_strike, text)

"""Untrusted text as Slack markup: escaped, its formatting disarmed, cut with a visible mark.

Everything that came from an alert or from a model passes through here before it reaches a block.
Functions return markup; what they return must not be escaped or cut again.
"""

import re
import unicodedata
from datetime import datetime
from urllib.parse import urlsplit

from responder.delivery import limits

MARK = "…"
#: What the marks of a ``bold`` line and of a ``fence`` take of their limits.
BOLD, FENCE = len("**"), len("```\n\n```")

_SURROGATES = "\ud800-\udfff"
# Control characters, and marks that are invisible or reorder the text around them: an alert could
# otherwise rewrite how our own words beside it read.
_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
)
_SEEN = re.compile(f"[^{_INVISIBLE}]+")
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_REFUSED = re.compile(f"[{_INVISIBLE}{_SURROGATES}]")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
# Slack formats only at the borders of words and knows no escape for it; look-alikes take the place
# of the marks there, and names like node_cpu_seconds stay as they are, ready to be copied.
# The marks come first in the pattern, so that the search runs from one to the next.
# Of a name that Slack would draw as a picture (":white_check_mark:") the first colon goes as well;
# within words it stays, as in ARNs and in the recorded names of Prometheus.
_FORMATTING = re.compile(
    r"[*_~](?:(?<![A-Za-z0-9].)|(?![A-Za-z0-9]))|:(?<![A-Za-z0-9].)(?=[a-z0-9_+'-]{1,100}:)"
)
_LOOK_ALIKE = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", ":": "\ua789"}
# A backtick begins or ends code even within a word.
_BACKTICK = "\u02cb"
_HALF_ENTITY = re.compile(r"&[a-z]{0,3}$")
# What would end or split a link token; tools put some of these into their addresses unencoded.
_UNENCODED = re.compile(r"""[ <>|"`\\^{}]""")
# No character takes more room than one that becomes "&amp;".
_LONGEST_ESCAPE = len("&amp;")
# Raw text is cut to this multiple of its limit before it is worked on, so that a huge alert costs
# no more than a long one.
_RAW_FACTOR = 2


def inline(text: str, limit: int) -> str:
    """One line of text, for a mrkdwn object."""
    if len(text) * _LONGEST_ESCAPE <= limit:
        return _disarm(_whole(text)) if text else ""
    raw, shortened = _raw(text, limit)
    return _cut(_disarm(_literal(_one_line(raw), limit)), limit, shortened)


def paragraph(text: str, limit: int) -> str:
    """Text with its line breaks, for a mrkdwn object; runs of empty lines become one."""
    raw, shortened = _raw(text, limit)
    lines = _BLANK_LINES.sub("\n\n", raw).strip()
    return _cut(_disarm(_literal(lines, limit)), limit, shortened)


def plain(text: str, limit: int) -> str:
    """One line for a plain_text object, where formatting marks mean nothing.

    Whether Slack decodes entities there is not documented, so brackets become look-alikes: they
    read right either way, and can never begin a mention.
    """
    raw, shortened = _raw(text, limit)
    line = _one_line(raw)[: limit + 1].replace("<", "\u2039").replace(">", "\u203a")
    return _cut(line, limit, shortened)


def code(text: str, limit: int) -> str:
    """One line in code style, empty for empty text."""
    if len(text) * _LONGEST_ESCAPE <= limit - 2:
        line = _whole(text)
        return f"`{line}`" if line else ""
    raw, shortened = _raw(text, limit)
    line = _literal(_one_line(raw), limit)
    return f"`{_cut(line, limit - 2, shortened)}`" if line else ""


def fence(text: str, limit: int) -> str:
    """A closed block of code, empty for empty text; its own backticks become look-alikes."""
    raw, shortened = _raw(text, limit)
    body = raw.strip("\n").rstrip()
    return f"```\n{_cut(_literal(body, limit), limit - FENCE, shortened)}\n```" if body else ""


def bold(text: str, limit: int) -> str:
    """One line in bold, empty for empty text."""
    line = inline(text, limit - BOLD)
    return f"*{line}*" if line else ""


def link(url: str, label: str, limit: int) -> str:
    """A link to an http or https address; empty where the address is not one that we show."""
    address = safe_url(url)
    if not address:
        return ""
    # A second bar in a link token has no documented meaning.
    name = inline(label.replace("|", "\N{BROKEN BAR}"), limit)
    return f"<{escape(address)}|{name or 'link'}>"


def date(moment: datetime) -> str:
    """A moment that Slack shows in the reader's own time zone."""
    fallback = f"{moment.isoformat(' ')[:16]} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def escape(text: str) -> str:
    """Slack's three entities; without ``<`` no mention, link or token can be written.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_url(url: str) -> str:
    """``url`` ready for a link where it is an http or https address, else empty.

    An address with a user name is refused: it shows one host and opens another.
    """
    if len(url) > limits.LINK_URL:
        return ""
    address = url.strip()
    # Controls, marks that reorder text, odd spaces and lone surrogates are all unprintable.
    if not address.isprintable() or not address[:8].lower().startswith(("http://", "https://")):
        return ""
    address = _UNENCODED.sub(lambda mark: f"%{ord(mark[0]):02X}", address)
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    if not host or "@" in parts.netloc:
        return ""
    return address if limits.within(escape(address), limits.LINK_URL) else ""


def fits(text: str, limit: int) -> bool:
    """Whether nothing of ``text`` is cut off where it may take ``limit`` units."""
    if len(text) * _LONGEST_ESCAPE <= limit:
        return True
    raw, shortened = _raw(text, limit)
    return not shortened and limits.within(escape(raw.strip()), limit)


def visible(text: str) -> str:
    """``text`` without characters that must never reach Slack; not escaped yet."""
    # None of those characters counts as printable; unprintable are line breaks and new emoji, too.
    if text.isprintable() or not _REFUSED.search(text):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", "".join(_SEEN.findall(lines)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _whole(text: str) -> str:
    """One line of a text that needs no cut, escaped and without backticks: most texts are such."""
    seen = text if text.isprintable() else visible(text)
    return escape(" ".join(seen.split())).replace("`", _BACKTICK)


def _raw(text: str, limit: int) -> tuple[str, bool]:
    """The visible start of ``text``, and whether its end was left out."""
    most = limit * _RAW_FACTOR
    if len(text) > most:
        return visible(text[:most]), True
    return text if text.isprintable() else visible(text), False


def _literal(text: str, limit: int) -> str:
    """``text`` escaped and without backticks, as far as it can be seen at ``limit``."""
    # Escaping only makes it longer. Two more characters: one shows that there was more to cut,
    # and one is the neighbour by which ``_disarm`` knows what to do with that.
    return escape(text[: limit + 2]).replace("`", _BACKTICK)


def _disarm(escaped: str) -> str:
    # Most texts have none, and a search for one character costs far less than one for a class.
    few_colons = escaped.count(":") < 2
    if few_colons and "_" not in escaped and "*" not in escaped and "~" not in escaped:
        return escaped
    return _FORMATTING.sub(lambda found: _LOOK_ALIKE[found[0]], escaped)


def _cut(escaped: str, limit: int, shortened: bool = False) -> str:
    """At most ``limit`` units, ending on a whole character, entity and, where near, word."""
    if not shortened and limits.within(escaped, limit):
        return escaped
    room = limit - len(MARK)
    head = _whole_characters(_first_units(escaped, room), escaped)
    if "&" in head[-4:]:
        head = _HALF_ENTITY.sub("", head)
    border = max(head.rfind(" "), head.rfind("\n"))
    if border * 5 > len(head) * 4:
        head = head[:border]
    return head.rstrip() + MARK


def _first_units(text: str, room: int) -> str:
    start = text[:room]
    if start.isascii():
        return start
    # The byte order mark comes first.
    units = start.encode("utf-16")
    if len(units) == 2 + 2 * len(start):
        return start
    return units[: 2 + 2 * room].decode("utf-16", "ignore")


def _whole_characters(head: str, escaped: str) -> str:
    """Step back from between a character and what modifies it (accents, joined emoji)."""
    following = escaped[len(head) : len(head) + 1]
    while head and following and _modifies(following, head[-1]):
        head, following = head[:-1], head[-1]
    return head


def _modifies(character: str, before: str) -> bool:
    joins = character in "\u200d\ufe0e\ufe0f" or before == "\u200d"
    return joins or unicodedata.combining(character) != 0

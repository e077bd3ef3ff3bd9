"""Untrusted text as Slack markup: escaped, its formatting disarmed, cut with a visible mark.

Everything that came from an alert or from a model passes through here before it reaches a block.
Functions return markup; what they return must not be escaped or cut again.
"""

import re
import unicodedata
from collections.abc import Callable
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
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_REFUSED = re.compile(f"[{_INVISIBLE}{_SURROGATES}]")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
# Slack formats only at the borders of words and knows no escape for it; look-alikes take the place
# of the marks there, and names like node_cpu_seconds stay as they are, ready to be copied.
# A pattern begins with its mark, so that the search runs from one to the next.
_BORDER = "(?:(?<![A-Za-z0-9].)|(?![A-Za-z0-9]))"
_BOLD, _ITALIC, _STRIKE = (re.compile(re.escape(mark) + _BORDER) for mark in "*_~")
# Of a name that Slack would draw as a picture (":white_check_mark:") the first colon goes as well;
# within words it stays, as in ARNs and in the recorded names of Prometheus.
_PICTURE = re.compile(r":(?<![A-Za-z0-9].)(?=[a-z0-9_+'-]{1,100}:)")
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
# How much of its limit a text is first given beyond it, for what is not seen of it: a fifth.
_NEAR = 5
# Escaping only makes a text longer. Two more characters are of use: one shows that there was more
# to cut, and one is the neighbour by which ``_disarm`` knows what to do with that.
_MORE = 2


def inline(text: str, limit: int) -> str:
    """One line of text, for a mrkdwn object."""
    if len(text) <= limit:
        line = _disarm(_whole(text)) if text else ""
        return line if len(line) * 2 <= limit else _cut(line, limit)
    line, shortened = _start(text, limit, _one_line)
    return _cut(_disarm(_literal(line[: limit + _MORE])), limit, shortened)


def paragraph(text: str, limit: int) -> str:
    """Text with its line breaks, for a mrkdwn object; runs of empty lines become one."""
    lines, shortened = _start(text, limit, _no_blank_lines)
    return _cut(_disarm(_literal(lines[: limit + _MORE])), limit, shortened)


def plain(text: str, limit: int) -> str:
    """One line for a plain_text object, where formatting marks mean nothing.

    Whether Slack decodes entities there is not documented, so brackets become look-alikes: they
    read right either way, and can never begin a mention.
    """
    line, shortened = _start(text, limit, _one_line)
    unlike = line[: limit + 1].replace("<", "\u2039").replace(">", "\u203a")
    return _cut(unlike, limit, shortened)


def code(text: str, limit: int) -> str:
    """One line in code style, empty for empty text."""
    room = limit - 2
    if len(text) <= limit:
        line = _whole(text)
        shown = line if len(line) * 2 <= room else _cut(line, room)
    else:
        line, shortened = _start(text, limit, _one_line)
        shown = _cut(_literal(line[: limit + _MORE]), room, shortened)
    return f"`{shown}`" if line else ""


def fence(text: str, limit: int) -> str:
    """A closed block of code, empty for empty text; its own backticks become look-alikes."""
    body, shortened = _start(text, limit, _body)
    shown = _cut(_literal(body[: limit + _MORE]), limit - FENCE, shortened)
    return f"```\n{shown}\n```" if body else ""


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
    fallback = f"{moment.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC"
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
    return text if text.isprintable() else _without_refused(text)


def _without_refused(text: str) -> str:
    found = _REFUSED.search(text)
    if found and "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        found = _REFUSED.search(text, found.start())
    # Each kind goes from the whole text at once: few texts have more than two.
    while found:
        lone = "\ud800" <= found[0] <= "\udfff"
        text = _SURROGATE.sub("\ufffd", text) if lone else text.replace(found[0], "")
        found = _REFUSED.search(text, found.start())
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _no_blank_lines(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", text).strip()


def _body(text: str) -> str:
    return text.strip("\n").rstrip()


def _start(text: str, limit: int, tidied: Callable[[str], str]) -> tuple[str, bool]:
    """The visible start of ``text`` as ``tidied`` lays it out, and whether its end was left out."""
    # Of most long texts little more than what is shown needs any work.
    near = limit + limit // _NEAR
    if len(text) > near:
        start = tidied(visible(text[:near]))
        if len(start) >= limit + _MORE:
            return start, True
    raw, shortened = _raw(text, limit)
    return tidied(raw), shortened


def _whole(text: str) -> str:
    """All of a text as one line, escaped and without backticks."""
    seen = text if text.isprintable() else _without_refused(text)
    return _literal(" ".join(seen.split()))


def _raw(text: str, limit: int) -> tuple[str, bool]:
    """The visible start of ``text``, and whether its end was left out."""
    most = limit * _RAW_FACTOR
    if len(text) > most:
        return visible(text[:most]), True
    return text if text.isprintable() else _without_refused(text), False


def _literal(text: str) -> str:
    """``text`` escaped and without backticks."""
    # Most texts have none of them, and to look for one costs less than to replace it.
    if "&" in text or "<" in text or ">" in text:
        text = escape(text)
    return text.replace("`", _BACKTICK) if "`" in text else text


def _disarm(escaped: str) -> str:
    # Most texts have none, and a search for one character costs far less than one for a class.
    # Pictures first: their names may have an underscore.
    if escaped.count(":") > 1:
        escaped = _PICTURE.sub("\ua789", escaped)
    if "*" in escaped:
        escaped = _BOLD.sub("\u2217", escaped)
    if "_" in escaped:
        escaped = _ITALIC.sub("\u02cd", escaped)
    return _STRIKE.sub("\u223c", escaped) if "~" in escaped else escaped


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

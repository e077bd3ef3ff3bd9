"""Splits a runbook, a Markdown file, into passages by its headings; ``retrieval`` searches them.

Headings are lines that begin with one to six ``#``. A comment in a code block is none. Front matter
(YAML between two lines of dashes) is no text: its ``title`` stands above all headings, its ``url``
is the page's address.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from typing import Final

from responder.analysis.context import BETWEEN_HEADINGS, Passage
from responder.analysis.text import clean, one_line, shorten

#: Characters of a passage: what Claude can be told of three of them beside the alert itself.
MAX_PASSAGE: Final = 1_000
#: Characters of the headings above it, so that an answer has room to name its file, too.
MAX_HEADING: Final = 100

#: Characters of a page's address: every incident that it fits keeps it.
MAX_URL: Final = 1_000
_FRONT = re.compile(
    r"---[ \t]*\n(?P<lines>(?:[A-Za-z][\w-]*:.*\n)(?:(?:[A-Za-z][\w-]*:|[ \t-]|#).*\n|\n)*?)"
    r"---[ \t]*(?:\n|$)"
)
_FIELD = re.compile(r"(?P<name>title|url):[ \t]+(?P<quote>[\"']?)(?P<value>.*)(?P=quote)[ \t]*$")

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CONTENTS = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+\[[^\]]*\]\(#[^)]*\)\s*$")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s+(\S.*)$")
_BULLET = re.compile(r"\s*[-*+]\s+(?:\[[ xX]\]\s+)?(\S.*)$")
_COMMENT = re.compile(r"\s*#(?!!)\s*(?:\d{1,3}[.)]\s*)?([^\W\d_]\S*\s.*)$")


def split(file: str, text: str, changed_at: datetime | None = None) -> list[Passage]:
    """The passages of one file, in its order; each knows the headings that it stands under."""
    found = []
    front, text = _front(clean(text.replace("\r\n", "\n")))
    above = [title] if (title := one_line(front.get("title", ""))) else []
    url = one_line(front.get("url", ""))
    for headings, lines in _sections(text):
        heading = _bounded(above + headings)
        for part in _parts("\n".join(lines).strip("\n")):
            passage = Passage(file=file, heading=heading, text=part, changed_at=changed_at)
            if len(url) <= MAX_URL:
                passage = passage.model_copy(update={"url": url})
            found.append(passage)
    return found


def steps(text: str, most: int) -> list[str]:
    """The first steps of a passage: a numbered list, what comments say of its code, any list.

    Never the commands themselves: what changes something is not to be taken out of its context.
    """
    fenced = list(_with_fences(text))
    numbered = [said[1] for line, code in fenced if not code and (said := _NUMBERED.match(line))]
    told = [said[1] for line, code in fenced if code and (said := _COMMENT.match(line))]
    listed = [said[1] for line, code in fenced if not code and (said := _BULLET.match(line))]
    plain = [line for line, code in fenced if not code]
    chosen = numbered or told or listed or plain
    return [one_line(one) for one in chosen if one.strip()][:most]


def _front(text: str) -> tuple[dict[str, str], str]:
    """What the front matter says of the page, and the text behind it."""
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    fields = (_FIELD.match(line) for line in found["lines"].split("\n"))
    return {one["name"]: one["value"] for one in fields if one}, text[found.end() :]


def _sections(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each run of lines under one heading, with all headings above it."""
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    for line, code in _with_fences(text):
        heading = None if code else _HEADING.match(line)
        if heading is None:
            if code or not _CONTENTS.match(line):
                lines.append(line)
            continue
        yield [title for _, title in above], lines
        level, lines = len(heading[1]), []
        above = [(depth, title) for depth, title in above if depth < level]
        above.append((level, _title(heading[2] or "")))
    yield [title for _, title in above], lines


def _bounded(headings: list[str]) -> str:
    """The headings as one, without the outer ones where they are too long together."""
    joined = BETWEEN_HEADINGS.join(headings)
    if len(joined) > MAX_HEADING and len(headings) > 1:
        return _bounded(headings[1:])
    return shorten(joined, MAX_HEADING)


def _title(text: str) -> str:
    """A heading without the ``#`` that may close it."""
    title = text.strip()
    open_ = title.rstrip("#")
    return one_line(open_ if open_ != open_.rstrip() or not open_ else title)


def _with_fences(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is code; the fences themselves count as code."""
    fence = ""
    for line in text.split("\n"):
        after = _fence_after(fence, line)
        yield line, bool(fence or after)
        fence = after


def _fence_after(fence: str, line: str) -> str:
    """The code block's fence that is open after ``line``, empty for none."""
    mark = _FENCE.match(line)
    if not fence:
        return mark[1] if mark else ""
    closes = mark is not None and mark[1].startswith(fence) and line.strip() == mark[1]
    return "" if closes else fence


def _parts(text: str) -> Iterator[str]:
    """At most ``MAX_PASSAGE`` characters each, cut at a blank line, else at a line's end.

    A code block that is cut goes on as one in the next part.
    """
    while len(text) > MAX_PASSAGE:
        window = text[:MAX_PASSAGE]
        cut = max(window.rfind("\n\n"), window.rfind("\n") - MAX_PASSAGE // 3)
        if cut < MAX_PASSAGE // 3:
            cut = MAX_PASSAGE
        part, text = text[:cut].strip("\n"), text[cut:].lstrip("\n")
        fence = reduce(_fence_after, part.split("\n"), "")
        yield part
        text = f"{fence}\n{text}" if fence else text
    if text.strip():
        yield text

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from responder.delivery import mrkdwn


def test_escapes_the_ampersand_first() -> None:
    assert mrkdwn.inline("<!channel> & &lt;", 99) == "&lt;!channel&gt; &amp; &amp;lt;"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~no~", "\u2217bold\u2217 \u02cdit\u02cd \u223cno\u223c"),
        ("node_cpu_seconds 2*3", "node_cpu_seconds 2*3"),
        (":white_check_mark: RESOLVED (:+1:)", "\ua789white_check_mark: RESOLVED (\ua789+1:)"),
        ("12:30:45 arn:aws:sns:x job:errors:rate5m", "12:30:45 arn:aws:sns:x job:errors:rate5m"),
        ("`code`", "\u02cbcode\u02cb"),
        ("two\n lines\tand tab", "two lines and tab"),
        ("\x1b[31mred\u202e\u200b", "[31mred"),
        ("\ud83d", "\ufffd"),
        ("  \u200b ", ""),
    ],
)
def test_inline_disarms_what_slack_cannot_escape(text: str, shown: str) -> None:
    assert mrkdwn.inline(text, 99) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("a&b", 5, "a…"),
        ("ab<", 6, "ab&lt;"),
        ("ab<c", 6, "ab…"),
        ("one two three four", 16, "one two three…"),
        ("one twothreefour", 10, "one twoth…"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("abe\u0301", 3, "ab…"),
        ("a👩\u200d💻b", 5, "a…"),
    ],
)
def test_cut_ends_on_whole_things_with_a_mark(text: str, limit: int, shown: str) -> None:
    assert mrkdwn.inline(text, limit) == shown


@pytest.mark.parametrize(
    ("text", "limit", "fits"),
    [
        ("", 0, True),
        ("abcdef", 6, True),
        ("abcdefg", 6, False),
        ("a&", 6, True),
        ("a&b", 6, False),
        (" ab\x00", 2, True),
        ("😀", 2, True),
        ("😀", 1, False),
    ],
)
def test_what_fits_is_what_is_shown_whole(text: str, limit: int, fits: bool) -> None:
    assert mrkdwn.fits(text, limit) is fits
    assert fits is not mrkdwn.inline(text, max(limit, 1)).endswith(mrkdwn.MARK)


def test_a_huge_text_is_marked_as_cut_even_when_its_start_is_all_space() -> None:
    assert mrkdwn.inline("a" + " " * 1_000_000 + "b", 10) == "a…"


@pytest.mark.parametrize("unseen", ["\u200b", "\x00", "\ufeff\u202e"])
@pytest.mark.parametrize(
    ("markup", "end"),
    [
        (mrkdwn.inline, "…"),
        (mrkdwn.paragraph, "…"),
        (mrkdwn.plain, "…"),
        (mrkdwn.code, "…`"),
        (mrkdwn.fence, "…\n```"),
    ],
)
def test_what_is_not_seen_takes_none_of_the_room(
    markup: Callable[[str, int], str], end: str, unseen: str
) -> None:
    shown = markup(f"{unseen * 30}{'a' * 300}", 100)
    assert len(shown) == 100
    assert shown.endswith(f"a{end}")


def test_marks_of_every_kind_go_from_everywhere() -> None:
    text = "\ufeffa\u200bb\r\nc\rd\ud83d\x00e\u200b\udc00f\ufeff"
    assert mrkdwn.visible(text) == "ab\nc\nd\ufffde\ufffdf"


def test_plain_text_has_no_entities_and_no_brackets() -> None:
    assert mrkdwn.plain("R&D <!channel>\n*b*", 99) == "R&D \u2039!channel\u203a *b*"
    assert mrkdwn.plain("R&D and more", 6) == "R&D a…"


def test_paragraph_keeps_lines_but_not_runs_of_empty_ones() -> None:
    assert mrkdwn.paragraph("a\r\nb\n\n \n\n\nc\n", 99) == "a\nb\n\nc"


def test_fence_is_closed_and_cannot_be_closed_by_its_text() -> None:
    assert mrkdwn.fence("x ``` y", 99) == "```\nx \u02cb\u02cb\u02cb y\n```"
    assert mrkdwn.fence("x" * 50, 20) == f"```\n{'x' * 11}…\n```"
    assert mrkdwn.fence(" \n ", 20) == ""
    # Begins with more blanks than there is room for: cut, not empty.
    assert mrkdwn.fence(" " * 30 + "x", 20) == "```\n…\n```"


def test_code_is_one_closed_line() -> None:
    assert mrkdwn.code("a`b\nc", 99) == "`a\u02cbb c`"
    assert mrkdwn.code("x" * 50, 10) == f"`{'x' * 7}…`"
    assert mrkdwn.code("", 10) == ""


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://example.com",
        "https://",
        "https://slack.com@evil.example/",
        "https://slack.com\\@evil.example/",
        "https://[bad",
        "https://example.com/\x00",
        "https://example.com/\u202etxt.exe",
        "https://example.com/\u2028x",
        "//example.com",
        "mailto:x@example.com",
        "",
        "https://example.com/" + "x" * 2_000,
        "https://example.com/" + "&" * 500,
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert mrkdwn.link(url, "name", 20) == ""


def test_link_cannot_be_ended_by_its_parts() -> None:
    link = mrkdwn.link("https://a.example/x|y>?q=<b>&c={d}", "a|b>*c*<!channel>", 60)
    address = "https://a.example/x%7Cy%3E?q=%3Cb%3E&amp;c=%7Bd%7D"
    assert link == f"<{address}|a¦b&gt;\u2217c\u2217&lt;!channel&gt;>"


def test_link_without_a_name_has_one() -> None:
    assert mrkdwn.link("https://a.example", " ", 60) == "<https://a.example|link>"


def test_date_is_a_token_with_a_fallback() -> None:
    moment = datetime(2026, 11, 21, 3, 0, 59, tzinfo=UTC)
    token = "<!date^1795230059^{date_short_pretty} {time}|2026-11-21 03:00 UTC>"
    assert mrkdwn.date(moment) == token

"""A card of an alert that says too much, too little or what nobody should click."""

from responder.analysis.verdict import Cause, Check
from responder.delivery import card
from responder_cli.card.examples import FIRST, NOW, UNKNOWN_FORMAT
from unit.delivery.cards import TIMES, shown, with_analysis
from unit.delivery.checker import problems


def test_unknown_format_says_so_and_shows_the_start_of_the_text() -> None:
    text = shown(card.render(UNKNOWN_FORMAT, NOW))
    assert "⚠️ *Unknown format*: no parser knows this payload. It begins:\n```\n{" in text


def test_only_web_addresses_are_links() -> None:
    text = shown(card.render(FIRST, NOW))
    assert "📖 <https://wiki.example.com/checkout?a=1&amp;b=2|Runbook>" in text
    assert "javascript" not in text


def test_labels_beyond_the_room_are_counted() -> None:
    many = FIRST.model_copy(update={"labels": {f"n{n}": "v" for n in range(40)}})
    text = shown(card.render(many, NOW))
    assert "`n24=v` … and 15 more labels" in text
    wide = FIRST.model_copy(update={"labels": {f"n{n}": "v" * 200 for n in range(20)}})
    assert "… and 11 more labels" in shown(card.render(wide, NOW))


def test_no_title_and_no_service_still_make_a_headline() -> None:
    bare = FIRST.model_copy(update={"title": "\u200b", "service": "\x00"})
    assert card.render(bare, NOW).text == f"🔴 CRITICAL (no title) (firing, 1{TIMES})"


def test_a_long_service_leaves_room_for_the_title() -> None:
    wide = FIRST.model_copy(update={"service": "s" * 500, "title": "The title"})
    assert f"{'s' * 80}…: The title" in card.render(wide, NOW).text


def test_too_much_of_everything_is_shortened_visibly() -> None:
    long = "wörd & <b> " * 2_000
    check = Check(text=long, command=long)
    full = with_analysis(
        headline=long,
        summary=long,
        impact=long,
        causes=(Cause(text=long, evidence=(long, long, long)),) * 5,
        checks=(check,) * 6,
        actions=(long,) * 9,
    ).model_copy(
        update={
            "title": long,
            "message": long,
            "labels": {f"{n}{long}": long for n in range(40)},
            "links": {f"{n}": f"https://e.example/{'&' * 300}{n}" for n in range(20)},
            "explanation": long,
            "resource": long,
        }
    )
    message = card.render(full, NOW)
    assert "_(shortened: Slack's limit for one message)_" in shown(message)
    assert "Check first" in shown(message)
    assert problems(message) == []

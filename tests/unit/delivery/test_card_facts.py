"""The facts of a card: how severe, how often, since when, where, whose, and its links."""

import re
from datetime import timedelta

import pytest

from responder.alert import Scope, Severity
from responder.delivery import card, words
from responder_cli.card.examples import (
    ANALYSED,
    CLOSED,
    FIRST,
    NOW,
    RESOLVED,
    START,
    SYNTHETIC,
    WORSE,
)
from unit.delivery.cards import TIMES, shown


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_told_by_symbol_word_and_colour(severity: Severity) -> None:
    message = card.render(FIRST.model_copy(update={"severity": severity}), NOW)
    assert message.text.startswith(f"{words.SYMBOLS[severity]} {severity.value} ")
    assert message.blocks[0]["text"]["text"].startswith(f"{words.SYMBOLS[severity]} {severity}")
    assert message.color == words.COLORS[severity]


def test_severities_share_no_symbol_and_no_colour() -> None:
    assert len(set(words.SYMBOLS.values())) == len(set(words.COLORS.values())) == len(Severity)


def test_text_alone_tells_the_story_on_a_lock_screen() -> None:
    three = FIRST.model_copy(update={"count": 3})
    assert card.render(three, NOW).text == (
        f"🔴 CRITICAL checkout: HighErrorRate: 31 % of requests fail (firing, 3{TIMES})"
    )
    assert card.render(RESOLVED, NOW).text.endswith(f"(resolved after 12 min, 214{TIMES})")
    assert card.render(CLOSED, NOW).text.endswith(f"(closed after 1 d, 1{TIMES})")


def test_counts_and_rate() -> None:
    assert "*214 times in 9 min* (24 a minute) · 3 firing now" in shown(card.render(ANALYSED, NOW))
    assert "*once*" in shown(card.render(FIRST, NOW))
    at_once = FIRST.model_copy(update={"count": 1_500})
    assert "*1,500 times at once*" in shown(card.render(at_once, NOW))
    none = FIRST.model_copy(update={"count": 0})
    assert "*no firing alert*" in shown(card.render(none, NOW))


@pytest.mark.parametrize(
    ("count", "minutes", "said"),
    [
        (9, 60, ""),
        (10, 1.9, ""),
        (10, 2, "5 a minute"),
        (59, 60, "59 an hour"),
        (60, 60, "1 a minute"),
        (23, 24 * 60, "23 a day"),
        (24, 24 * 60, "1 an hour"),
        (10, 11 * 24 * 60, ""),
        (5_000_000, 5, "1,000,000 a minute"),
    ],
)
def test_the_rate_is_told_where_it_says_more_than_the_count(
    count: int, minutes: float, said: str
) -> None:
    last = START + timedelta(minutes=minutes)
    assert words.rate(FIRST.model_copy(update={"count": count, "last_seen": last})) == said


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        ({"squad": "c", "team": "b", " Owner ": "a "}, "a"),
        ({"squad": "c", "Team": "b", "owner": " "}, "b"),
        ({"SQUAD": "c", "teams": "x"}, "c"),
        ({"pod": "p"}, ""),
    ],
)
def test_the_owner_is_who_the_labels_name(labels: dict[str, str], owner: str) -> None:
    assert words.owner(FIRST.model_copy(update={"labels": labels})) == owner
    text = shown(card.render(FIRST.model_copy(update={"labels": labels}), NOW))
    assert (f"Owner *{owner}* · Resource" in text) is bool(owner)


def test_links_stand_in_the_order_of_their_use_each_kind_with_its_symbol() -> None:
    (line,) = [text for text in shown(card.render(WORSE, NOW)).split("\n") if "🔧" in text]
    assert re.findall(r"(\S+) <[^|]+\|([^>]+)>", line) == [
        ("🔧", "source"),
        ("📊", "dashboard"),
        ("📖", "runbook"),
        ("📜", "logs_url"),
        ("🧵", "trace"),
        ("🔗", "wiki page"),
    ]


def test_resolved_card_says_so_with_its_duration() -> None:
    message = card.render(RESOLVED, NOW)
    assert message.blocks[0]["text"]["text"].startswith("✅ RESOLVED · CRITICAL · checkout: ")
    assert "✅ *Resolved after 12 min* · *214 times in 9 min*" in shown(message)
    assert message.color == words.SOLVED_COLOR


def test_closed_card_does_not_claim_a_resolve() -> None:
    message = card.render(CLOSED, NOW)
    assert "the tool never said resolved" in shown(message)
    assert message.color == words.CLOSED_COLOR


def test_open_for_is_said_once_there_is_something_to_compare() -> None:
    assert "Open for 10 min at the last update" in shown(card.render(ANALYSED, NOW))
    assert "Open for" not in shown(card.render(FIRST, NOW))
    assert "Open for" not in shown(card.render(RESOLVED, NOW))


def test_message_that_repeats_the_title_is_not_shown_twice() -> None:
    twice = FIRST.model_copy(update={"message": f" {FIRST.title} "})
    assert shown(card.render(twice, NOW)).count("31 % of requests") == 1


def test_scope_is_told_as_far_as_it_is_known() -> None:
    text = shown(card.render(FIRST, NOW))
    assert "\nEnv prod · eu-west-1 · cluster web · account 123456789012\n" in text
    assert words.place(Scope(region="eu-west-1")) == "eu-west-1"


def test_an_environment_is_called_one_where_it_has_a_line_of_its_own() -> None:
    odd = FIRST.model_copy(update={"scope": Scope(environment="stormy")})
    assert "\nEnv stormy\n" in shown(card.render(odd, NOW))
    place = FIRST.model_copy(update={"scope": Scope(region="eu-west-1")})
    assert "\neu-west-1\n" in shown(card.render(place, NOW))


def test_test_alerts_are_told_apart() -> None:
    assert "🧪 Test alert" in shown(card.render(SYNTHETIC, NOW))
    assert "🧪" not in shown(card.render(FIRST, NOW))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_660, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
    ],
)
def test_duration(seconds: float, said: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == said


def test_an_incident_lasts_until_its_end_or_its_last_alert() -> None:
    assert words.lasted(RESOLVED) == timedelta(minutes=12)
    assert words.lasted(ANALYSED) == ANALYSED.last_seen - START


def test_a_flapping_incident_says_how_often() -> None:
    refires = tuple(START + timedelta(minutes=m) for m in (0, 4, 9))
    flapping = FIRST.model_copy(update={"flapping": True, "refires": refires})
    assert "🔁 *Flapping*: 3 times in 9 min" in shown(card.render(flapping, NOW))
    assert "Flapping" not in shown(card.render(FIRST, NOW))


@pytest.mark.parametrize(
    ("seconds", "said"), [(59, "\nSeen <!date"), (60, "\nFirst seen <!date"), (0, "\nSeen <!date")]
)
def test_a_first_and_a_last_time_of_one_minute_are_told_once(seconds: int, said: str) -> None:
    last = START + timedelta(seconds=seconds)
    text = shown(card.render(FIRST.model_copy(update={"last_seen": last}), NOW))
    assert said in text
    assert ("last seen" in text) is (seconds == 60)

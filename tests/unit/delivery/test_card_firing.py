"""Which alert a card shows, the worst one, and what it names of all that fires."""

from responder.alert import Severity
from responder.delivery import card, firing
from responder.incident import Firing, Incident, IncidentState, Worst
from responder_cli.card.examples import ANALYSED, CACHED, FIRST, NOW, SEVERAL, WORSE
from unit.delivery.cards import TIMES, shown
from unit.delivery.checker import problems


def later(incident: Incident, **says: object) -> Incident:
    newest = Worst(alert_id="a-2", at=NOW, severity=incident.severity)
    return incident.model_copy(update={"worst": newest.model_copy(update=says)})


def fires(*named: tuple[Severity, str], worst: str = "0", **changes: object) -> Incident:
    """An incident whose list of what fires is ``named``; ``worst`` is the shown one's name."""
    listed = tuple(
        Firing(name=str(number), severity=severity, at=NOW, what=what)
        for number, (severity, what) in enumerate(named)
    )
    shown_one = Worst(alert_id="a-2", name=worst, at=NOW, severity=FIRST.severity)
    update = {"worst": shown_one, "firing_now": listed, "firing": len(listed), "count": 9}
    return FIRST.model_copy(update=update | changes)


CRITICAL, HIGH, LOW = Severity.CRITICAL, Severity.HIGH, Severity.LOW
THREE = ((CRITICAL, "db-2"), (HIGH, "db-1"), (LOW, "db-3"))


def test_the_card_shows_what_the_worst_alert_says() -> None:
    text = shown(card.render(WORSE, NOW))
    assert "CRITICAL · checkout: HighErrorRate: 64 % of requests fail" in text
    assert "\n64 % of requests to checkout answer 5xx (threshold 5 %)\n" in text
    assert "Resource `deployment/checkout-canary`" in text
    first = "HighErrorRate: 31 % of requests fail · 31 % of requests to checkout answer 5xx"
    assert f"the first alert said: {first}" in text
    assert "Made from the first alert: HighErrorRate: 31 % of requests fail" in text
    assert "64 %" in card.render(WORSE, NOW).text


def test_a_worst_alert_that_says_the_same_is_not_mentioned() -> None:
    assert card.render(later(ANALYSED), NOW) == card.render(ANALYSED, NOW)


def test_another_message_under_the_same_title_is_set_against_the_first_one() -> None:
    text = shown(card.render(later(ANALYSED, message="64 %"), NOW))
    assert "the first alert said: 31 % of requests to checkout answer" in text
    assert "Made from the first alert\n" in text


def test_an_analysis_that_knows_the_worst_alert_says_nothing_of_it() -> None:
    told = ANALYSED.analysis.model_copy(update={"worst_alert": "a-2"})
    knowing = later(ANALYSED.model_copy(update={"analysis": told}), title="64 %")
    assert "Made from" not in shown(card.render(knowing, NOW))
    worse_since = later(knowing, title="99 %", alert_id="a-3")
    assert "Made from earlier alerts\n" in shown(card.render(worse_since, NOW))


def test_a_cached_analysis_was_made_from_neither() -> None:
    assert "Made from" not in shown(card.render(later(CACHED, title="64 %"), NOW))


def test_what_fires_is_named_the_worst_first() -> None:
    text = shown(card.render(fires(*THREE), NOW))
    assert "· 3 firing now\n*CRITICAL* db-2 · *HIGH* db-1 · *LOW* db-3\n" in text
    assert "is over" not in text
    assert "by now" not in text


def test_the_worst_alert_is_in_the_header_whatever_the_newest_says() -> None:
    message = card.render(SEVERAL, NOW)
    assert message.blocks[0]["text"]["text"] == "🔴 CRITICAL · Disk full on db-2"
    text = shown(message)
    assert "\n99 % of /data is used\n" in text
    assert "the first alert said: Disk full on db-1 · 97 % of /var is used" in text
    assert "81 %" not in text


def test_only_a_few_are_named_and_the_rest_is_counted() -> None:
    many = [(HIGH, f"db-{number}") for number in range(firing.MOST + 2)]
    text = shown(card.render(fires(*many, firing=1_017), NOW))
    assert "1,017 firing now\n*HIGH* db-0, db-1, db-2, db-3, db-4 · and 1,012 more\n" in text
    six = shown(card.render(fires(*many[:5]), NOW))
    assert "more\n" not in six


def test_equal_names_are_counted_and_no_name_is_said() -> None:
    text = shown(card.render(fires((HIGH, "db"), (HIGH, "db"), (LOW, "\u200b")), NOW))
    assert f"\n*HIGH* db {TIMES}2 · *LOW* (no title)\n" in text


def test_one_that_fires_is_named_where_it_is_not_the_one_of_the_header() -> None:
    text = shown(card.render(fires((HIGH, "db-1")), NOW))
    assert "firing now" not in text
    assert "db-1" not in text
    over = shown(card.render(fires((HIGH, "db-1"), worst="gone"), NOW))
    assert "· 1 firing now\n*HIGH* db-1\n" in over
    assert "This CRITICAL alert is over; what still fires is named above" in over


def test_nothing_is_said_to_be_over_where_not_all_that_fires_is_known() -> None:
    text = shown(card.render(fires(*THREE, worst="gone", firing=4), NOW))
    assert "*LOW* db-3 · and 1 more\n" in text
    assert "is over" not in text


def test_a_shown_alert_that_is_milder_by_now_says_so() -> None:
    text = shown(card.render(fires((HIGH, "db-1")), NOW))
    assert "\nIt says HIGH by now\n" in text


def test_what_is_over_names_nothing_that_fires() -> None:
    over = fires(*THREE, state=IncidentState.CLOSED, resolved_at=NOW)
    text = shown(card.render(over, NOW))
    assert "db-2" not in text
    assert "by now" not in text


def test_names_of_what_fires_call_nobody() -> None:
    hostile = [(HIGH, "<!channel>"), (LOW, "*x* `y` " + "z" * 80)]
    message = card.render(fires(*hostile), NOW)
    assert "&lt;!channel&gt;" in shown(message)
    assert problems(message) == []

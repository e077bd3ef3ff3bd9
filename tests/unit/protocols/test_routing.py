"""Routes in the lanes: what is stored, what is held as too mild, and whom a card calls."""

from dataclasses import replace
from typing import Any

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import MAX_LABELS, SYNTHETIC_SOURCE, Severity
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Destination
from responder.policy.route import Channels
from responder.policy.routes import Routes
from responder.protocols.versions import ROUTES, Current
from unit.protocols.delivering import ID
from unit.protocols.routing import PAYMENTS, apply, channels
from unit.protocols.silencing import silence


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_route_is_decided_at_the_opening_and_obeyed_by_distribution(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    assert desk.incident().route == Destination(
        route="route 1", channel="#payments", mentions=("S0123ABC",)
    )
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]
    assert "<!subteam^S0123ABC>" in desk.slack.calls[0].text


def test_each_new_incident_counts_once_what_decided_its_channel(desk: Desk) -> None:
    apply(desk, PAYMENTS, {"mentions": ["here"]})
    desk.record(alert("a1"))
    desk.record(alert("a1"))
    desk.record(alert("a2", at=5))
    each: list[dict[str, Any]] = [{}, {"severity": Severity.CRITICAL}, {"source": SYNTHETIC_SOURCE}]
    for number, changes in enumerate(each):
        names = {"rule": f"v1:p{number}", "fingerprint": f"p{number}", "title": "another"}
        desk.record(alert(f"b{number}", **(names | changes)))
    counted = {name: n for name, n in desk.telemetry.counts.items() if "Routed" in name}
    assert counted == {
        f"IncidentsRouted:{reason}": 1 for reason in ("routed", "default", "critical", "synthetic")
    }


def test_incidents_of_before_there_were_routes_go_to_the_configured_channel(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.put_incident(desk.incident().model_copy(update={"route": None}))
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


def test_routes_that_cannot_be_read_keep_no_page_from_people(desk: Desk) -> None:
    class Broken:
        def read(self, keys: object) -> None:
            raise Retryable(Reason.UNAVAILABLE, "throttled")

    current = Current(ROUTES, Broken(), desk.telemetry, desk.now, otherwise=Routes())  # type: ignore[arg-type]
    desk.recorder = replace(desk.recorder, routes=current)
    desk.record(alert("a1"))
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


def test_a_card_that_waits_follows_a_rise_in_severity_to_another_channel(desk: Desk) -> None:
    apply(desk, {"match": ["severity=CRITICAL"], "channel": "#war-room"}, PAYMENTS)
    desk.record(alert("a1"))
    desk.record(alert("a2", at=5, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert channels(desk)[0] == ("post", "#war-room")


def test_a_card_that_stands_stays_and_its_notice_calls_whom_the_new_route_calls(
    desk: Desk,
) -> None:
    apply(desk, {"match": ["severity=CRITICAL"], "mentions": ["here"]}, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(alert("a2", at=40, severity=Severity.CRITICAL))
    desk.deliver_all()
    post, update, notice, elsewhere = desk.slack.calls
    assert [one.method for one in (post, update, notice)] == ["post", "update", "post"]
    assert notice.thread_ts == post.ts
    assert (elsewhere.channel, elsewhere.thread_ts) == ("#alerts", "")
    assert "<!here>" in notice.text


def test_a_card_that_is_posted_anew_calls_nobody_again(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    desk.deliver_all()
    first, again = desk.slack.calls
    assert (first.method, again.method) == ("post", "post")
    assert "S0123ABC" in first.text
    assert "S0123ABC" not in again.text


def test_a_bot_that_takes_over_from_a_webhook_calls_nobody_again(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.slack.editable = False
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.slack.editable = True
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.deliver_all()
    first, again = desk.slack.calls
    assert "S0123ABC" in first.text
    assert (again.method, again.channel) == ("post", "#payments")
    assert "S0123ABC" not in again.text


def test_what_is_over_before_its_card_calls_nobody(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    desk.deliver_all()
    assert "S0123ABC" not in desk.slack.calls[0].text


def test_test_alerts_go_to_the_test_channel_whatever_the_routes_say(desk: Desk) -> None:
    apply(desk, {"channel": "#people", "minimum_severity": "CRITICAL"})
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", test="#test"))
    desk.record(alert("a1", source=SYNTHETIC_SOURCE))
    desk.deliver_all()
    assert channels(desk) == [("post", "#test")]


# Too mild for a card.

MINIMUM = {"match": ["title=disk full"], "channel": "#payments", "minimum_severity": "HIGH"}


def test_what_is_too_mild_gets_neither_card_nor_analysis_and_is_counted(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW), alert("a2", at=1, severity=Severity.MEDIUM))
    desk.deliver_all()
    for _ in range(5):
        desk.later(minutes=1)
        desk.tick()
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert (desk.incident().count, desk.incident().held) == (2, "below_minimum")
    assert desk.telemetry.counts["AlertsHeld:below_minimum"] == 2
    assert desk.telemetry.counts["AlertsUnshown"] == 0


def test_the_tick_leaves_it_alone_until_it_would_close(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    desk.later(minutes=1)
    desk.tick()
    due = desk.incident().due_at
    assert due is not None
    assert (due - desk.now()).days >= 6


def test_it_is_shown_and_analysed_at_once_when_its_severity_rises_to_the_minimum(
    desk: Desk,
) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    desk.record(alert("a2", at=40, severity=Severity.HIGH))
    assert desk.requested() == [ID]
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]
    assert desk.incident().held == ""


def test_critical_is_never_too_mild(desk: Desk) -> None:
    apply(desk, MINIMUM | {"minimum_severity": "CRITICAL"})
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]


def test_a_lower_minimum_frees_what_is_held_with_its_next_alert(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    apply(desk, PAYMENTS)
    desk.record(alert("a2", at=90, severity=Severity.LOW))
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]


def test_what_rises_under_a_silence_stays_held_by_it(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    silence(desk, minutes=10)
    desk.record(alert("a2", at=60, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == []
    assert desk.incident().held == "silenced"
    for _ in range(13):
        desk.tick()
    assert channels(desk)[0] == ("post", "#payments")


def test_the_end_of_a_silence_does_not_show_what_is_too_mild(desk: Desk) -> None:
    apply(desk, MINIMUM)
    silence(desk, minutes=10)
    desk.record(alert("a1", severity=Severity.LOW))
    assert desk.incident().held == "silenced"
    for _ in range(15):
        desk.tick()
    assert desk.slack.methods() == []
    assert desk.incident().held == "below_minimum"


def test_a_route_sees_every_label_that_intake_keeps(desk: Desk) -> None:
    labels = {f"l{number:02}": "x" for number in range(MAX_LABELS - 1)} | {"team": "storage"}
    apply(desk, {"match": ["label.team=storage"], "channel": "#storage"})
    desk.record(alert("a1", labels=labels))
    desk.deliver_all()
    assert channels(desk)[0] == ("post", "#storage")

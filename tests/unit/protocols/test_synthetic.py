"""Checks of our own (of a new version, heartbeats): they bother nobody and count as nothing."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert
from responder.alert import SYNTHETIC_SOURCE
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.protocols.tick import UNSHOWN_ALARM

MISSING = Retryable(Reason.SECRET_MISSING, "no value", after=60, took_effect=False)


def synthetic_desk() -> Desk:
    desk = Desk()
    desk.record(alert(source=SYNTHETIC_SOURCE))
    desk.announced()
    desk.slack.errors.append(MISSING)
    message = Announcement(incident_id=desk.incident().incident_id, first_sent=desk.now())
    desk.deliverer.handle(message)
    return desk


def test_without_a_test_channels_secret_a_synthetic_alert_is_held_for_a_counted_reason() -> None:
    desk = synthetic_desk()
    assert desk.telemetry.counts["AlertsHeld:no_test_channel"] == 1
    assert desk.announced() == []


@pytest.mark.parametrize("reason", [Reason.CHANNEL_NOT_FOUND, Reason.INVALID_MESSAGE])
def test_a_refused_check_is_no_dead_letter_and_the_next_one_is_tried(reason: Reason) -> None:
    desk = Desk()
    desk.record(alert(source=SYNTHETIC_SOURCE))
    # A message that Slack finds invalid is refused as plain text as well.
    desk.slack.errors = [Permanent(reason, "no")] * (1 + (reason is Reason.INVALID_MESSAGE))
    desk.deliver_all()
    assert desk.telemetry.counts[f"AlertsHeld:{reason.value}"] == 1
    assert (desk.card().dead_lettered, desk.card().waits_for) == (True, reason.value)
    desk.later(minutes=5)
    desk.record(alert("a2", source=SYNTHETIC_SOURCE, at=300))
    desk.deliver_all()
    assert (desk.card().dead_lettered, desk.card().waits_for) == (False, "")
    assert desk.card().shown == desk.incident().revision


def test_after_twelve_hours_a_check_is_given_up_without_a_dead_letter() -> None:
    desk = Desk()
    desk.record(alert(source=SYNTHETIC_SOURCE))
    (found,) = desk.announced()
    desk.slack.errors = [Retryable(Reason.UNAVAILABLE, "down")]
    first_sent = desk.now() - timedelta(hours=13)
    desk.deliverer.handle(Announcement(incident_id=found[0], first_sent=first_sent))
    assert desk.telemetry.counts["AlertsHeld:too_old"] == 1


def test_a_check_opens_no_incident_that_is_counted_and_asks_nobody() -> None:
    desk = Desk()
    desk.record(alert(source=SYNTHETIC_SOURCE))
    counted = {name for name, number in desk.telemetry.counts.items() if number}
    assert counted == {"AlertsCounted", "IncidentsRouted:synthetic"}
    desk.tick(times=20)
    assert desk.requested() == []
    assert desk.claude.asked == []


def test_a_held_synthetic_alert_never_alarms_as_unshown() -> None:
    desk = synthetic_desk()
    for _ in range(3):
        desk.later(seconds=UNSHOWN_ALARM.total_seconds())
        desk.ticker.tick()
    assert desk.telemetry.counts["AlertsUnshown"] == 0
    assert desk.incident().unshown_since is not None

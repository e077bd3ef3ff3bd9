"""Synthetic alerts of the pre-traffic check: they must bother nobody who set up no test channel."""

from fakes import Desk, alert
from responder.alert import SYNTHETIC_SOURCE
from responder.contracts import Announcement
from responder.errors import Reason, Retryable
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


def test_a_held_synthetic_alert_never_alarms_as_unshown() -> None:
    desk = synthetic_desk()
    for _ in range(3):
        desk.later(seconds=UNSHOWN_ALARM.total_seconds())
        desk.ticker.tick()
    assert desk.telemetry.counts["AlertsUnshown"] == 0
    assert desk.incident().unshown_since is not None

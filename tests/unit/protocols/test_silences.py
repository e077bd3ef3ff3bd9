"""Silences in the lanes: what they hold, what they let through, and what comes at their end."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import Severity
from responder.delivery import card as face
from responder.errors import Reason, Retryable
from responder.incident import Incident
from responder.policy.matching import Matcher
from responder.policy.silence import Silence
from responder.ports import Key, Record
from responder.protocols import chunks, items, silences
from responder.protocols.holds import CurrentHolds
from unit.protocols.silencing import silence


@pytest.fixture
def desk() -> Desk:
    return Desk()


def incident(desk: Desk) -> Incident:
    return desk.incident()


def test_a_silenced_problem_gets_neither_card_nor_analysis_and_is_counted(desk: Desk) -> None:
    silence(desk)
    desk.record(alert("a1"), alert("a2", at=1))
    desk.deliver_all()
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert (incident(desk).count, incident(desk).held) == (2, "silenced")
    assert desk.telemetry.counts["AlertsHeld:silenced"] == 2
    assert desk.telemetry.counts["AlertsCounted"] == 2


def test_even_critical_is_held_and_a_rise_in_severity_tells_nobody(desk: Desk) -> None:
    silence(desk)
    desk.record(alert("a1"))
    desk.record(alert("a2", at=5, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == []


def test_other_problems_are_told(desk: Desk) -> None:
    silence(desk, "service=elsewhere")
    desk.record(alert("a1"))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]
    assert desk.telemetry.counts["AlertsHeld:silenced"] == 0


def test_what_still_fires_at_the_end_is_shown_says_so_and_is_analysed(desk: Desk) -> None:
    silence(desk, minutes=10)
    desk.record(alert("a1"))
    desk.deliver_all()
    for _ in range(9):
        desk.tick()
        assert desk.slack.methods() == []
        assert desk.requested() == []
    for _ in range(4):
        desk.tick()
    assert desk.slack.methods()[0] == "post"
    assert "Still firing, and no longer under the silence* by anna: new disks" in shown(desk)
    assert desk.requested() != []
    assert incident(desk).held == ""


def test_what_was_resolved_under_a_silence_is_never_shown(desk: Desk) -> None:
    silence(desk, minutes=10)
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    for _ in range(15):
        desk.tick()
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert desk.telemetry.counts["AlertsUnshown"] == 0


def test_what_fires_again_after_the_silence_is_shown(desk: Desk) -> None:
    silence(desk, minutes=10)
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    desk.later(minutes=15)
    desk.record(alert("a2", at=900))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]


def test_a_card_that_stands_is_kept_up_to_date_and_nobody_is_told(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.deliver_all()
    silence(desk)
    desk.record(alert("a2", at=30, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == ["post", "update"]
    assert "Silenced until" in shown(desk)
    assert desk.telemetry.counts["AlertsHeld:silenced"] == 0
    desk.later(minutes=40)
    desk.record(alert("a3", at=2400))
    desk.deliver_all()
    assert desk.slack.methods() == ["post", "update", "update", "post"]
    assert desk.slack.calls[-1].text.startswith("🔴 Severity raised to CRITICAL")


def test_what_is_over_when_a_silence_ends_is_told_as_over_and_nothing_else(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.deliver_all()
    silence(desk)
    desk.record(alert("a2", at=30, severity=Severity.HIGH))
    desk.deliver_all()
    desk.record(resolve(at=60))
    desk.deliver_all()
    replies = [call.text for call in desk.slack.calls if call.thread_ts]
    assert [text.startswith("✅ Resolved") for text in replies] == [True]
    assert desk.telemetry.counts["NoticesHeld:overtaken"] == 1


def test_a_rise_whose_end_was_told_under_a_silence_is_told_when_it_is_back(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.deliver_all()
    silence(desk)
    desk.record(alert("a2", at=30, severity=Severity.HIGH))
    desk.deliver_all()
    desk.record(resolve(at=60))
    desk.deliver_all()
    desk.record(alert("a3", at=90, severity=Severity.HIGH))
    desk.deliver_all()
    assert not any(call.broadcast for call in desk.slack.calls)
    desk.later(minutes=40)
    desk.tick(1)
    last = desk.slack.calls[-1]
    assert last.text.startswith("🔁 Fired again (🟠 HIGH)")
    assert last.broadcast
    desk.record(resolve("r2", at=2500))
    desk.record(alert("a4", at=2530, severity=Severity.HIGH))
    desk.deliver_all()
    again = desk.slack.calls[-1]
    assert again.text.startswith("🔁 Fired again (🟠 HIGH)")
    assert not again.broadcast


def test_a_silence_that_begins_while_nothing_is_heard_is_seen_by_the_tick(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.deliver_all()
    silence(desk)
    desk.later(minutes=1)
    desk.tick()
    assert incident(desk).silence is not None
    assert desk.slack.methods() == ["post", "update"]


def test_an_operator_ends_a_silence_early(desk: Desk) -> None:
    held = silence(desk, minutes=600)
    desk.record(alert("a1"))
    desk.deliver_all()
    assert silences.expire(desk.store, held.id, desk.now()) is not None
    for _ in range(3):
        desk.tick()
    assert desk.slack.methods()[0] == "post"
    assert silences.expire(desk.store, held.id, desk.now()) is None
    assert silences.expire(desk.store, "unknown", desk.now()) is None


@pytest.mark.parametrize("letter", ["y", "停"])
def test_thousands_fit_and_old_ones_make_room(desk: Desk, letter: str) -> None:
    """In items that DynamoDB takes, which counts bytes."""

    def named(name: str, start: datetime) -> Silence:
        title = letter * (900 // len(letter.encode()))
        return Silence(
            id=name,
            matchers=(Matcher.parse("service=" + "x" * 900), Matcher.parse(f"title={title}")),
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            comment="room",
        )

    for number in range(400):
        silences.add(desk.store, named(f"s{number}", desk.now()), desk.now())
    assert len({one.id for one in silences.load(desk.store)}) == 400
    manifest = items.load(desk.store, items.state_item(silences.SILENCES.name), chunks.Manifest)
    assert manifest is not None
    assert 2 <= manifest.chunks <= 5
    written = [data for key, (_, data) in desk.store.items.items() if "silences#" in key.id]
    assert len(written) == manifest.chunks
    for data in written:
        assert len(json.dumps(data, ensure_ascii=False, default=str).encode()) < 350_000
    desk.later(days=10)
    silences.add(desk.store, named("new", desk.now()), desk.now())
    assert len(silences.load(desk.store)) < 400


def test_another_one_can_be_added_beside_one_that_ends_with_the_calendar(desk: Desk) -> None:
    first = silence(desk, name="first")
    last = first.model_copy(update={"id": "last", "ends_at": datetime.max.replace(tzinfo=UTC)})
    silences.add(desk.store, last, desk.now())
    silence(desk, name="another")
    assert {"last", "another"} < {one.id for one in silences.load(desk.store)}


def test_of_two_who_add_at_once_both_stand(desk: Desk) -> None:
    def other() -> None:
        silence(desk, name="theirs")

    desk.store.meanwhile = other
    silence(desk, name="mine")
    assert {one.id for one in silences.load(desk.store)} == {"mine", "theirs"}


class Broken:
    """A store that cannot be read."""

    def read(self, keys: object) -> dict[Key, Record]:
        raise Retryable(Reason.UNAVAILABLE, "throttled")


def test_a_table_that_does_not_answer_keeps_no_alert_from_people(desk: Desk) -> None:
    broken = CurrentHolds(Broken(), desk.telemetry, desk.now)  # type: ignore[arg-type]
    desk.recorder = replace(desk.recorder, holds=broken)
    desk.record(alert("a1"))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]


def shown(desk: Desk) -> str:
    """What the card says."""
    return str(face.render(incident(desk), desk.now()).blocks)

"""The heartbeat of the whole way to a card; the heartbeat function's part.

A heartbeat is an alert of our own, sent through the front door as a tool sends one. Each run says
what became of the one before it, by its card, and sends the next:

    look where the last one came ──▶ take its place (intent) ──▶ count ──▶ POST ──▶ note a refusal
                                 (1)                         (2)       (3)      (4)

The alert's id follows from its body, so that the intent has it. Killed at (1): nothing happened.
Killed at (2): a heartbeat was not counted, and the next one was not sent. Killed at (3): it was not
sent, and counts as missed, which it is. Killed at (4): what was accepted is found by its id; what
was refused counts as not recorded. A second run at the same time: one of them takes the place, the
other one ends. One missed heartbeat is no alarm; none within a quarter of an hour is.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.card import Card
from responder.clock import Clock
from responder.errors import Conflict, Reason, ResponderError
from responder.incident import AlertRecord, Incident
from responder.intake import parse
from responder.ports import FrontDoor, Store, Telemetry
from responder.protocols import items
from responder.protocols.heartbeat import FRONT_DOOR, Beat

#: A card takes seconds; until then its absence proves nothing.
PATIENCE = timedelta(minutes=1)
CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class Verdict:
    """How far a heartbeat came: to its card, or as far as ``reason`` says."""

    arrived_at: datetime | None = None
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Pulse:
    """The heartbeat of the front door, with its ports."""

    store: Store
    door: FrontDoor
    telemetry: Telemetry
    now: Clock

    def beat(self) -> None:
        """One run: judge the last heartbeat, send the next one."""
        now, key = self.now(), items.state_item(FRONT_DOOR)
        last = items.seen(self.store.read([key])[key], Beat)
        verdict = self._judged(last.value, now) if last.value else None
        if last.value and verdict is None:
            self.telemetry.info("The last heartbeat is still on its way")
            return
        body = write(now)
        (alert,) = parse(body, {"content-type": CONTENT_TYPE}, received_at=now)
        beat = _following(last.value, verdict, Beat(sent_at=now, alert_id=alert.alert_id))
        try:
            self.store.write([items.write_of(key, beat, last.version, now)])
        except Conflict:
            self.telemetry.info("Another run sends the heartbeat")
            return
        if verdict is not None:
            self._count(verdict, beat)
        self._send(body, beat)

    def _judged(self, last: Beat, now: datetime) -> Verdict | None:
        """What became of the last heartbeat; None while that cannot be said.

        What another release wrote and this one cannot read is no reason to send no more.
        """
        key = items.alert_key(last.alert_id)
        stored = self.store.read([key])[key]
        record, recorded = items.decode_if_readable(stored, AlertRecord), stored.data is not None
        if record is None or not record.incident_id:
            return judge(last, None, None, now, recorded=recorded)
        incident, card = (
            items.incident_item(record.incident_id),
            items.card_item(record.incident_id),
        )
        found = self.store.read([incident, card])
        return judge(
            last,
            items.decode_if_readable(found[incident], Incident),
            items.decode_if_readable(found[card], Card),
            now,
            recorded=True,
        )

    def _count(self, verdict: Verdict, beat: Beat) -> None:
        if verdict.arrived_at is not None:
            self.telemetry.count("HeartbeatArrived")
            if verdict.seconds is not None:
                self.telemetry.seconds("HeartbeatSeconds", verdict.seconds)
            return
        self.telemetry.count("HeartbeatMissed", reason=verdict.reason)
        self.telemetry.warning(
            "Heartbeat missed", reason=verdict.reason, missed=beat.missed, since=beat.arrived_at
        )

    def _send(self, body: bytes, beat: Beat) -> None:
        """A refusal is noted for the next run to judge: it may have been taken all the same."""
        try:
            self.door.send(body)
        except ResponderError as error:
            said = str(error)
            self.telemetry.warning("Heartbeat not accepted", detail=said)
            items.change(
                self.store,
                items.state_item(FRONT_DOOR),
                Beat,
                lambda found: _refused(found, beat.alert_id, said),
                self.now(),
            )


def write(now: datetime) -> bytes:
    """The body of a heartbeat: always the same problem, which fires again now."""
    return json.dumps(
        {
            "source": SYNTHETIC_SOURCE,
            "fingerprint": "heartbeat",
            "title": "Heartbeat of the incident responder",
            "message": "Sent by itself every few minutes to see that cards come; nothing is wrong.",
            "severity": Severity.INFO.value,
            "service": "incident-responder",
            "timestamp": now.isoformat(),
        }
    ).encode()


def judge(
    last: Beat,
    incident: Incident | None,
    card: Card | None,
    now: datetime,
    *,
    recorded: bool,
) -> Verdict | None:
    """How far a heartbeat came, by what it left behind; None while it may still be on its way."""
    if card is not None and card.dead_lettered and card.waits_for == Reason.NO_TEST_CHANNEL.value:
        return Verdict(arrived_at=now, reason=card.waits_for)
    shown_at = card.shown_at if card and incident and card.shown >= incident.revision else None
    if shown_at is not None and shown_at >= last.sent_at:
        return Verdict(arrived_at=shown_at, seconds=(shown_at - last.sent_at).total_seconds())
    if now - last.sent_at < PATIENCE:
        return None
    if recorded:
        return Verdict(reason=Reason.NOT_SHOWN.value)
    return Verdict(reason=(Reason.NOT_ACCEPTED if last.trouble else Reason.NOT_RECORDED).value)


def _following(last: Beat | None, verdict: Verdict | None, beat: Beat) -> Beat:
    """The next heartbeat, which knows what became of those before it."""
    if last is None or verdict is None:
        return beat
    arrived = verdict.arrived_at is not None
    return beat.model_copy(
        update={
            "arrived_at": verdict.arrived_at or last.arrived_at,
            "seconds": verdict.seconds if arrived else last.seconds,
            "missed": 0 if arrived else last.missed + 1,
            "reason": verdict.reason,
        }
    )


def _refused(beat: Beat | None, alert_id: str, trouble: str) -> Beat | None:
    """The heartbeat with its trouble, unless it is another one's turn by now."""
    if beat is None or beat.alert_id != alert_id:
        return None
    return beat.model_copy(update={"trouble": trouble})

"""Operators hear on another way what Slack does not show: at once, then once an hour and cause.

    report ──▶ take the window ──▶ tell a sink ──▶ record it ──▶ … ──▶ close the window
          (1)                  (2)             (3)          (4)

The report is an announcement with a trouble, so that waiting, ageing and dead letters are those of
every other message. The window is an item of the state table: its owner tells; who comes within the
hour is told with the next notice, unless Slack shows it by then. Killed at (1), (2) or (4): the
redelivered report finds itself the owner and goes on. Killed at (3): the sink is told twice, under
one id. A report that was sent twice finds its incident told.

What is CRITICAL as it is reported shares no window: each such incident is told by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Severity
from responder.card import Card
from responder.clock import Clock
from responder.contracts import Announcement, Trouble
from responder.delivery import operator_notice, plain
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.incident import Incident
from responder.ports import Key, OperatorNotice, Outgoing, Queues, Sink, Store, Telemetry
from responder.protocols import announcing, card_waits, items, waiting

#: One notice per cause within this long.
WINDOW = timedelta(hours=1)
#: A sink is waited for this long; then the report goes to the dead-letter queue.
PATIENCE = timedelta(hours=12)
#: Incidents that the next notice tells as well; with as many, it says "at least".
MAX_OTHERS = 100
#: Waits have two causes for operators: a secret that a person must set, and all the rest.
_A_PERSONS_TURN = frozenset({Reason.SECRET_MISSING, Reason.MISCONFIGURED})
UNREACHABLE = "slack_unreachable"


class Window(BaseModel):
    """Who tells of a cause until ``until``, and what the next notice will tell.

    ``owner`` is the report that tells, of ``incident_id``; ``told`` names the sinks that took it,
    ``also`` the incidents that it tells as well. ``carrier`` is the report that waits for the next
    window, ``others`` are the incidents that it will tell as well.
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    incident_id: str
    until: Moment
    told: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    carrier: str = ""
    others: tuple[str, ...] = ()

    def tells(self, incident_id: str) -> bool:
        """Whether its own notice tells of an incident."""
        return incident_id == self.incident_id or incident_id in self.also


def join(window: Window | None, me: str, incident_id: str, now: datetime) -> Window:
    """The window after the report ``me`` of ``incident_id`` has come."""
    if window is not None and me == window.owner:
        return window
    if window is None or now >= window.until:
        return Window(
            owner=me,
            incident_id=incident_id,
            # An owner that is killed for good must not keep the cause for ever.
            until=now + PATIENCE + WINDOW,
            also=tuple(one for one in _waiting(window) if one != incident_id),
        )
    if window.tells(incident_id) or me == window.carrier:
        return window
    if not window.carrier:
        return window.model_copy(update={"carrier": me})
    known = incident_id in window.others or _incident_of(window.carrier) == incident_id
    if known or len(window.others) >= MAX_OTHERS:
        return window
    return window.model_copy(update={"others": (*window.others, incident_id)})


def _waiting(window: Window | None) -> tuple[str, ...]:
    """What a window left to the next one: any report may come first, the carrier's or a new one."""
    if window is None:
        return ()
    carried = (_incident_of(window.carrier),) if window.carrier else ()
    return (*carried, *window.others)


def _incident_of(report: str) -> str:
    return report.rpartition("@")[0]


@dataclass(frozen=True)
class Operators:
    """The way to operators with its ports. ``after`` is how long a card may wait untold."""

    store: Store
    queues: Queues
    sinks: Mapping[str, Sink]
    telemetry: Telemetry
    now: Clock
    stack: str
    after: timedelta

    def report(self, announcement: Announcement, incident: Incident, error: ResponderError) -> None:
        """Send the trouble of an announcement on its way; test alerts are nobody's trouble."""
        if incident.synthetic:
            return
        now = self.now()
        gave_up = isinstance(error, Permanent)
        passing = not gave_up and error.reason not in _A_PERSONS_TURN
        trouble = Trouble(
            cause=UNREACHABLE if passing else error.reason.value,
            detail=plain.line(error.detail) or error.reason.value,
            at=now,
            gave_up=gave_up,
            alone=incident.severity is Severity.CRITICAL,
        )
        report = Announcement(
            incident_id=incident.incident_id,
            first_sent=now,
            trouble=trouble,
            trace=announcement.trace or incident.trace,
        )
        self.queues.send(announcing.queue_of(incident), [Outgoing(report.model_dump_json())])
        self._log("Trouble reported", incident, trouble)

    def tell(self, report: Announcement, trouble: Trouble, incident: Incident) -> None:
        """Tell a trouble, or leave it to the next notice. Raises Permanent for the DLQ."""
        now = self.now()
        key = _window_of(incident, trouble)
        me = f"{incident.incident_id}@{trouble.at.isoformat()}"
        window = items.change(
            self.store,
            key,
            Window,
            lambda before: join(before, me, incident.incident_id, now),
            now,
        )
        if window is None or window.owner != me:
            self._leave_to_others(report, trouble, incident, window, me)
            return
        untold = self._untold(trouble, incident, window)
        if untold:
            notice = operator_notice.write(
                self.stack,
                trouble,
                f"{trouble.cause}/{me}",
                untold,
                exact=len(window.also) < MAX_OTHERS,
            )
            self._tell_sinks(report, trouble, incident, key, window, notice)
        else:
            self._close(key, me, now)

    def _leave_to_others(
        self,
        report: Announcement,
        trouble: Trouble,
        incident: Incident,
        window: Window | None,
        me: str,
    ) -> None:
        if window is None or window.tells(incident.incident_id):
            self._held(incident, trouble, Reason.TOLD_ALREADY)
        elif window.carrier != me:
            self._held(incident, trouble, Reason.TOLD_WITH_THE_NEXT)
        else:
            # The window may close earlier than it says now: look again within SQS's longest delay.
            longest = self.now() + timedelta(seconds=waiting.MAX_DELAY_SECONDS)
            self._wait(report, incident, min(window.until, longest), Reason.TOLD_WITH_THE_NEXT)

    def _tell_sinks(
        self,
        report: Announcement,
        trouble: Trouble,
        incident: Incident,
        key: Key,
        window: Window,
        notice: OperatorNotice,
    ) -> None:
        """Every sink that has not been told; one that fails keeps no other from hearing."""
        failed: list[ResponderError] = []
        for name, sink in self.sinks.items():
            if name in window.told:
                continue
            try:
                if not sink.tell(notice):
                    continue
            except (Retryable, Permanent) as error:
                failed.append(error)
                self._log("Sink failed", incident, trouble, sink=name, error=str(error))
                continue
            self._record(key, window.owner, name)
            self.telemetry.count("OperatorNotices", reason=trouble.cause)
        waits = next((error for error in failed if isinstance(error, Retryable)), None)
        now = self.now()
        if waits is not None and now - report.first_sent < PATIENCE:
            until = waiting.next_try(report.first_sent, now, waits.after)
            self._wait(report, incident, until, waits.reason)
            return
        self._close(key, window.owner, now + WINDOW)
        if failed:
            first = failed[0]
            lasting = Reason.TOO_OLD if isinstance(first, Retryable) else first.reason
            given_up = Permanent(lasting, f"operators not told: {first.detail}")
            given_up.card = notice.text
            raise given_up

    def _untold(self, trouble: Trouble, incident: Incident, window: Window) -> list[Incident]:
        """The report's incident and the others, without those that Slack shows by now."""
        wanted: dict[Key, type[BaseModel]] = {}
        for one in (incident.incident_id, *window.also):
            wanted |= {items.incident_item(one): Incident, items.card_item(one): Card}
        found = {key: value for key, (_, value) in items.read_models(self.store, wanted).items()}
        untold = []
        for one in (incident.incident_id, *window.also):
            newest, card = found[items.incident_item(one)], found[items.card_item(one)]
            if not isinstance(newest, Incident):
                continue
            if isinstance(card, Card) and not card_waits.still_reported(card, newest):
                self._held(newest, trouble, Reason.SHOWN_MEANWHILE)
            else:
                untold.append(newest)
        return untold

    def _record(self, key: Key, owner: str, sink: str) -> None:
        def step(window: Window | None) -> Window | None:
            if window is None or window.owner != owner or sink in window.told:
                return None
            return window.model_copy(update={"told": (*window.told, sink)})

        items.change(self.store, key, Window, step, self.now())

    def _close(self, key: Key, owner: str, until: datetime) -> None:
        def step(window: Window | None) -> Window | None:
            if window is None or window.owner != owner:
                return None
            return window.model_copy(update={"until": min(until, window.until)})

        items.change(self.store, key, Window, step, self.now())

    def _wait(
        self, report: Announcement, incident: Incident, until: datetime, reason: Reason
    ) -> None:
        queue = announcing.queue_of(incident)
        waiting.send_copy(self.queues, queue, report, until, self.now(), reason, self.telemetry)

    def _held(self, incident: Incident, trouble: Trouble, reason: Reason) -> None:
        self.telemetry.count("OperatorNoticesHeld", reason=reason.value)
        self._log("Operator notice held", incident, trouble, reason=reason.value)

    def _log(self, message: str, incident: Incident, trouble: Trouble, **fields: object) -> None:
        self.telemetry.warning(
            message,
            incident_id=incident.incident_id,
            cause=trouble.cause,
            detail=trouble.detail,
            **fields,
        )


def _window_of(incident: Incident, trouble: Trouble) -> Key:
    # As it was reported: one that rises meanwhile may carry others, who would never be told.
    is_critical = incident.severity is Severity.CRITICAL
    alone = is_critical if trouble.alone is None else trouble.alone
    whose = f"#{incident.incident_id}" if alone else ""
    return items.state_item(f"operator-notice#{trouble.cause}{whose}")

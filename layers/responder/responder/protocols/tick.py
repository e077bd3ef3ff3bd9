"""The tick, every minute: looks again at incidents whose time has come, and repairs what was lost.

    read due incident, card, entry ──▶ plan ──▶ write incident ──▶ announce, request
                                   (1)     (2)               (3)
Killed at (1) or (2): the incident stays due. Killed at (3): it is due again a minute later. A
second tick, or a worker in between: the conditional write loses and the incident is left to the
winner. It works on a sparse index of due times and never scans.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.clock import Clock
from responder.errors import Conflict
from responder.incident import Incident
from responder.policy import holding
from responder.ports import Queues, Store, Telemetry
from responder.protocols import (
    announcing,
    inhibiting,
    items,
    overdue,
    requesting,
    storm_watch,
    storms,
)
from responder.protocols.budget_watch import no_watch
from responder.protocols.draft import Draft
from responder.protocols.heartbeat import HEARTBEAT, Heartbeat
from responder.protocols.storms import ALL_PASS, Gate

#: Incidents looked at in one tick; the oldest come first and the rest follow a minute later.
BATCH = 2_000
#: A tick takes no more time than this, so that it ends, and says so, before the next one begins.
TIME = timedelta(seconds=45)
#: What nobody shows for this long counts as unshown in the alarm's gauge.
UNSHOWN_ALARM = timedelta(minutes=15)
#: Tries to write a storm, as all who join it stand in the way of its end.
STORM_TRIES = 5


@dataclass(frozen=True)
class Ticker:
    """The tick with its ports. ``quiet_after`` closes incidents of tools that never resolve.

    ``watch`` looks after what is ours: the budgets; ``afterwards`` is what a process does when
    nobody waits for it.
    """

    store: Store
    queues: Queues
    telemetry: Telemetry
    now: Clock
    quiet_after: timedelta
    holds: holding.Current = holding.no_holds
    inhibitions: inhibiting.Current = inhibiting.no_inhibitions
    gate: Gate = ALL_PASS
    watch: Callable[[], None] = no_watch
    afterwards: Callable[[], None] = lambda: None

    def tick(self) -> None:
        """One pass over what is due; always leaves a heartbeat and the gauge of unshown alerts."""
        started = self.now()
        unshown = 0
        self._watch()
        due = self.store.due(started, BATCH)
        for number, incident_id in enumerate(due):
            if self.now() - started >= TIME:
                self.telemetry.count("IncidentsOverdue", len(due) - number)
                break
            unshown += self._guarded(incident_id)
        self.telemetry.count("AlertsUnshown", unshown)
        self.telemetry.seconds("TickDuration", (self.now() - started).total_seconds())
        beat = Heartbeat(at=self.now())
        key = items.state_item(HEARTBEAT)
        items.change(self.store, key, Heartbeat, lambda _: beat, self.now())
        self.afterwards()

    def _watch(self) -> None:
        """Trouble with what is ours must not keep the tick from the incidents of others."""
        try:
            self.watch()
        except Exception as error:
            self.telemetry.count("FailedItems")
            self.telemetry.warning("Watch failed", error=repr(error))

    def _guarded(self, incident_id: str) -> int:
        """One incident's trouble is counted and must not keep the tick from the others."""
        try:
            return self._look_again(incident_id)
        except Exception as error:
            self.telemetry.count("FailedItems")
            self.telemetry.warning("Tick failed", incident_id=incident_id, error=repr(error))
            return 0

    def _look_again(self, incident_id: str, tries: int = STORM_TRIES) -> int:
        now = self.now()
        key, card_key = items.incident_item(incident_id), items.card_item(incident_id)
        records = self.store.read([key, card_key])
        incident = items.decode(records[key], Incident)
        if incident is None or incident.due_at is None or incident.due_at > now:
            return 0
        before, card = incident, items.decode(records[card_key], Card)
        entry = items.load(self.store, items.cache_item(incident.cache_key), CacheEntry)
        holds, inhibitions = self.holds(), self.inhibitions()
        incident, beside = storm_watch.look_again(self.store, incident, now, holds)
        lists = Draft.of_others(self.store)
        checks = (*holds, inhibiting.check(inhibitions, lists))

        def admit(let_go: Incident) -> Incident:
            return self.gate.admit(lists, let_go, now)

        plan = overdue.look_again(incident, card, entry, now, self.quiet_after, checks, admit)
        begun = _begun(lists, now)
        incident = inhibiting.listed(inhibitions, lists, plan.incident)
        written = items.write_of(key, incident, records[key].version, now)
        try:
            storms.tell_of_unmuted(lists, before, incident)
            self.store.write([written, *beside, *lists.writes(now)])
        except Conflict:
            if incident.storm is not None and tries > 1:
                return self._look_again(incident_id, tries - 1)
            self.telemetry.info("Incident changed meanwhile", incident_id=incident_id)
            return 0
        for one in begun:
            storms.report(one, self.telemetry)
            announcing.send(self.queues, one, now)
        if plan.announce:
            since = plan.announced_since
            announcing.send(self.queues, plan.incident, now, since=since)
        if plan.request:
            requesting.send(self.queues, plan.incident, now, since=plan.requested_since)
        return _unshown(plan.incident, now)


def _unshown(incident: Incident, now: datetime) -> int:
    """How many alerts nobody is shown; of a storm, how many incidents, which count none here."""
    since = None if incident.synthetic else incident.unshown_since
    if since is None or now - since < UNSHOWN_ALARM:
        return 0
    return incident.count if incident.storm is None else max(incident.storm.incidents, 1)


def _begun(draft: Draft, now: datetime) -> list[Incident]:
    """The storm that began as too many were let go at once, ready to be written and told."""
    opened = [
        one.model_copy(update={"revision": one.revision + 1, "due_at": now + storms.SETTLES})
        for one in draft.changed_incidents()
    ]
    for one in opened:
        draft.put_incident(one)
    return opened

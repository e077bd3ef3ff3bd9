"""The tick, every minute: looks again at incidents whose time has come, and repairs what was lost.

    read due incident, card, entry ──▶ plan ──▶ write incident ──▶ announce, request
                                   (1)     (2)               (3)
Killed at (1) or (2): the incident stays due. Killed at (3): it is due again a minute later. A
second tick, or a worker in between: the conditional write loses and the incident is left to the
winner. It works on a sparse index of due times and never scans.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.clock import Clock
from responder.errors import Conflict, Reason
from responder.incident import Incident, IncidentState, NoticeKind
from responder.policy import flapping, holding, quiet, reminding
from responder.ports import Queues, Store, Telemetry
from responder.protocols import (
    announcing,
    details,
    inhibiting,
    items,
    lease,
    requesting,
    storm_watch,
    storms,
)
from responder.protocols.budget_watch import no_watch
from responder.protocols.draft import Draft
from responder.protocols.episode import noticed
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
#: The tick leaves a deliberate wait alone until this long after its end.
GRACE = timedelta(seconds=60)
#: A dead-lettered card waits for an operator; it is only looked at, for the gauge.
DEAD_LETTER_PACE = timedelta(minutes=1)
#: An open incident whose analysis was given up is offered to Claude again this often.
TRY_CLAUDE_AGAIN = timedelta(minutes=15)
#: Reasons to fall back that pass by themselves, or by an operator's hand.
PASSING = frozenset(
    {
        Reason.RATE_LIMITED.value,
        Reason.UNAVAILABLE.value,
        Reason.TIMEOUT.value,
        Reason.BREAKER_OPEN.value,
        Reason.NO_KEY.value,
        Reason.SECRET_MISSING.value,
        Reason.MISCONFIGURED.value,
        Reason.BUDGET_SPENT.value,
        Reason.ANALYSIS_OFF.value,
    }
)


@dataclass(frozen=True)
class Plan:
    """What the tick does with one incident. ``since`` keeps the age of an earlier message."""

    incident: Incident
    announce: bool = False
    announced_since: datetime | None = None
    request: bool = False
    requested_since: datetime | None = None


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
        card = items.decode(records[card_key], Card)
        entry = items.load(self.store, items.cache_item(incident.cache_key), CacheEntry)
        holds, inhibitions = self.holds(), self.inhibitions()
        incident, beside = storm_watch.look_again(self.store, incident, now, holds)
        lists = Draft.of_others(self.store)
        checks = (*holds, inhibiting.check(inhibitions, lists))

        def admit(let_go: Incident) -> Incident:
            return self.gate.admit(lists, let_go, now)

        plan = look_again(incident, card, entry, now, self.quiet_after, checks, admit)
        begun = _begun(lists, now)
        incident = inhibiting.listed(inhibitions, lists, plan.incident)
        written = items.write_of(key, incident, records[key].version, now)
        try:
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


def _let_in(incident: Incident) -> Incident:
    return incident


def look_again(
    incident: Incident,
    card: Card | None,
    entry: CacheEntry | None,
    now: datetime,
    quiet_after: timedelta,
    checks: holding.Checks = (),
    admit: Callable[[Incident], Incident] = _let_in,
) -> Plan:
    """What is overdue for one incident, and when to look again.

    ``admit`` is asked before one that was held has its first card.
    """
    plan = _hold(Plan(incident), card, checks, now, admit)
    plan = _settle(plan, now)
    plan = _close(plan, now, quiet_after)
    plan = _remind(plan, now)
    plan = _show(plan, card, now)
    plan = _analyse(plan, entry, now)
    return _schedule(plan, card, now, quiet_after)


def _unshown(incident: Incident, now: datetime) -> int:
    since = None if incident.synthetic else incident.unshown_since
    return incident.count if since is not None and now - since >= UNSHOWN_ALARM else 0


def _with(plan: Plan, update: Mapping[str, object], **flags: Any) -> Plan:  # noqa: ANN401 - fields of Plan
    return replace(plan, incident=plan.incident.model_copy(update=update), **flags)


def _begun(draft: Draft, now: datetime) -> list[Incident]:
    """The storm that began as too many were let go at once, ready to be written and told."""
    opened = [
        one.model_copy(update={"revision": one.revision + 1, "due_at": now + storms.SETTLES})
        for one in draft.changed_incidents()
    ]
    for one in opened:
        draft.put_incident(one)
    return opened


def _hold(
    plan: Plan,
    card: Card | None,
    checks: holding.Checks,
    now: datetime,
    admit: Callable[[Incident], Incident],
) -> Plan:
    """A hold begins or ends while nothing is heard of an incident; what it held is shown."""
    before, reviewed = plan.incident, holding.review(plan.incident, checks, now)
    if before.held and not reviewed.held:
        reviewed = admit(reviewed)
    if reviewed == before:
        return plan
    update: dict[str, object] = {"revision": before.revision + 1}
    if _is_news(before, reviewed, card):
        update["told_from"] = now
    return _with(replace(plan, incident=reviewed), update, announce=True)


def _is_news(before: Incident, reviewed: Incident, card: Card | None) -> bool:
    """Whether people are told now, as a hold ended: by the first card, or of what it kept back."""
    untold = card is not None and card.told < reviewed.last_notice
    ended = before.silence is not None and reviewed.silence is None
    return (bool(before.held) and not reviewed.held) or (ended and untold)


def _settle(plan: Plan, now: datetime) -> Plan:
    """A flapping incident that has settled is told of as any other again, its end included."""
    at = flapping.settles_at(plan.incident)
    if at is None or now < at:
        return plan
    calm = flapping.settled(plan.incident)
    if calm.state is IncidentState.RESOLVED:
        # Nobody was told of this end while it flapped.
        calm = noticed(calm, NoticeKind.RESOLVED, calm.resolved_at or now)
    calm = calm.model_copy(update={"revision": calm.revision + 1})
    return replace(plan, incident=calm, announce=True)


def _close(plan: Plan, now: datetime, quiet_after: timedelta) -> Plan:
    incident = plan.incident
    # A storm ends with its list alone (``storms``).
    if incident.state is not IncidentState.OPEN or incident.storm is not None:
        return plan
    if now < quiet.closes_at(incident, quiet_after):
        return plan
    closed: dict[str, object] = {
        "state": IncidentState.CLOSED,
        "resolved_at": now,
        "revision": incident.revision + 1,
    }
    return _with(plan, closed, announce=True)


def _remind(plan: Plan, now: datetime) -> Plan:
    """Tell again of what still fires."""
    at = reminding.due_at(plan.incident)
    if at is None or now < at:
        return plan
    reminded = noticed(plan.incident, NoticeKind.STILL_FIRING, now)
    return replace(plan, incident=reminded, announce=True)


def _show(plan: Plan, card: Card | None, now: datetime) -> Plan:
    """Announce again what Slack should show by now, unless somebody deliberately waits."""
    incident = plan.incident
    if incident.held:
        return _with(plan, {"unshown_since": None}, announce=False)
    if card is not None and _shows(card, incident):
        lacks = details.missing(card, incident) and not _waiting(card.details.next_try, now)
        return _with(plan, {"unshown_since": None}, announce=plan.announce or lacks)
    since = incident.unshown_since or now
    if card is not None and card.shown_at is not None:
        since = max(since, card.shown_at)
    late = {"unshown_since": since}
    if card is not None and (card.dead_lettered or _waiting(card.next_try, now)):
        return _with(plan, late)
    first_sent = card.first_sent if card else None
    return _with(plan, late, announce=True, announced_since=first_sent)


def _shows(card: Card, incident: Incident) -> bool:
    return card.shown >= incident.revision and card.told >= incident.last_notice


def _waiting(next_try: datetime | None, now: datetime) -> bool:
    return next_try is not None and now < next_try + GRACE


def _analyse(plan: Plan, entry: CacheEntry | None, now: datetime) -> Plan:
    """Ask again for an analysis that is awaited for too long, or was given up in an outage."""
    incident = plan.incident
    asked = incident.analysis_requested_at or incident.opened_at
    busy = lease.held_by_other(entry, "", now) or (
        entry is not None and _waiting(entry.next_try, now)
    )
    patience = _patience(incident)
    if busy or patience is None or now - asked < patience:
        return plan
    if incident.disputed and _hopeless(entry):
        return plan
    since = entry.first_sent if entry else None
    awaited = incident.analysis.is_fallback and not incident.analysis.fallback_reason
    return _with(
        plan,
        {"analysis_requested_at": now},
        request=True,
        requested_since=(since or incident.opened_at) if awaited else None,
    )


def _patience(incident: Incident) -> timedelta | None:
    """How long after the last request the tick asks again; None where it has no reason to."""
    analysis = incident.analysis
    if incident.state is not IncidentState.OPEN or incident.held:
        return None
    if incident.disputed and incident.feedback is not None:
        asked = incident.analysis_requested_at
        first = asked is None or asked <= incident.feedback.at
        return GRACE if first else TRY_CLAUDE_AGAIN
    if not analysis.is_fallback:
        return None
    if not analysis.fallback_reason:
        first = incident.storm is not None and incident.analysis_requested_at is None
        return storms.SETTLES if first else GRACE
    return TRY_CLAUDE_AGAIN if analysis.fallback_reason in PASSING else None


def _hopeless(entry: CacheEntry | None) -> bool:
    """Whether Claude was given up for a reason that does not pass by itself."""
    reason = entry.analysis.fallback_reason if entry and entry.analysis else ""
    return bool(reason) and reason not in PASSING


def _schedule(plan: Plan, card: Card | None, now: datetime, quiet_after: timedelta) -> Plan:
    """The next time something may be overdue; None when nothing can be."""
    incident = plan.incident
    times = []
    if incident.unshown_since is not None:
        waits = card.next_try + GRACE if card and card.next_try else now + GRACE
        times.append(max(min(waits, now + DEAD_LETTER_PACE), now + GRACE / 2))
    if incident.silence is not None:
        times.append(now)
    times += filter(
        None,
        (
            flapping.settles_at(incident),
            reminding.due_at(incident),
            storm_watch.next_look(incident, now),
        ),
    )
    if card is not None and details.missing(card, incident):
        times.append(max(card.details.next_try or now, now) + GRACE)
    if incident.state is IncidentState.OPEN:
        times.append(quiet.closes_at(incident, quiet_after))
        patience = _patience(incident)
        if patience is not None:
            asked = incident.analysis_requested_at or incident.opened_at
            times.append(max(asked + patience, now + GRACE / 2))
    return _with(plan, {"due_at": min(times, default=None)})

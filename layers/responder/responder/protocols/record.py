"""Record, pointer and count change together: what a processing queue's lane does with a batch.

    read draft ──▶ fold in event order ──▶ one transaction per group ──▶ announce, request
              (1)                      (2)                          (3)                (4)

Killed at (1) or (2): nothing happened, SQS delivers again. Killed at (3) before the transaction:
the same. Killed after it, or at (4): the redelivered alert is found recorded, is not counted
again, and its incident is announced again (and its analysis asked for again while it is awaited).
A second worker with the same or a related alert: one transaction wins, the other reads again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.alert import Alert, Severity, Status
from responder.analysis import freshness
from responder.analysis.context import Retrieved
from responder.analysis.freshness import Makers, News
from responder.clock import Clock
from responder.contracts import AlertMessage
from responder.errors import Reason
from responder.incident import Incident, IncidentState
from responder.policy import holding
from responder.policy.route import why
from responder.policy.routes import Routes, no_routes, routed
from responder.ports import Queues, Store, Telemetry, Write
from responder.protocols import (
    announcing,
    changes,
    inhibiting,
    items,
    requesting,
    revising,
    runbooks,
    storms,
)
from responder.protocols.draft import Draft
from responder.protocols.episode import Arrival, Outcome, apply
from responder.protocols.opening import first_of, open_incident
from responder.protocols.storms import ALL_PASS, Gate


@dataclass(frozen=True)
class Recorder:
    """The processing lane with its ports. ``arrive`` gives an alert its identities."""

    store: Store
    queues: Queues
    telemetry: Telemetry
    now: Clock
    arrive: Callable[[Alert, str], Arrival]
    makers: Makers
    holds: holding.Current = holding.no_holds
    gate: Gate = ALL_PASS
    inhibitions: inhibiting.Current = inhibiting.no_inhibitions
    routes: Callable[[], Routes] = no_routes
    runbooks: Callable[[Alert], Retrieved | None] = runbooks.none_known

    def arrived(self, message: AlertMessage) -> Arrival:
        """An alert with its identities: what groups it also records it."""
        return self.arrive(message.alert, message.trace)

    def record(self, group: Iterable[Arrival]) -> None:
        """Record one group of related alerts and announce what changed."""
        arrivals = sorted(group, key=lambda arrival: arrival.order)
        draft, outcomes = items.settle(lambda: self._attempt(arrivals))
        for outcome in outcomes:
            self._report(draft, outcome)
        self._announce(draft, outcomes)

    def groups(self, arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
        """Alerts that share a fingerprint or an incident key, directly or by a chain.

        Each group is one transaction. Groups share no item that decides anything but lists of
        causes: those with a CRITICAL alert come first, then what may mute others.
        """
        inhibitions = self.inhibitions()
        groups: list[tuple[set[str], list[Arrival]]] = []
        for arrival in arrivals:
            names = {
                f"key:{arrival.incident_key}",
                f"fingerprint:{arrival.alert.source}:{arrival.alert.fingerprint}",
            }
            members = [arrival]
            apart = []
            for other_names, others in groups:
                if names & other_names:
                    names |= other_names
                    members = others + members
                else:
                    apart.append((other_names, others))
            groups = [*apart, (names, members)]

        def waits_longer(group: list[Arrival]) -> tuple[bool, bool]:
            alerts = [arrival.alert for arrival in group]
            critical = any(alert.severity is Severity.CRITICAL for alert in alerts)
            return not critical, not any(map(inhibitions.may_mute, alerts))

        return sorted((members for _, members in groups), key=waits_longer)

    def _attempt(self, arrivals: Sequence[Arrival]) -> tuple[Draft, list[Outcome]]:
        now = self.now()
        holds, inhibitions, routes = self.holds(), self.inhibitions(), self.routes()
        outcomes: list[Outcome] = []

        def review(draft: Draft, incident: Incident) -> Incident:
            before = draft.before(incident.incident_id)
            checks = (*holds, inhibiting.check(inhibitions, draft))
            sent = routed(incident, before, routes)
            joined = (
                one.arrival.alert
                for one in outcomes
                if one.incident_id == incident.incident_id and _fires_in(draft, one)
            )
            return holding.review(sent, checks, now, opening=before is None, joined=joined)

        def opener(arrival: Arrival, episode: int, draft: Draft) -> Incident:
            news = self._news(arrival, draft, now)
            opened = open_incident(arrival, episode, draft, self.makers, now, news)
            return review(draft, opened)

        draft = Draft.of(self.store, arrivals, opener)
        outcomes += [apply(draft, arrival, now) for arrival in arrivals]
        for incident in draft.changed_incidents():
            draft.put_incident(inhibiting.listed(inhibitions, draft, incident))
        for incident in draft.changed_incidents():
            draft.put_incident(self.gate.review(draft, review(draft, incident), now))
        # A storm may have taken the card from a cause, or given one back.
        for incident in draft.changed_incidents():
            draft.put_incident(inhibiting.listed(inhibitions, draft, incident))
        for incident in draft.changed_incidents():
            draft.put_incident(revising.revised(draft, incident, now))
        commit(self.store, draft.writes(now))
        return draft, outcomes

    def _news(self, arrival: Arrival, draft: Draft, now: datetime) -> News:
        """What a cached analysis may be too old to know."""
        alert, entry = arrival.alert, draft.entry(arrival.cache_key)
        return News(
            deployment=freshness.deployed(first_of(alert.labels)),
            changed_at=changes.latest(entry, alert, draft, self.telemetry, now),
            runbooks=self.runbooks(alert),
        )

    def _announce(self, draft: Draft, outcomes: Sequence[Outcome]) -> None:
        now = self.now()
        again = {outcome.incident_id for outcome in outcomes if outcome.redelivered}
        changed = {incident.incident_id for incident in draft.changed_incidents()}
        for incident_id in sorted((again | changed) - {""}):
            incident = draft.incident(incident_id)
            if incident is None:
                continue
            before = draft.before(incident_id)
            if before is None:
                storms.report(incident, self.telemetry)
                inhibiting.report(self.inhibitions(), incident, self.telemetry)
            if before is not None and _flapped(before, incident):
                self.telemetry.count("NoticesHeld", reason=Reason.FLAPPING.value)
            if before and incident.silence and _ended_quietly(before, incident):
                self.telemetry.count("NoticesHeld", reason=incident.silence.reason)
            delay = 0 if incident_id in again else revising.delay_of(before, incident, now)
            if delay is not None and not incident.held:
                announcing.send(self.queues, incident, now, delay)
            if revising.requests(before, incident, again=incident_id in again, now=now):
                requesting.send(self.queues, incident, now)

    def _report(self, draft: Draft, outcome: Outcome) -> None:
        arrival = outcome.arrival
        incident = draft.incident(outcome.incident_id)
        fields = {
            "alert_id": arrival.alert.alert_id,
            "incident_id": outcome.incident_id,
            "signature": arrival.signature,
            "trace": arrival.trace,
        }
        if outcome.held is not None:
            self.telemetry.count("AlertsHeld", reason=outcome.held.value)
            self.telemetry.info("Alert held", reason=outcome.held.value, **fields)
            return
        self.telemetry.count("AlertsCounted")
        if incident is not None and incident.held:
            self.telemetry.count("AlertsHeld", reason=incident.held)
            fields["held"] = incident.held
        if incident is None or arrival.alert.status is not Status.FIRING:
            self.telemetry.info("Alert counted", **fields)
            return
        found = _cache_metric(incident)
        if incident.first_alert_id == arrival.alert.alert_id:
            self.telemetry.count("IncidentsRouted", reason=why(incident).value)
            if not incident.synthetic:
                self.telemetry.count("IncidentsOpened")
            if not (incident.held or incident.synthetic):
                self.telemetry.count(found)
        elif not incident.analysis.is_fallback:
            # Whatever was found when the incident was opened, this alert needs no analysis more.
            found = "CacheHits"
            self.telemetry.count(found)
        cached = not incident.analysis.is_fallback
        self.telemetry.info(
            "Using cached analysis" if cached else "Alert counted", cache=found, **fields
        )


def commit(store: Store, writes: Sequence[Write]) -> None:
    """Write a draft, all or nothing; this is where count and record become one."""
    if writes:
        store.write(writes)


def _cache_metric(incident: Incident) -> str:
    """What the cache had for an incident when it was opened, as the name of a metric."""
    asked = incident.analysis_requested_at is not None
    if not incident.analysis.is_fallback:
        return "CacheStale" if asked else "CacheHits"
    if incident.analysis.fallback_reason:
        return "CacheGivenUp"
    return "CacheMisses" if asked else "CacheWaiting"


def _flapped(before: Incident, incident: Incident) -> bool:
    """Whether a new beginning or an end went untold, as there were too many of them."""
    untold = incident.last_notice == before.last_notice
    turned = (incident.state, incident.refires) != (before.state, before.refires)
    return incident.flapping and untold and turned


def _fires_in(draft: Draft, outcome: Outcome) -> bool:
    """Whether its alert fires in its incident when all of the group is counted; repeats do, too."""
    alert = outcome.arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        outcome.held in (None, Reason.DUPLICATE)
        and alert.status is Status.FIRING
        and pointer is not None
        and pointer.state is Status.FIRING
        and pointer.incident_id == outcome.incident_id
    )


def _ended_quietly(before: Incident, incident: Incident) -> bool:
    """Whether it was over in a window, so that nobody is told before that ends."""
    told = incident.last_notice == before.last_notice
    return incident.state is not IncidentState.OPEN and not told

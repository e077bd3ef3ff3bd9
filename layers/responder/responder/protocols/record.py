"""Record, pointer and count change together: what the processing queue's lane does with a batch.

    read draft ──▶ fold in event order ──▶ one transaction per group ──▶ announce, request
              (1)                      (2)                          (3)                (4)

Killed at (1) or (2): nothing happened, SQS delivers again. Killed at (3) before the transaction:
the same. Killed after it, or at (4): the redelivered alert is found recorded, is not counted
again, and its incident is announced again (and its analysis asked for again while it is awaited).
A second worker with the same or a related alert: one transaction wins, the other reads again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import ceil

from responder.alert import SYNTHETIC_SOURCE, Alert, Severity, Status
from responder.analysis import fallback, freshness, tiering, trouble
from responder.analysis.context import Retrieved
from responder.analysis.freshness import Makers, News
from responder.analysis.verdict import Analysis
from responder.cache_entry import CacheEntry
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
    lease,
    requesting,
    runbooks,
    storms,
)
from responder.protocols.draft import Draft, episode_id
from responder.protocols.episode import Arrival, Outcome, apply
from responder.protocols.storms import ALL_PASS, Gate

#: The tick looks at a changed incident this long after the change.
LOOK_AGAIN = timedelta(seconds=60)
#: A redelivered alert asks for an awaited analysis again after this long.
REQUEST_AGAIN = timedelta(seconds=15)
#: An alert asks again for another analysis than one that was found wrong after this long.
ASK_ANEW = timedelta(minutes=15)
#: Labels kept on an incident, so that no item grows without bound.
MAX_LABELS = 40


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

        def review(draft: Draft, incident: Incident) -> Incident:
            before = draft.before(incident.incident_id)
            checks = (*holds, inhibiting.check(inhibitions, draft))
            sent = routed(incident, before, routes)
            return holding.review(sent, checks, now, opening=before is None)

        def opener(arrival: Arrival, episode: int, draft: Draft) -> Incident:
            news = self._news(arrival, draft, now)
            opened = open_incident(arrival, episode, draft, self.makers, now, news)
            return self.gate.admit(draft, review(draft, opened), now)

        draft = Draft.of(self.store, arrivals, opener)
        outcomes = [apply(draft, arrival, now) for arrival in arrivals]
        for incident in draft.changed_incidents():
            draft.put_incident(inhibiting.listed(inhibitions, draft, incident))
        for incident in draft.changed_incidents():
            draft.put_incident(self.gate.review(draft, review(draft, incident), now))
        # A storm may have taken the card from a cause, or given one back.
        for incident in draft.changed_incidents():
            draft.put_incident(inhibiting.listed(inhibitions, draft, incident))
        for incident in draft.changed_incidents():
            draft.put_incident(_revised(draft, incident, now))
        commit(self.store, draft.writes(now))
        return draft, outcomes

    def _news(self, arrival: Arrival, draft: Draft, now: datetime) -> News:
        """What a cached analysis may be too old to know."""
        alert, entry = arrival.alert, draft.entry(arrival.cache_key)
        return News(
            deployment=freshness.deployed(_first_of(alert.labels)),
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
            if before is not None and _flapped(before, incident):
                self.telemetry.count("NoticesHeld", reason=Reason.FLAPPING.value)
            if before and incident.silence and _ended_quietly(before, incident):
                self.telemetry.count("NoticesHeld", reason=incident.silence.reason)
            delay = 0 if incident_id in again else _delay(before, incident, now)
            if delay is not None and not incident.held:
                announcing.send(self.queues, incident, now, delay)
            if _requests(before, incident, again=incident_id in again, now=now):
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


def open_incident(
    arrival: Arrival,
    episode: int,
    draft: Draft,
    makers: Makers,
    now: datetime,
    news: News,
) -> Incident:
    """The incident of a first alert, with the cached analysis or, while it is awaited, the triage.

    An analysis that somebody already works on is waited for; any other that is missing or stale
    is asked for. Our own checks have the triage: a heartbeat must cost nothing.
    """
    alert = arrival.alert
    incident_id = episode_id(arrival.incident_key, episode)
    if alert.source == SYNTHETIC_SOURCE:
        analysis = fallback.triage(alert, reason=Reason.OWN_INCIDENT.value, now=now)
        return _opened(arrival, incident_id, episode, now, analysis=analysis)
    entry = draft.entry(arrival.cache_key)
    cached = entry.analysis if entry else None
    deserved = tiering.tier_for(alert.severity, cached)
    look = lease.glance(entry, deserved, makers, now, incident_id, news)
    passages = news.runbooks.passages if news.runbooks else ()
    joined = lease.wait(entry, incident_id, now) if look.due and entry else None
    about_claude = trouble.of(alert)
    analysis = look.analysis or fallback.triage(
        alert, reason=look.unavailable, now=now, runbooks=passages
    )
    if about_claude is not None:
        analysis = trouble.triage(alert, about_claude, now)
    asks = look.due and joined is None and about_claude is None
    if joined is not None:
        draft.put_entry(joined)
    return _opened(
        arrival,
        incident_id,
        episode,
        now,
        analysis=analysis,
        from_cache=look.analysis is not None,
        asks=asks,
    )


def _opened(
    arrival: Arrival,
    incident_id: str,
    episode: int,
    now: datetime,
    *,
    analysis: Analysis,
    from_cache: bool = False,
    asks: bool = False,
) -> Incident:
    """The incident of a first alert with this analysis; ``asks`` for one of Claude."""
    alert = arrival.alert
    return Incident(
        incident_id=incident_id,
        key=arrival.incident_key,
        episode=episode,
        signature=arrival.signature,
        cache_key=arrival.cache_key,
        rules=arrival.rules,
        explanation=arrival.signed.explanation,
        source=alert.source,
        rule=alert.rule,
        title=alert.title,
        message=alert.message,
        service=alert.service,
        resource=alert.resource,
        scope=alert.scope,
        labels=_first_of(alert.labels),
        links=_first_of(alert.links),
        severity=alert.severity,
        unknown_format=alert.unknown_format,
        synthetic=alert.source == SYNTHETIC_SOURCE,
        first_alert_id=alert.alert_id,
        # A tool's clock that is ahead of ours would let it begin after it was last seen.
        first_seen=min(arrival.event_at, alert.received_at),
        last_seen=alert.received_at,
        opened_at=now,
        first_received_at=alert.received_at,
        revision=0,
        analysis=analysis,
        from_cache=from_cache,
        analysis_requested_at=now if asks else None,
        trace=arrival.trace,
    )


def _first_of(named: Mapping[str, str]) -> dict[str, str]:
    return dict(islice(named.items(), MAX_LABELS))


def _cache_metric(incident: Incident) -> str:
    """What the cache had for an incident when it was opened, as the name of a metric."""
    asked = incident.analysis_requested_at is not None
    if not incident.analysis.is_fallback:
        return "CacheStale" if asked else "CacheHits"
    if incident.analysis.fallback_reason:
        return "CacheGivenUp"
    return "CacheMisses" if asked else "CacheWaiting"


def _revised(draft: Draft, incident: Incident, now: datetime) -> Incident:
    """The changed incident as it is written: next revision, announcement and look-again planned."""
    before = draft.before(incident.incident_id)
    # What holds it may end at any moment: then the next tick shows it.
    patience = storms.SETTLES if incident.storm is not None else LOOK_AGAIN
    look_again = now if incident.silence is not None else now + patience
    update: dict[str, object] = {
        "revision": incident.revision + 1,
        "due_at": min(incident.due_at or look_again, look_again),
    }
    if before is not None and before.held and not incident.held:
        update["told_from"] = now
    if before is not None and (
        _wants_higher_tier(before, incident)
        or _unheld(before, incident)
        or _wants_another(draft.entry(incident.cache_key), incident, now)
    ):
        update["analysis_requested_at"] = now
    revised = incident.model_copy(update=update)
    if _loud(before, incident):
        return announcing.announced_at_once(revised, now)
    return announcing.announced_in_turn(revised, now)


def _loud(before: Incident | None, incident: Incident) -> bool:
    return (
        before is None
        or incident.last_notice != before.last_notice
        or incident.state is not before.state
        or incident.held != before.held
    )


def _delay(before: Incident | None, incident: Incident, now: datetime) -> int | None:
    """How long the planned announcement is delayed; None when another one carries the change."""
    if before is None or _loud(before, incident) or incident.announced_at != before.announced_at:
        return 0
    if incident.trailing_at is not None and incident.trailing_at != before.trailing_at:
        return max(ceil((incident.trailing_at - now).total_seconds()), 0)
    return None


def _wants_higher_tier(before: Incident, incident: Incident) -> bool:
    return (
        not incident.held
        and incident.severity.worse_than(before.severity)
        and tiering.deserves_higher(incident.analysis, incident.severity)
    )


def _wants_another(entry: CacheEntry | None, incident: Incident, now: datetime) -> bool:
    """Whether a person found wrong since what the incident says, which others may share."""
    disputed = entry.disputed_at if entry else None
    if disputed is None or incident.held or incident.state is not IncidentState.OPEN:
        return False
    asked = incident.analysis_requested_at
    answered = incident.analysis.is_fallback or incident.analysis.made_at >= disputed
    return not answered and (asked is None or asked < disputed or now - asked >= ASK_ANEW)


def _flapped(before: Incident, incident: Incident) -> bool:
    """Whether a new beginning or an end went untold, as there were too many of them."""
    untold = incident.last_notice == before.last_notice
    return incident.flapping and untold and incident.state is not before.state


def _ended_quietly(before: Incident, incident: Incident) -> bool:
    """Whether it was over in a window, so that nobody is told before that ends."""
    told = incident.last_notice == before.last_notice
    return incident.state is not IncidentState.OPEN and not told


def _unheld(before: Incident, incident: Incident) -> bool:
    """Whether it has its first card now, and with it wants the analysis that it did without."""
    return bool(before.held) and not incident.held and incident.analysis.is_awaited


def _requests(before: Incident | None, incident: Incident, *, again: bool, now: datetime) -> bool:
    """Whether this draft planned a request, or a redelivered one may have been lost."""
    asked = incident.analysis_requested_at
    if asked is None:
        return False
    if before is None or before.analysis_requested_at != asked:
        return True
    wanted = incident.analysis.is_awaited and incident.state is IncidentState.OPEN
    return again and wanted and now - asked >= REQUEST_AGAIN

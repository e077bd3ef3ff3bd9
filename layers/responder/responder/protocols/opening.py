"""The incident of a first alert: what it knows, and whether its analysis is there or asked for.

``record`` calls it for each alert that opens one, ``scripts/responder explain`` to show it.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from responder.alert import MAX_LABELS, SYNTHETIC_SOURCE
from responder.analysis import fallback, tiering, trouble
from responder.analysis.freshness import Makers, News
from responder.analysis.verdict import Analysis
from responder.errors import Reason
from responder.incident import Incident
from responder.protocols import lease
from responder.protocols.draft import Draft, episode_id
from responder.protocols.episode import Arrival


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
    asker = lease.Asker(incident_id, alert.severity, deserved)
    look = lease.glance(entry, asker, makers, now, news)
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
        labels=first_of(alert.labels),
        links=first_of(alert.links),
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


def first_of(named: Mapping[str, str]) -> dict[str, str]:
    """As many labels or links as an incident keeps."""
    return dict(islice(named.items(), MAX_LABELS))

"""What the tick does with a storm or a throttle: its newest figures, its end, and what fires after.

The timeline is in ``storms``, which lets incidents into it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from responder.alert import Severity
from responder.incident import Destination, Incident, IncidentState, Notice, NoticeKind, Storm
from responder.policy import holding, storm
from responder.policy.storm import Shard, Weather
from responder.ports import Store, Write
from responder.protocols import items, storms
from responder.protocols.tally import noticed

#: While what it held still fires, a storm that is over counts it anew this often.
COUNTS_AGAIN = timedelta(minutes=15)


def look_again(
    store: Store, incident: Incident, now: datetime, checks: holding.Checks = ()
) -> tuple[Incident, list[Write]]:
    """A storm as the tick finds it: its figures, or its end with what must be written beside it.

    One that is over says how many of those listed still fire, as far as no check holds them.
    """
    known = incident.storm
    if known is None:
        return incident, []
    if incident.state is not IncidentState.OPEN:
        return _counted_again(store, incident, known, now, checks), []
    shards = storms.members(store, incident)
    lulled = storm.has_lulled(shards, known, incident.opened_at, now)
    outlasted = storm.has_outlasted(known, incident.opened_at, now)
    if not outlasted and not (lulled and _asked(incident)):
        return _as_known(incident, known, shards, now), []
    # Before the reads that the end depends on, as it takes long and others may join meanwhile.
    waiting, _ = _waiting(store, incident, shards, now, checks)
    keys = storms.shard_items(incident.incident_id)
    weather_key = storms.weather_item(incident.key)
    records = store.read([*keys, weather_key])
    shards = [items.decode(records[key], Shard) or Shard() for key in keys]
    lulled = storm.has_lulled(shards, known, incident.opened_at, now)
    if not outlasted and not lulled:
        return _as_known(incident, known, shards, now), []
    newest = _as_known(incident, known, shards, now)
    weather = items.decode(records[weather_key], Weather) or Weather()
    writes = [
        items.write_of(key, shard.model_copy(update={"sealed": True}), records[key].version, now)
        for key, shard in zip(keys, shards, strict=True)
    ]
    # What it had cards for stays counted: a throttle may end before their hour is over.
    calm = weather.model_copy(update={"storm_id": ""})
    writes.append(items.write_of(weather_key, calm, records[weather_key].version, now))
    figures = {"goes_on": not lulled, "firing": len(waiting), "counted_at": now}
    return _ended(newest, figures, shards, now), writes


def next_look(incident: Incident, now: datetime) -> datetime | None:
    """When a storm is looked at again; None where it is none, or nothing of it fires any more."""
    if incident.storm is None:
        return None
    if incident.state is IncidentState.OPEN:
        return now + storms.SETTLES
    counted = incident.storm.counted_at
    return counted + COUNTS_AGAIN if counted is not None else None


def _counted_again(
    store: Store, incident: Incident, known: Storm, now: datetime, checks: holding.Checks
) -> Incident:
    """What was recorded beside the end is seen now: none that fire are none from here on.

    But for those of which only a silence, a window or a cause keeps people from hearing.
    """
    at = next_look(incident, now)
    if at is None or now < at:
        return incident
    shards = storms.members(store, incident)
    waiting, muted = _waiting(store, incident, shards, now, checks)
    counted_at = now if waiting or muted else None
    newest = known.model_copy(update={"firing": len(waiting), "counted_at": counted_at})
    route = storm.calling(incident.route, waiting)
    changed = (len(waiting), route) != (known.firing, incident.route)
    counted = incident.model_copy(
        update={
            "storm": newest,
            "route": route,
            "revision": incident.revision + (1 if changed else 0),
        }
    )
    severities = (incident.severity, *(one.severity for one in waiting))
    return _told_more(incident, counted, min(severities, key=lambda s: s.rank), now)


def _waiting(
    store: Store, over: Incident, shards: Sequence[Shard], now: datetime, checks: holding.Checks
) -> tuple[list[Incident], int]:
    """A storm's members that still fire and have neither a card nor a later storm's.

    Second: how many more there are that something else holds, too.
    """
    keys = [items.incident_item(one.incident_id) for shard in shards for one in shard.members]
    found = store.read(keys) if keys else {}
    members = (items.decode(record, Incident) for record in found.values())
    waiting = [one for one in members if one is not None and _waits_in(over, one)]
    # The tick does not look at what a storm holds, so a newer silence does not stand there yet.
    told = [one for one in waiting if not _muted(one, checks, now)]
    return told, len(waiting) - len(told)


def _muted(one: Incident, checks: holding.Checks, now: datetime) -> bool:
    return bool(one.silence or holding.review(one, checks, now).silence)


def _waits_in(over: Incident, one: Incident) -> bool:
    held = one.held in storm.KINDS and one.storm_id == over.incident_id
    return held and one.state is IncidentState.OPEN


def _asked(incident: Incident) -> bool:
    """Whether the analysis of the whole was asked for, which comes before the end, or never is."""
    analysis = incident.analysis
    asked = incident.analysis_requested_at is not None
    return asked or not analysis.is_fallback or bool(analysis.fallback_reason)


def _as_known(
    incident: Incident, before: Storm, shards: Sequence[Shard], now: datetime
) -> Incident:
    """The storm with its newest figures; the same value where nothing is new."""
    figures, route = storm.summary(shards, before), storm.addressed(shards, incident.route)
    if (figures, route) == (before, incident.route or Destination()):
        return incident
    severity = min((severity for severity, _ in figures.severities), key=lambda s: s.rank)
    known = incident.model_copy(
        update={
            "storm": figures,
            "message": storm.told(shards),
            "last_seen": max(shard.newest for shard in shards if shard.newest),
            "route": route,
            "revision": incident.revision + 1,
        }
    )
    return _told_more(incident, known, severity, now)


def _told_more(
    before: Incident, storm_now: Incident, severity: Severity, now: datetime
) -> Incident:
    """A notice where it is worse by now, or calls people whom nothing has called: edits do not."""
    if severity.worse_than(before.severity):
        raised = storm_now.model_copy(
            update={"severity": severity, "revision": before.revision + 1}
        )
        change = f"{before.severity} → {severity}"
        return noticed(raised, NoticeKind.SEVERITY_RAISED, now, change)
    called = before.route.mentions if before.route else ()
    others = storm_now.route.mentions if storm_now.route else ()
    if not (newly := tuple(one for one in others if one not in called)):
        return storm_now
    return noticed(storm_now, NoticeKind.STILL_FIRING, now, "It reaches others by now.", newly)


def _ended(
    incident: Incident, figures: Mapping[str, object], shards: Sequence[Shard], now: datetime
) -> Incident:
    listed = sum(len(shard.members) for shard in shards)
    pages = range(1, -(-listed // storm.PAGE) + 1)
    ended = incident.model_copy(
        update={
            "storm": incident.storm.model_copy(update=figures) if incident.storm else None,
            "state": IncidentState.RESOLVED,
            "resolved_at": incident.last_seen,
            "revision": incident.revision + 1,
        }
    )
    ended = noticed(ended, NoticeKind.RESOLVED, now)
    number = ended.last_notice
    notices = [
        Notice(number=number + page, kind=NoticeKind.HELD_PAGE, at=now, detail=str(page))
        for page in pages
    ]
    return ended.model_copy(update={"notices": (*ended.notices, *notices)})

"""How a storm begins, takes incidents in, ebbs and is listed.

    new incident: count it in the weather ──▶ one too many: the storm's incident
                  and, once a storm goes on, add it to a shard instead          (one transaction)
    tick: read weather and shards ──▶ still on: new figures │ ebbed: seal every shard, clear the
                                   (1)  weather, resolve the storm with its pages (one transaction)
    distribution: page n of the sealed shards ──▶ its incidents as they are now ──▶ thread reply

A throttle goes the same way, with another window, per source (``policy.storm.Kind``). What one
that goes on holds is counted nowhere else: a throttled source makes no storm, nor a storm a
throttle.

Whatever an incident's opening looked at is written in the opening's own transaction: two workers
never both begin a storm, and nobody joins one that has ebbed, as its shards are sealed. Killed
before a transaction: nothing happened. Killed at (1), or after it: the storm's incident is due
again at the next tick. Pages are notices of the storm, so the card protocol tells each one once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Scope, Severity
from responder.analysis import fallback
from responder.errors import Conflict, Reason
from responder.incident import (
    Incident,
    IncidentState,
    Notice,
    NoticeKind,
    Storm,
)
from responder.policy import holding, storm
from responder.policy.storm import Kind, Member, Shard, Weather
from responder.ports import Key, Store, Telemetry, Write
from responder.protocols import items
from responder.protocols.draft import Draft, episode_id
from responder.protocols.episode import noticed

#: How long a storm is looked at before Claude is asked what it is; and looked at again.
SETTLES = timedelta(seconds=20)

#: While what it held still fires, a storm that is over counts it anew this often.
COUNTS_AGAIN = timedelta(minutes=15)


@dataclass(frozen=True)
class Gate:
    """Which new incidents have a card; the next ones wait.

    ``most`` a minute do, of one environment, and ``hourly`` an hour of one source; 0: all do.
    """

    most: int
    hourly: int = 0

    def admit(self, draft: Draft, incident: Incident, now: datetime) -> Incident:
        """An incident that is about to have its first card: with it, or held by a storm."""
        if _passes(incident):
            return incident
        counted = self._counted(draft, incident, now)
        for limit, before, _ in counted:
            if before.storm_id:
                return _join(draft, limit.kind, before.storm_id, incident, now)
        for limit, before, weather in counted:
            if weather.breaks(limit.most):
                begun = _begin(limit, weather, incident, now)
                draft.put(limit.weather, _stormy(before, begun))
                draft.put_incident(begun)
                return _join(draft, limit.kind, begun.incident_id, incident, now)
        for limit, _, weather in counted:
            draft.put(limit.weather, weather)
        return incident

    def review(self, draft: Draft, incident: Incident, now: datetime) -> Incident:
        """An incident of which something is heard: released when the storm that held it has ebbed.

        One that nothing else holds any more goes through the gate like a new one, and so does one
        that was over and fires again. One that fires on was listed: it waits for room.
        """
        before = draft.before(incident.incident_id)
        if incident.held not in storm.KINDS:
            let_go = before is not None and before.held and not incident.held
            return self.admit(draft, incident, now) if let_go else incident
        if incident.severity is Severity.CRITICAL:
            return holding.released(incident)
        # By the storm's own key: routes may have changed where the incident would go now.
        key = weather_item(incident.storm_id.rpartition(".")[0])
        if _look_out(draft, key).storm_id == incident.storm_id:
            return incident
        if not _reported(before, incident) or incident.state is not IncidentState.OPEN:
            return incident
        if before is not None and before.state is IncidentState.OPEN:
            return self._let_out(draft, incident, now)
        return self.admit(draft, holding.released(incident), now)

    def _let_out(self, draft: Draft, listed: Incident, now: datetime) -> Incident:
        """One that a storm listed, with a card if there is room: it makes no storm, nor joins one.

        The tools repeat all of them, and the same ones would be listed over and over.
        """
        incident = holding.released(listed)
        if _passes(incident):
            return incident
        counted = self._counted(draft, incident, now)
        if any(before.storm_id or after.breaks(limit.most) for limit, before, after in counted):
            return listed
        for limit, _, after in counted:
            draft.put(limit.weather, after)
        return incident

    def _counted(
        self, draft: Draft, incident: Incident, now: datetime
    ) -> list[tuple["_Limit", Weather, Weather]]:
        """The limits that an incident meets, with their weather before it and after it."""
        found = [(limit, _look_out(draft, limit.weather)) for limit in self._limits(incident)]
        return [
            (limit, before, before.opened(now, limit.most, limit.kind.window))
            for limit, before in found
        ]

    def _limits(self, incident: Incident) -> list["_Limit"]:
        """What goes on first takes what comes: a noisy source must not keep a storm going."""
        throttle, raging = storm.KINDS[Reason.THROTTLE], storm.KINDS[Reason.STORM]
        environment, channel = incident.scope.environment, storm.channel_of(incident)
        limits = [
            _Limit(throttle, storm.source_of(incident), self.hourly),
            _Limit(raging, storm.place_of(incident), self.most, environment),
            _Limit(raging, channel, self.most * storm.WHOLE_CHANNEL),
        ]
        return [limit for limit in limits if limit.most]


@dataclass(frozen=True)
class _Limit:
    """``most`` new incidents of a ``place`` have cards; a storm names its ``environment``."""

    kind: Kind
    place: str
    most: int
    environment: str = ""

    @property
    def key(self) -> str:
        """The incident key of the storms of this place."""
        return storm.key_of(self.place, self.kind)

    @property
    def weather(self) -> Key:
        """Where the weather of this place is kept."""
        return weather_item(self.key)


ALL_PASS = Gate(0)

#: What is counted and said when a storm or a throttle begins.
_BEGUN = {
    Reason.STORM.value: ("Storms", "Storm of alerts"),
    Reason.THROTTLE.value: ("Throttles", "Source throttled"),
}


def report(incident: Incident, telemetry: Telemetry) -> None:
    """Count and tell of an incident that is opened, where it is a storm."""
    if incident.storm is not None:
        metric, said = _BEGUN[incident.storm.kind]
        telemetry.count(metric)
        telemetry.warning(said, incident_id=incident.incident_id)


def weather_item(key: str) -> Key:
    """Where the weather is kept of the place whose storms have this incident key."""
    return items.state_item(f"weather#{key}")


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
    shards = _members(store, incident)
    lulled = storm.has_lulled(shards, known, incident.opened_at, now)
    outlasted = storm.has_outlasted(known, incident.opened_at, now)
    if not outlasted and not (lulled and _asked(incident)):
        return _as_known(incident, known, shards, now), []
    # Before the reads that the end depends on, as it takes long and others may join meanwhile.
    firing, _ = _firing(store, incident, shards, now, checks)
    keys = _shard_items(incident.incident_id)
    weather_key = weather_item(incident.key)
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
    figures = {"goes_on": not lulled, "firing": firing, "counted_at": now}
    return _ended(newest, figures, shards, now), writes


def next_look(incident: Incident, now: datetime) -> datetime | None:
    """When a storm is looked at again; None where it is none, or nothing of it fires any more."""
    if incident.storm is None:
        return None
    if incident.state is IncidentState.OPEN:
        return now + SETTLES
    counted = incident.storm.counted_at
    return counted + COUNTS_AGAIN if counted is not None else None


def page_of(store: Store, incident: Incident, notice: Notice) -> list[Incident]:
    """The incidents on the page of a storm's list that a notice tells, as they are now."""
    if notice.kind is not NoticeKind.HELD_PAGE:
        return []
    number = int(notice.detail)
    shards = _members(store, incident)
    listed = storm.by_weight(member for shard in shards for member in shard.members)
    chosen = listed[(number - 1) * storm.PAGE : number * storm.PAGE]
    wanted = [items.incident_item(member.incident_id) for member in chosen]
    found = store.read(wanted) if wanted else {}
    incidents = (items.decode(found[key], Incident) for key in wanted)
    return [incident for incident in incidents if incident is not None]


def _look_out(draft: Draft, key: Key) -> Weather:
    """The weather of a place: calm where what goes on there has no open incident (any more)."""
    weather = draft.look_up(key, Weather) or Weather()
    if not weather.storm_id:
        return weather
    goes_on = draft.look_up(items.incident_item(weather.storm_id), Incident)
    if goes_on is not None and goes_on.state is IncidentState.OPEN:
        return weather
    return weather.model_copy(update={"storm_id": ""})


def _counted_again(
    store: Store, incident: Incident, known: Storm, now: datetime, checks: holding.Checks
) -> Incident:
    """What was recorded beside the end is seen now: none that fire are none from here on.

    But for those of which only a silence, a window or a cause keeps people from hearing.
    """
    at = next_look(incident, now)
    if at is None or now < at:
        return incident
    shards = _members(store, incident)
    firing, muted = _firing(store, incident, shards, now, checks)
    counted_at = now if firing or muted else None
    newest = known.model_copy(update={"firing": firing, "counted_at": counted_at})
    changed = firing != known.firing
    return incident.model_copy(
        update={"storm": newest, "revision": incident.revision + (1 if changed else 0)}
    )


def _firing(
    store: Store, over: Incident, shards: Sequence[Shard], now: datetime, checks: holding.Checks
) -> tuple[int, int]:
    """How many of a storm's members still fire and have neither a card nor a later storm's.

    Second: how many more do that something else holds, too.
    """
    keys = [items.incident_item(one.incident_id) for shard in shards for one in shard.members]
    found = store.read(keys) if keys else {}
    members = (items.decode(record, Incident) for record in found.values())
    waiting = [one for one in members if one is not None and _waits_in(over, one)]
    # The tick does not look at what a storm holds, so a newer silence does not stand there yet.
    muted = sum(bool(one.silence or holding.review(one, checks, now).silence) for one in waiting)
    return len(waiting) - muted, muted


def _waits_in(over: Incident, one: Incident) -> bool:
    held = one.held in storm.KINDS and one.storm_id == over.incident_id
    return held and one.state is IncidentState.OPEN


def _reported(before: Incident | None, incident: Incident) -> bool:
    """Whether it fired, or a tool said again that it still does: then its last one is newer."""
    if before is None:
        return False
    repeated = incident.last_seen > before.last_seen and incident.resolves == before.resolves
    return incident.count > before.count or repeated


def _asked(incident: Incident) -> bool:
    """Whether the analysis of the whole was asked for, which comes before the end, or never is."""
    analysis = incident.analysis
    asked = incident.analysis_requested_at is not None
    return asked or not analysis.is_fallback or bool(analysis.fallback_reason)


def _passes(incident: Incident) -> bool:
    return bool(incident.held) or incident.synthetic or incident.severity is Severity.CRITICAL


def _begin(limit: _Limit, weather: Weather, first: Incident, now: datetime) -> Incident:
    kind, most, key, number = limit.kind, limit.most, limit.key, weather.storms + 1
    place = f" in {limit.environment}" if limit.environment else ""
    alone = Shard().joined(Member.of(first, now), first.route)
    storm_id = episode_id(key, number)
    begun = Incident(
        incident_id=storm_id,
        key=key,
        episode=number,
        signature=kind.reason.value,
        cache_key=f"{kind.reason.value}#{storm_id}",
        explanation=f"more than {most} new incidents within a minute{place}",
        source="responder",
        title=f"Storm of alerts{place}",
        scope=Scope(environment=limit.environment),
        severity=first.severity,
        first_alert_id="",
        first_seen=weather.openings[0],
        last_seen=now,
        opened_at=now,
        first_received_at=first.first_received_at,
        revision=0,
        analysis=fallback.of_storm(now),
        message=storm.told([alone]),
        storm=storm.summary([alone], Storm(kind=kind.reason.value, most=most)),
        route=storm.addressed([alone], first.route) if first.route else None,
        trace=first.trace,
    )
    if kind.reason is not Reason.THROTTLE:
        return begun
    # What had cards in the hour before is no part of it, as the first minute is of a storm.
    return begun.model_copy(
        update={
            "explanation": f"more than {most} new incidents of {first.source} within an hour",
            "title": f"Too many new problems from {first.source}",
            "first_seen": now,
            "analysis": fallback.of_throttle(now),
        }
    )


def _stormy(weather: Weather, begun: Incident) -> Weather:
    return weather.model_copy(update={"storms": begun.episode, "storm_id": begun.incident_id})


def _join(draft: Draft, kind: Kind, storm_id: str, incident: Incident, now: datetime) -> Incident:
    key = _shard_item(storm_id, storm.shard_of(incident.incident_id))
    shard = draft.look_up(key, Shard) or Shard()
    if shard.sealed:
        # The storm ebbed after its weather was read: look at both again.
        raise Conflict(key.id)
    draft.put(key, shard.joined(Member.of(incident, now), incident.route))
    held = {"held": kind.reason.value, "storm_id": storm_id, "analysis_requested_at": None}
    return incident.model_copy(update=held)


def _as_known(
    incident: Incident, before: Storm, shards: Sequence[Shard], now: datetime
) -> Incident:
    """The storm with its newest figures; the same value where nothing is new."""
    figures = storm.summary(shards, before)
    if figures == before:
        return incident
    severity = min((severity for severity, _ in figures.severities), key=lambda s: s.rank)
    known = incident.model_copy(
        update={
            "storm": figures,
            "message": storm.told(shards),
            "severity": severity,
            "last_seen": max(shard.newest for shard in shards if shard.newest),
            "route": storm.addressed(shards, incident.route),
            "revision": incident.revision + 1,
        }
    )
    if not severity.worse_than(incident.severity):
        return known
    return noticed(known, NoticeKind.SEVERITY_RAISED, now, f"{incident.severity} → {severity}")


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


def _members(store: Store, raging: Incident) -> list[Shard]:
    keys = _shard_items(raging.incident_id)
    records = store.read(keys)
    return [items.decode(records[key], Shard) or Shard() for key in keys]


def _shard_items(storm_id: str) -> list[Key]:
    return [_shard_item(storm_id, number) for number in range(storm.SHARDS)]


def _shard_item(storm_id: str, number: int) -> Key:
    return items.state_item(f"{storm_id}#{number}")

"""How a storm begins, takes incidents in and is listed; ``storm_watch`` has its tick and its end.

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

from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Scope, Severity
from responder.analysis import fallback
from responder.errors import Conflict, Reason
from responder.incident import Incident, IncidentState, Notice, NoticeKind, Storm
from responder.policy import holding, storm
from responder.policy.storm import Kind, Member, Shard, Weather
from responder.ports import Key, Store, Telemetry
from responder.protocols import items
from responder.protocols.draft import Draft, episode_id

#: How long a storm is looked at before Claude is asked what it is; and looked at again.
SETTLES = timedelta(seconds=20)


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
            let_go = before is None or (before.held and not incident.held)
            return self.admit(draft, incident, now) if let_go else incident
        if incident.severity is Severity.CRITICAL:
            return holding.released(incident)
        if _is_on(draft, incident):
            if before is not None and _says_more(before, incident):
                _tell_shard(draft, incident)
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


def shard_items(storm_id: str) -> list[Key]:
    """Where the members of a storm are kept."""
    return [_shard_item(storm_id, number) for number in range(storm.SHARDS)]


def members(store: Store, raging: Incident) -> list[Shard]:
    """The members of a storm, as they are now."""
    keys = shard_items(raging.incident_id)
    records = store.read(keys)
    return [items.decode(records[key], Shard) or Shard() for key in keys]


def page_of(store: Store, incident: Incident, notice: Notice) -> list[Incident]:
    """The incidents on the page of a storm's list that a notice tells, as they are now."""
    if notice.kind is not NoticeKind.HELD_PAGE:
        return []
    number = int(notice.detail)
    shards = members(store, incident)
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


def tell_of_unmuted(draft: Draft, before: Incident, after: Incident) -> None:
    """Let a storm know of one that it holds, and that the tick found muted no longer.

    Raises Conflict where the storm ends meanwhile.
    """
    unmuted = before.silence is not None and _says_more(before, after)
    if after.held in storm.KINDS and unmuted and _is_on(draft, after):
        _tell_shard(draft, after)


def _is_on(draft: Draft, held: Incident) -> bool:
    """Whether its storm goes on; by that one's own key, as routes may have changed its place."""
    key = weather_item(held.storm_id.rpartition(".")[0])
    return _look_out(draft, key).storm_id == held.storm_id


def _reported(before: Incident | None, incident: Incident) -> bool:
    """Whether it fired, or a tool said again that it still does: then its last one is newer."""
    if before is None:
        return False
    repeated = incident.last_seen > before.last_seen and incident.resolves == before.resolves
    return incident.count > before.count or repeated


def _says_more(before: Incident, incident: Incident) -> bool:
    """Whether people should hear of it by its storm: it is worse, or muted no longer."""
    if incident.silence is not None or incident.state is not IncidentState.OPEN:
        return False
    return (before.severity, before.route, before.silence) != (
        incident.severity,
        incident.route,
        None,
    )


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
    key, shard = _shard_of(draft, storm_id, incident)
    draft.put(key, shard.joined(Member.of(incident, now), incident.route))
    held = {"held": kind.reason.value, "storm_id": storm_id, "analysis_requested_at": None}
    return incident.model_copy(update=held)


def _tell_shard(draft: Draft, incident: Incident) -> None:
    """Let a storm know what one that it holds has become, and whom that one would call."""
    key, shard = _shard_of(draft, incident.storm_id, incident)
    draft.put(key, shard.updated(incident))


def _shard_of(draft: Draft, storm_id: str, incident: Incident) -> tuple[Key, Shard]:
    key = _shard_item(storm_id, storm.shard_of(incident.incident_id))
    shard = draft.look_up(key, Shard) or Shard()
    if shard.sealed:
        # The storm ebbed after its weather was read: look at both again.
        raise Conflict(key.id)
    return key, shard


def _shard_item(storm_id: str, number: int) -> Key:
    return items.state_item(f"{storm_id}#{number}")

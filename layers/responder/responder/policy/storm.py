"""Storms and throttles: more new incidents than a person can read become one card.

The first ones have cards of their own; from the next one on, a storm holds what is new, lists it
when it has ebbed, and only then lets an incident have a card again. CRITICAL is never held. A
throttle is a storm of one source that is too slow for a minute's count, and so is counted by the
hour: one noisy tool must not bury the channel. Pure; ``protocols.storms`` reads and writes.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Severity
from responder.errors import Reason
from responder.incident import Destination, Incident, Mention, Storm


@dataclass(frozen=True)
class Kind:
    """How new incidents are counted, in a ``window``, and when what holds too many of them ends.

    That is when a ``lull`` brought at most a ``share``-th of the limit, and at the latest after
    ``lasts``, so that nothing is held unlisted for longer; what goes on begins the next one.
    """

    reason: Reason
    window: timedelta
    lull: timedelta
    share: int
    lasts: timedelta = timedelta(hours=1)


#: Its lull is longer than from tick to tick.
STORM = Kind(Reason.STORM, timedelta(minutes=1), timedelta(seconds=90), 2)
#: Its lull brings at most about half of what the limit lets through in such a time.
THROTTLE = Kind(Reason.THROTTLE, timedelta(hours=1), timedelta(minutes=15), 8)
#: By the reason that what they hold is held for.
KINDS: Mapping[str, Kind] = {kind.reason.value: kind for kind in (THROTTLE, STORM)}
#: So many times a storm's limit, of all environments together, are a storm of a whole channel.
WHOLE_CHANNEL = 3
#: A storm's members are spread over this many items, as many workers add to them at once.
SHARDS = 16
#: Names kept per shard: some 3,600 in all, as shards fill unevenly; what is beyond is counted, and
#: has no line in the list.
MAX_MEMBERS = 250
#: Bytes kept of a member's service, rule and title: its storm's end writes all shards at once, and
#: a transaction takes 4 MB, an item 400 KB.
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_NAME, MAX_TITLE = 80, 160
#: Lines in one message of the list.
PAGE = 20
#: Of what a storm's card and its analysis are told.
MAX_SERVICES, MAX_RULES, MAX_WORST, MAX_FIRST, MAX_PROBLEMS = 15, 10, 5, 10, 25
#: People and groups that a storm calls, of all whom the routes of what it holds name.
MAX_MENTIONS = 10


class Member(BaseModel):
    """One incident that a storm holds since ``at``."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    at: Moment
    severity: Severity
    service: str = ""
    rule: str = ""
    title: str = ""

    @classmethod
    def of(cls, incident: Incident, now: datetime) -> Self:
        """Texts are cut: they only say what is going on."""
        return cls(
            incident_id=incident.incident_id,
            at=now,
            severity=incident.severity,
            service=_bounded(incident.service, MAX_NAME),
            rule=_bounded(incident.rule, MAX_NAME),
            title=_bounded(named(incident.rule, incident.title), MAX_TITLE),
        )


class Shard(BaseModel):
    """Some of a storm's members; a ``sealed`` one takes no more, as the storm is over.

    ``mentions`` and ``renotify_after`` are what the members' routes want.
    """

    model_config = ConfigDict(frozen=True)

    members: tuple[Member, ...] = ()
    unlisted: int = 0
    newest: Moment | None = None
    sealed: bool = False
    mentions: tuple[Mention, ...] = ()
    renotify_after: timedelta | None = None

    def joined(self, member: Member, route: Destination | None) -> Self:
        """With one more member, by name as long as there is room."""
        update: dict[str, object] = {"newest": member.at}
        if len(self.members) >= MAX_MEMBERS:
            update["unlisted"] = self.unlisted + 1
        else:
            update["members"] = (*self.members, member)
        return self._calling(route).model_copy(update=update)

    def updated(self, incident: Incident) -> Self:
        """With a member as it is by now, and those whom its route calls by now."""
        members = tuple(
            Member.of(incident, one.at) if one.incident_id == incident.incident_id else one
            for one in self.members
        )
        return self._calling(incident.route).model_copy(update={"members": members})

    def _calling(self, route: Destination | None) -> Self:
        if route is None:
            return self
        mentions = _union([self.mentions, route.mentions])
        wanted = _soonest([self.renotify_after, route.renotify_after])
        return self.model_copy(update={"mentions": mentions, "renotify_after": wanted})


class Weather(BaseModel):
    """The newest incidents in one place, and the storm that goes on there.

    ``openings`` are those that it did not hold.
    """

    model_config = ConfigDict(frozen=True)

    openings: tuple[Moment, ...] = ()
    storms: int = 0
    storm_id: str = ""

    def opened(self, now: datetime, most: int, window: timedelta) -> Self:
        """With one more new incident."""
        recent = tuple(at for at in self.openings if now - at < window)
        return self.model_copy(update={"openings": (*recent, now)[-(most + 1) :]})

    def breaks(self, most: int) -> bool:
        """Whether that was one too many."""
        return len(self.openings) > most


def named(rule: str, title: str) -> str:
    """What tells one from the others in a list: its rule, too, where the title does not name it."""
    return f"{rule}: {title}" if rule and rule not in title else title


def place_of(incident: Incident) -> str:
    """Where a storm is one storm: the cards of one environment that land in one channel."""
    return f"{incident.scope.environment}|{channel_of(incident)}"


def source_of(incident: Incident) -> str:
    """Whose throttle it meets: no source is held for what another one sends to a channel.

    The environment is the alerts' own word: with it here, a tool that invents some has no limit.
    """
    return f"{incident.source}|{channel_of(incident)}"


def channel_of(incident: Incident) -> str:
    """Where its card lands, as its route says; empty for the configured channel."""
    return incident.route.channel if incident.route else ""


def key_of(place: str, kind: Kind = STORM) -> str:
    """The incident key of a place's storms."""
    return f"{kind.reason.value}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def shard_of(incident_id: str) -> int:
    """The shard that an incident joins."""
    return int(hashlib.sha256(incident_id.encode()).hexdigest()[:4], 16) % SHARDS


def summary(shards: Iterable[Shard], known: Storm) -> Storm:
    """What a storm's card says of its members by now."""
    shards = list(shards)
    members = [member for shard in shards for member in shard.members]
    unlisted = sum(shard.unlisted for shard in shards)
    rules = _most_first(member.rule for member in members if member.rule)
    newest = sorted(members, key=lambda m: (m.at, m.incident_id), reverse=True)
    worst = sorted(newest, key=lambda m: m.severity.rank)[:MAX_WORST]
    return known.model_copy(
        update={
            "incidents": len(members) + unlisted,
            "unlisted": unlisted,
            "services": _most_first(member.service for member in members)[:MAX_SERVICES],
            # One of its own for each says nothing.
            "rules": tuple((rule, number) for rule, number in rules if number > 1)[:MAX_RULES],
            "severities": tuple(sorted(Counter(m.severity for m in members).items(), key=_rank)),
            "worst": tuple((member.severity, _what(member)) for member in worst),
        }
    )


def addressed(shards: Iterable[Shard], route: Destination | None) -> Destination:
    """Where a storm is told, and whom it calls: those whom its members' own cards would call."""
    shards, route = list(shards), route or Destination()
    wanted = _soonest(shard.renotify_after for shard in shards)
    # Who was called stays called, however many there are by now.
    calls = _union([route.mentions, *(shard.mentions for shard in shards)])
    return Destination(channel=route.channel, mentions=calls, renotify_after=wanted)


def calling(route: Destination | None, incidents: Iterable[Incident]) -> Destination | None:
    """A storm's route with those whom what still waits in it calls by now, though it is over."""
    calls = [route.mentions] if route else []
    calls += [one.route.mentions for one in incidents if one.route]
    mentions = _union(calls)
    return (route or Destination()).model_copy(update={"mentions": mentions}) if mentions else route


def told(shards: Iterable[Shard]) -> str:
    """What Claude is told of the members: the first ones, and the problems most often seen."""
    members = sorted((m for shard in shards for m in shard.members), key=lambda m: m.at)
    first = [f"{m.at:%H:%M:%S} {_problem(m)}" for m in members[:MAX_FIRST]]
    often = [f"{number} x {problem}" for problem, number in _most_first(map(_problem, members))]
    return "\n".join(["First:", *first, "Most often:", *often[:MAX_PROBLEMS]])


def by_weight(members: Iterable[Member]) -> list[Member]:
    """The worst first, then service by service, then by time."""
    return sorted(members, key=lambda m: (m.severity.rank, m.service, m.at, m.incident_id))


def has_lulled(shards: Sequence[Shard], known: Storm, began: datetime, now: datetime) -> bool:
    """Whether so few came of late that it is over."""
    kind = KINDS[known.kind]
    recent = sum(now - member.at < kind.lull for shard in shards for member in shard.members)
    overflows = any(
        shard.unlisted and shard.newest and now - shard.newest < kind.lull for shard in shards
    )
    few = recent <= known.most // kind.share and not overflows
    return now - began >= min(kind.window, kind.lull) and few


def has_outlasted(known: Storm, began: datetime, now: datetime) -> bool:
    """Whether it has lasted for as long as it may, whatever comes."""
    return now - began >= KINDS[known.kind].lasts


def _problem(member: Member) -> str:
    return f"{member.severity.value} {_what(member)}"


def _what(member: Member) -> str:
    return f"{member.service}: {member.title}" if member.service else member.title


def _bounded(text: str, most: int) -> str:
    return text[:most].encode(errors="ignore")[:most].decode(errors="ignore")


def _union(groups: Iterable[tuple[Mention, ...]]) -> tuple[Mention, ...]:
    return tuple(dict.fromkeys(one for group in groups for one in group))[:MAX_MENTIONS]


def _soonest(times: Iterable[timedelta | None]) -> timedelta | None:
    return min((time for time in times if time is not None), default=None)


def _rank(item: tuple[Severity, int]) -> int:
    return item[0].rank


def _most_first(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))

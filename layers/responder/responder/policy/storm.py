"""Storms: more new incidents in a minute than a person can read become one card.

The first ones have cards of their own; from the next one on, a storm holds what is new, lists it
when it has ebbed, and only then lets an incident have a card again. CRITICAL is never held. Pure;
``protocols.storms`` reads and writes.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Severity
from responder.incident import Incident, Storm

#: The time in which new incidents are counted.
WINDOW = timedelta(minutes=1)
#: A storm goes on while more than half as many come in this time; longer than from tick to tick.
LULL = timedelta(seconds=90)
#: A storm's members are spread over this many items, as many workers add to them at once.
SHARDS = 16
#: Names kept per shard: 4,000 in all; what is beyond is counted, and has no line in the list.
MAX_MEMBERS = 250
#: Lines in one message of the list.
PAGE = 20
#: Of what a storm's card and its analysis are told.
MAX_SERVICES, MAX_FIRST, MAX_PROBLEMS = 15, 10, 25


class Member(BaseModel):
    """One incident that a storm holds, as it was when it was opened."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    at: Moment
    severity: Severity
    service: str = ""
    title: str = ""

    @classmethod
    def of(cls, incident: Incident, now: datetime) -> Self:
        """Texts are cut: they only say what is going on."""
        return cls(
            incident_id=incident.incident_id,
            at=now,
            severity=incident.severity,
            service=incident.service[:80],
            title=named(incident.rule, incident.title)[:120],
        )


class Shard(BaseModel):
    """Some of a storm's members; a ``sealed`` one takes no more, as the storm is over."""

    model_config = ConfigDict(frozen=True)

    members: tuple[Member, ...] = ()
    unlisted: int = 0
    newest: Moment | None = None
    sealed: bool = False

    def joined(self, member: Member) -> Self:
        """With one more member, by name as long as there is room."""
        if len(self.members) >= MAX_MEMBERS:
            return self.model_copy(update={"unlisted": self.unlisted + 1, "newest": member.at})
        return self.model_copy(update={"members": (*self.members, member), "newest": member.at})


class Weather(BaseModel):
    """The new incidents of the last minute in one place, and the storm that goes on there."""

    model_config = ConfigDict(frozen=True)

    openings: tuple[Moment, ...] = ()
    storms: int = 0
    storm_id: str = ""

    def opened(self, now: datetime, most: int) -> Self:
        """With one more new incident."""
        recent = tuple(at for at in self.openings if now - at < WINDOW)
        return self.model_copy(update={"openings": (*recent, now)[-(most + 1) :]})

    def breaks(self, most: int) -> bool:
        """Whether that was one too many."""
        return len(self.openings) > most


def named(rule: str, title: str) -> str:
    """What tells one from the others in a list: its rule, too, where the title does not name it."""
    return f"{rule}: {title}" if rule and rule not in title else title


def place_of(incident: Incident) -> str:
    """Where a storm is one storm: the cards of one environment that land in one channel."""
    channel = incident.route.channel if incident.route else ""
    return f"{incident.scope.environment}|{channel}"


def key_of(place: str) -> str:
    """The incident key of a place's storms."""
    return f"storm:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def shard_of(incident_id: str) -> int:
    """The shard that an incident joins."""
    return int(hashlib.sha256(incident_id.encode()).hexdigest()[:4], 16) % SHARDS


def summary(shards: Iterable[Shard], most: int) -> Storm:
    """What a storm's card says of its members."""
    shards = list(shards)
    members = [member for shard in shards for member in shard.members]
    unlisted = sum(shard.unlisted for shard in shards)
    return Storm(
        most=most,
        incidents=len(members) + unlisted,
        unlisted=unlisted,
        services=_most_first(member.service for member in members)[:MAX_SERVICES],
        severities=tuple(sorted(Counter(m.severity for m in members).items(), key=_rank)),
    )


def told(shards: Iterable[Shard]) -> str:
    """What Claude is told of the members: the first ones, and the problems most often seen."""
    members = sorted((m for shard in shards for m in shard.members), key=lambda m: m.at)
    first = [f"{m.at:%H:%M:%S} {_problem(m)}" for m in members[:MAX_FIRST]]
    often = [f"{number} x {problem}" for problem, number in _most_first(map(_problem, members))]
    return "\n".join(["First:", *first, "Most often:", *often[:MAX_PROBLEMS]])


def by_weight(members: Iterable[Member]) -> list[Member]:
    """The worst first, then service by service, then by time."""
    return sorted(members, key=lambda m: (m.severity.rank, m.service, m.at, m.incident_id))


def has_ebbed(shards: Sequence[Shard], most: int, began: datetime, now: datetime) -> bool:
    """Whether it has lulled: at most half as many new incidents as make a storm."""
    recent = sum(now - member.at < LULL for shard in shards for member in shard.members)
    overflows = any(
        shard.unlisted and shard.newest and now - shard.newest < LULL for shard in shards
    )
    return now - began >= WINDOW and recent <= most // 2 and not overflows


def _problem(member: Member) -> str:
    return f"{member.severity.value} {member.service}: {member.title}"


def _rank(item: tuple[Severity, int]) -> int:
    return item[0].rank


def _most_first(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))

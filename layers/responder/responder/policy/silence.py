"""Silences: what operators do not want to be told of, for a while, and why."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from responder.alert import Moment
from responder.errors import Reason
from responder.incident import Hold, Incident
from responder.policy.matching import Index, Matcher, asks_for_nothing, facts, matches_all

#: A comment is for whoever wonders why nothing was told, on a card.
MIN_COMMENT, MAX_COMMENT = 3, 300


class Silence(BaseModel):
    """All ``matchers`` must match, between ``starts_at`` and ``ends_at``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=64)]
    matchers: Annotated[tuple[Matcher, ...], Field(min_length=1, max_length=20)]
    starts_at: Moment
    ends_at: Moment
    comment: Annotated[str, Field(min_length=MIN_COMMENT, max_length=MAX_COMMENT)]
    author: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends before it begins")
        if asks_for_nothing(self.matchers):
            raise ValueError("it would hold everything: one matcher must ask for something")
        return self

    def holds(self, seen: Mapping[str, str], now: datetime) -> bool:
        """Whether an incident with these facts is silenced now."""
        return self.starts_at <= now < self.ends_at and matches_all(self.matchers, seen)

    def as_hold(self) -> Hold:
        """What an incident remembers of it."""
        return Hold(
            silence_id=self.id,
            reason=Reason.SILENCED.value,
            until=self.ends_at,
            comment=self.comment,
            author=self.author,
        )


class Silences:
    """The silences that there are, ready to be asked about many incidents."""

    def __init__(self, silences: Iterable[Silence]) -> None:
        """Index them; expired ones cost nothing but memory."""
        longest_first = sorted(silences, key=lambda one: (one.ends_at, one.id), reverse=True)
        self._index = Index((silence.matchers, silence) for silence in longest_first)

    def find(self, incident: Incident, now: datetime) -> Silence | None:
        """The silence that holds an incident longest."""
        if not self._index:
            return None
        seen = facts(incident)
        return next((one for one in self._index.candidates(seen) if one.holds(seen, now)), None)

    def hold(self, incident: Incident, now: datetime) -> Hold | None:
        """What the longest silence makes an incident remember."""
        found = self.find(incident, now)
        return found.as_hold() if found else None

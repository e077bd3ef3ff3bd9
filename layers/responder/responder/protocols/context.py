"""Gathers what is known around an incident before Claude is asked; only reads, mostly at once.

A source that fails leaves its part out, counted: an analysis without context is better than none.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from responder.analysis.context import Context, Earlier, Retrieved
from responder.errors import Retryable
from responder.incident import Incident, Mark
from responder.ports import Key, Reads, Record, Store, Telemetry
from responder.protocols import changes, feedback, items, runbooks
from responder.protocols.changes import RecentChanges
from responder.protocols.draft import episode_id
from responder.protocols.siblings import Siblings

#: Earlier incidents of the same problem that Claude is told of.
MOST_EARLIER = 3

#: Adds its part to what is known.
Source = Callable[[Incident, Context], Context]
#: Finds what runbooks say of an incident; None where nobody has read them.
Runbooks = Callable[[Incident], Retrieved | None]


@dataclass(frozen=True)
class Gatherer:
    """All sources by name, in the order in which they are asked."""

    sources: Mapping[str, Source]
    telemetry: Telemetry

    def gather(self, incident: Incident) -> Context:
        """What is known now."""
        found = Context()
        for name, source in self.sources.items():
            try:
                found = source(incident, found)
            except items.TROUBLES as error:
                self.telemetry.count("ContextMissing", reason=name)
                self.telemetry.warning("Context missing", source=name, detail=str(error))
        return found


@dataclass(frozen=True)
class Everything:
    """Every source, with its ports."""

    store: Store
    telemetry: Telemetry
    runbooks: Runbooks

    def gather(self, incident: Incident) -> Context:
        """What is known now."""
        expected = [
            *_before(incident),
            feedback.given_item(incident),
            *changes.lists_of(incident),
        ]
        ahead = Ahead(self.store, expected)
        sources: dict[str, Source] = {
            "earlier": earlier(ahead),
            "feedback": feedback.source(ahead),
            "changes": RecentChanges(ahead),
            "siblings": Siblings(self.store),
            "runbooks": matching(self.runbooks),
        }
        return Gatherer(sources, self.telemetry).gather(incident)


class Ahead:
    """A store of which the expected items are read at once; where that fails, each by who asks."""

    def __init__(self, store: Reads, expected: Sequence[Key]) -> None:
        """Reads."""
        self._store = store
        self._found: Mapping[Key, Record] = {}
        with suppress(Retryable):
            self._found = store.read(expected)

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """As ``ports.Reads``."""
        if all(key in self._found for key in keys):
            return {key: self._found[key] for key in keys}
        return self._store.read(keys)


def gatherer(
    store: Store, telemetry: Telemetry, runbooks: Runbooks = runbooks.none_known
) -> Everything:
    """With every source."""
    return Everything(store, telemetry, runbooks)


def earlier(store: Reads) -> Source:
    """The incidents of the same key before this one, the latest first."""

    def add(incident: Incident, known: Context) -> Context:
        wanted = _before(incident)
        found = store.read(wanted) if wanted else {}
        past = (items.decode(found[key], Incident) for key in wanted)
        episodes = tuple(_earlier(one) for one in past if one is not None)
        return known.model_copy(update={"earlier": episodes})

    return add


def matching(runbooks: Runbooks) -> Source:
    """What the runbooks say of it."""

    def add(incident: Incident, known: Context) -> Context:
        found = runbooks(incident)
        return known.model_copy(update={"runbooks": found.passages if found else ()})

    return add


def _before(incident: Incident) -> list[Key]:
    first = max(incident.episode - MOST_EARLIER, 1)
    numbers = range(incident.episode - 1, first - 1, -1)
    return [items.incident_item(episode_id(incident.key, number)) for number in numbers]


def _earlier(incident: Incident) -> Earlier:
    analysis = incident.analysis
    return Earlier(
        opened_at=incident.opened_at,
        ended_at=incident.resolved_at,
        count=incident.count,
        verdict="" if analysis.is_fallback else analysis.headline,
        marked=_mark_of(incident),
    )


def _mark_of(incident: Incident) -> Mark | None:
    """What was said of the analysis that it ended with, or of its alert."""
    said = incident.feedback
    if said is None or (said.made_at != incident.analysis.made_at and said.mark is not Mark.NOISE):
        return None
    return said.mark

"""The alerts of a span by problem: how many, which incidents they led to, what people said.

The alerts are counted through the table's index, by tool, service and what their titles have in
common; some alerts of each problem lead to its incidents. Nothing is scanned.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from responder.alert import Severity
from responder.incident import Incident, Mark
from responder.ports import Reads, Table
from responder.protocols import feedback, items
from responder.signature.text import normalise
from responder_cli import accepted, bulk
from responder_cli.accepted import Accepted
from responder_cli.aws import Stack
from responder_cli.health.metrics import Window

#: Alerts that are read one by one, the newest first; severities are counted over all.
MOST_ALERTS = 100_000
#: Problems that are looked into, and alerts of each whose incidents are read.
MOST_PROBLEMS, SAMPLES = 40, 20


@dataclass(frozen=True)
class Problem:
    """The alerts of one tool and service whose titles say the same, but for numbers and names.

    ``incidents`` are those of ``SAMPLES`` alerts spread over the span, ``marks`` what people said
    of their signatures, ever.
    """

    title: str
    source: str
    service: str
    alerts: int
    firing: int
    incidents: Sequence[Incident] = ()
    marks: Mapping[Mark, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Traffic:
    """Accepted alerts. ``looked_at`` of them were sorted into problems, the newest ones.

    ``unreadable`` are items of another release, among those that lead to the problems' incidents.
    """

    severities: Mapping[Severity, int]
    looked_at: int
    kinds: int
    problems: Sequence[Problem]
    unreadable: int = 0

    @property
    def accepted(self) -> int:
        """All of them."""
        return sum(self.severities.values())


@dataclass
class _Kind:
    newest: Accepted
    ids: list[str] = field(default_factory=list)
    firing: int = 0


def read(stack: Stack, window: Window) -> Traffic:
    """The alerts of a window, and the problems that most of them are of."""
    found = accepted.newest(stack, Severity, window.start, window.end, whole=True)
    severities: Counter[Severity] = Counter()
    kinds: dict[tuple[str, str, str], _Kind] = {}
    for one in islice(found, MOST_ALERTS):
        severities[one.severity] += 1
        kind = kinds.setdefault((one.source, one.service, normalise(one.title)), _Kind(one))
        kind.ids.append(one.alert_id)
        kind.firing += one.status == "firing"
    looked_at = severities.total()
    if looked_at == MOST_ALERTS:
        severities = _counted(stack, window)
    most = heapq.nlargest(MOST_PROBLEMS, kinds.values(), key=lambda kind: len(kind.ids))
    looked_into, unreadable = _looked_into(stack, most)
    return Traffic(severities, looked_at, len(kinds), looked_into, unreadable)


def _counted(stack: Stack, window: Window) -> Counter[Severity]:
    return Counter(
        {
            severity: sum(
                page["Count"]
                for page in accepted.pages(
                    stack, severity, window.start, window.end, Select="COUNT"
                )
            )
            for severity in Severity
        }
    )


def _looked_into(stack: Stack, kinds: Sequence[_Kind]) -> tuple[list[Problem], int]:
    """The problems with their incidents, read together, and how much of these cannot be read."""
    samples = [_spread(kind.ids) for kind in kinds]
    kept = accepted.read(stack, [one for ids in samples for one in ids])
    incident_of = {name: one.incident_id for name, one in kept.known.items() if one.incident_id}
    keys = {one: items.incident_item(one) for one in incident_of.values()}
    incidents = bulk.read(stack, Table.INCIDENTS, keys, Incident)
    named = [dict.fromkeys(incident_of.get(one, "") for one in ids) for ids in samples]
    theirs = [[incidents.known[one] for one in ids if one in incidents.known] for ids in named]
    problems = list(_problems(stack.store(Table.STATE), zip(kinds, theirs, strict=True)))
    return problems, len(kept.unreadable) + len(incidents.unreadable)


def _problems(store: Reads, kinds: Iterable[tuple[_Kind, Sequence[Incident]]]) -> Iterator[Problem]:
    for kind, found in kinds:
        yield Problem(
            title=kind.newest.title,
            source=kind.newest.source,
            service=kind.newest.service,
            alerts=len(kind.ids),
            firing=kind.firing,
            incidents=found,
            marks=_marks(store, found),
        )


def _spread(ids: Sequence[str]) -> Sequence[str]:
    """Some of many, from the first to the last."""
    return ids[:: max(1, len(ids) // SAMPLES)][:SAMPLES]


def _marks(store: Reads, incidents: Sequence[Incident]) -> Counter[Mark]:
    marks: Counter[Mark] = Counter()
    for one in {feedback.subject_of(incident): incident for incident in incidents}.values():
        marks.update(feedback.load(store, one).marks)
    return marks

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
from responder_cli import accepted
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
    """Accepted alerts. ``looked_at`` of them were sorted into problems, the newest ones."""

    severities: Mapping[Severity, int]
    looked_at: int
    kinds: int
    problems: Sequence[Problem]

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
    return Traffic(severities, looked_at, len(kinds), list(_looked_into(stack, most)))


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


def _looked_into(stack: Stack, kinds: Sequence[_Kind]) -> Iterator[Problem]:
    """The problems with their incidents, read together."""
    samples = [_spread(kind.ids) for kind in kinds]
    records = accepted.records(stack, [one for ids in samples for one in ids])
    incident_of = {one.alert.alert_id: one.incident_id for one in records if one.incident_id}
    incidents = _incidents(stack, set(incident_of.values()))
    store = stack.store(Table.STATE)
    for kind, ids in zip(kinds, samples, strict=True):
        theirs = dict.fromkeys(incident_of[one] for one in ids if one in incident_of)
        found = [incidents[one] for one in theirs if one in incidents]
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


def _incidents(stack: Stack, ids: Iterable[str]) -> dict[str, Incident]:
    records = stack.store(Table.INCIDENTS).read([items.incident_item(one) for one in ids])
    found = (items.decode_if_readable(record, Incident) for record in records.values())
    return {one.incident_id: one for one in found if one is not None}


def _marks(store: Reads, incidents: Sequence[Incident]) -> Counter[Mark]:
    marks: Counter[Mark] = Counter()
    for one in {feedback.subject_of(incident): incident for incident in incidents}.values():
        marks.update(feedback.load(store, one).marks)
    return marks

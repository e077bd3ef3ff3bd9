"""What was said and what would be said of the same incidents: pairs, figures, tables.

``commands`` calls it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, Final

from responder.analysis.verdict import Analysis, Confidence
from responder.incident import Incident
from responder_cli import console
from responder_cli.asking import Reply

#: What is compared of a verdict, and how it is read. Words always differ.
PARTS: Final[dict[str, Callable[[Analysis], str]]] = {
    "category": lambda one: one.category,
    "severity": lambda one: one.severity_opinion.value if one.severity_opinion else "none",
    "confidence": lambda one: one.confidence.value,
}
_SURER: Final = {one.value: number for number, one in enumerate(Confidence)}
_UNKNOWN: Final = "?"


@dataclass(frozen=True)
class Pair:
    """An incident with its analysis, and what came of asking anew."""

    incident: Incident
    reply: Reply

    @property
    def old(self) -> Analysis:
        """What the incident has."""
        return self.incident.analysis

    @property
    def new(self) -> Analysis | None:
        """What it would have; None without an answer."""
        return self.reply.analysis

    @property
    def changed(self) -> tuple[str, ...]:
        """The parts in which they differ."""
        if self.new is None:
            return ()
        return tuple(name for name, of in PARTS.items() if of(self.old) != of(self.new))


@dataclass(frozen=True)
class Summary:
    """All pairs in figures; means are over the pairs with an answer.

    ``surer`` and ``unsurer`` say which way confidence changed. Seconds are None where unknown.
    """

    incidents: int
    unanswered: int
    changed: dict[str, int]
    surer: int
    unsurer: int
    cost_usd: tuple[float, float]
    seconds: tuple[float | None, float | None]
    spent_usd: float


def summary(pairs: Sequence[Pair]) -> Summary:
    """The figures of a canary."""
    both = [(one.old, one.new) for one in pairs if one.new is not None]
    rises = [_SURER[new.confidence] - _SURER[old.confidence] for old, new in both]
    return Summary(
        incidents=len(pairs),
        unanswered=len(pairs) - len(both),
        changed={name: sum(name in one.changed for one in pairs) for name in PARTS},
        surer=sum(rise > 0 for rise in rises),
        unsurer=sum(rise < 0 for rise in rises),
        cost_usd=(
            _mean([old.cost_usd for old, _ in both]) or 0.0,
            _mean([new.cost_usd for _, new in both]) or 0.0,
        ),
        seconds=(
            # Analyses of older releases do not say how long they took.
            _mean([old.seconds for old, _ in both if old.seconds]),
            _mean([new.seconds for _, new in both]),
        ),
        spent_usd=sum(one.reply.cost_usd for one in pairs),
    )


def _mean(values: Sequence[float]) -> float | None:
    return mean(values) if values else None


def show(pairs: Sequence[Pair]) -> None:
    """Two lines for each incident: what it has, and what it would have; = for the same."""
    columns = ("incident", "", "by", "headline", *PARTS, "cost", "seconds")
    console.grid(columns, (row for one in pairs for row in _rows(one)))


def _rows(pair: Pair) -> Iterator[tuple[str, ...]]:
    yield pair.incident.incident_id, "old", *_cells(pair.old)
    if pair.new is None:
        yield "", "new", "", f"no answer: {pair.reply.trouble}", *("-" for _ in PARTS), "-", "-"
        return
    by, headline, *parts, cost, seconds = _cells(pair.new)
    same = (said if name in pair.changed else "=" for name, said in zip(PARTS, parts, strict=True))
    yield "", "new", by, headline, *same, cost, seconds


def _cells(one: Analysis) -> tuple[str, ...]:
    parts = (of(one) for of in PARTS.values())
    by = f"{one.made_by} {one.prompt_version}"
    return by, one.headline, *parts, _dollars(one.cost_usd), _seconds(one.seconds or None)


def show_summary(found: Summary) -> None:
    """The figures in words."""
    changed = ", ".join(f"{name} in {number}" for name, number in found.changed.items())
    console.say(
        f"Of {found.incidents}: {changed} changed "
        f"(surer {found.surer}, less sure {found.unsurer}); {found.unanswered} without an answer."
    )
    before, after = found.seconds
    old, new = found.cost_usd
    console.say(
        f"Mean cost {_dollars(old)} → {_dollars(new)}, "
        f"mean seconds {_seconds(before)} → {_seconds(after)}; this run cost "
        f"{_dollars(found.spent_usd)}."
    )


def _dollars(value: float) -> str:
    return f"${value:.4f}"


def _seconds(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.1f}"


def document(pairs: Sequence[Pair], found: Summary) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "incidents": [_document(one) for one in pairs],
        "summary": {
            "incidents": found.incidents,
            "unanswered": found.unanswered,
            "changed": found.changed,
            "surer": found.surer,
            "less_sure": found.unsurer,
            "mean_cost_usd": dict(zip(("old", "new"), found.cost_usd, strict=True)),
            "mean_seconds": dict(zip(("old", "new"), found.seconds, strict=True)),
            "spent_usd": round(found.spent_usd, 6),
        },
    }


def _document(pair: Pair) -> dict[str, Any]:
    return {
        "incident_id": pair.incident.incident_id,
        "title": pair.incident.title,
        "old": _analysis(pair.old),
        "new": _analysis(pair.new) if pair.new else None,
        "trouble": pair.reply.trouble,
        "changed": list(pair.changed),
    }


def _analysis(one: Analysis) -> dict[str, Any]:
    return {
        "made_by": one.made_by,
        "prompt": one.prompt_version,
        "headline": one.headline,
        **{name: of(one) for name, of in PARTS.items()},
        "cost_usd": one.cost_usd,
        "seconds": one.seconds or None,
    }

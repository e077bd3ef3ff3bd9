"""A mix replayed through all functions at the rate of a million alerts a month, and its bill."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.cost import mixes, naive, prices
from bench.cost.mixes import Message
from bench.cost.town import town
from bench.cost.wire import CACHE
from bench.inside import NOTHING_HELD
from responder.analysis.tiering import LARGE, SMALL

MODELS = {SMALL: "claude-haiku-5-5", LARGE: "claude-sonnet-5-5"}


@dataclass(frozen=True)
class Bill:
    """What a mix of ``alerts`` was billed; dollars by service, those of the naive one by model.

    ``ours`` has both models as they are set up, and each of them alone. ``signatures`` are the
    cache keys that were fresh; one is asked about twice where something CRITICAL follows.
    """

    name: str
    alerts: int
    firing: int
    texts: int
    signatures: int
    units: Mapping[str, float]
    ours: Mapping[str, Mapping[str, float]]
    naive: Mapping[str, Mapping[str, float]]

    @property
    def calls(self) -> float:
        """Answers of Claude."""
        return self.units.get("claude calls", 0)

    def per_thousand(self, dollars: Mapping[str, float]) -> float:
        """Dollars of a thousand alerts."""
        return sum(dollars.values()) / self.alerts * 1000


def measure(alerts: int) -> list[Bill]:
    """The labelled stream where it is here, and the mix written here."""
    start = datetime.now(UTC)
    found = {"stream_0": mixes.stream(alerts, start), "written": mixes.written(alerts, start)}
    return [_bill(name, messages, start) for name, messages in found.items() if messages]


def _bill(name: str, messages: Sequence[Message], start: datetime) -> Bill:
    units, signatures = _replayed(messages, start)
    calls = units["claude calls"]
    tokens = sum(number for unit, number in units.items() if unit.startswith("prompt tokens of "))
    prompt = round(tokens / max(1, calls))
    texts = {text for message in messages for text in message.texts}
    return Bill(
        name=name,
        alerts=sum(message.alerts for message in messages),
        firing=sum(len(message.texts) for message in messages),
        texts=len(texts),
        signatures=signatures,
        # A plain one: asdict makes a Counter of the pairs of a Counter.
        units=dict(units),
        ours={
            "as set up": prices.dollars(units),
            **{tier: prices.dollars(_all_by(units, model)) for tier, model in MODELS.items()},
        },
        naive={tier: naive.dollars(messages, model, prompt) for tier, model in MODELS.items()},
    )


def _replayed(messages: Sequence[Message], start: datetime) -> tuple[Counter[str], int]:
    """Units, and how many signatures were fresh. Nothing is held: that would save calls."""
    with town(start, None, **NOTHING_HELD) as (pipeline, wire):
        for message in messages:
            pipeline.until(start + message.after)
            pipeline.request(message.body, "alertmanager")
        pipeline.settle(timedelta(minutes=5).total_seconds())
        return pipeline.bill.units, len(wire.tables[CACHE])


def _all_by(units: Mapping[str, float], model: str) -> dict[str, float]:
    """The same calls, all of them answered by one model."""
    found: Counter[str] = Counter()
    for name, number in units.items():
        kind, of, _ = name.partition(" of ")
        found[f"{kind} of {model}" if of and kind in ("calls", "prompt tokens") else name] += number  # type: ignore[assignment]
    return dict(found)

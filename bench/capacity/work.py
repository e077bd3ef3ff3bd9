"""What alerts ask of AWS, Slack and a processor: counted on the functions' own wire."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from bench.cost import prices
from bench.cost.town import CLAUDE_SECONDS, SLACK_SECONDS, Town, alert, town
from bench.cost.wire import ALERTS, AWS_SECONDS, CACHE, INCIDENTS, STATE
from bench.inside import NOTHING_HELD

#: Batches that are compared: a single alert, and as many as a batch of the processing queue has.
ONE, TEN = 1, 10
#: Until Slack's pace, Claude and the announcement that follows him are through.
SETTLED = 60
TABLES = {"alerts": ALERTS, "analysis-cache": CACHE, "incidents": INCIDENTS, "state": STATE}


@dataclass(frozen=True)
class Stage:
    """A batch: requests to AWS for itself and for each message, processor seconds a message."""

    fixed: float
    each: float
    processor: float


@dataclass(frozen=True)
class Bill:
    """Of one alert or edit: dollars without Claude's, units of DynamoDB, those written by table."""

    dollars: float
    reads: float
    writes: Mapping[str, float]


@dataclass(frozen=True)
class Work:
    """Every stage of the pipeline, and what alerts are billed by their kind.

    ``new`` opens an incident with a known analysis, ``repeat`` is of an open one; ``fresh`` is what
    an alert costs more that needs Claude, ``call`` of it Claude's own dollars. In ``bills`` the
    ``alone`` come by themselves, with their edits; the others come as ten at once, of ten
    incidents, and an ``edit`` of a card is a bill of its own. ``tick`` is dollars of one.
    """

    reception: Stage
    new: Stage
    repeat: Stage
    analysis: Stage
    card: Stage
    edit: Stage
    bills: Mapping[str, Bill]
    call: float
    tick: float


def measure() -> Work:
    """Each kind of alert through all functions, alone and as ten of ten incidents."""
    # Nothing is held, and nothing is put off.
    with town(**NOTHING_HELD, SLACK_PACE_SECONDS="0") as (pipeline, _):
        pipeline.ticks = False
        told = _Teller(pipeline)
        # The first call imports the SDK, and is the start of a process.
        told.units(["first"], title="Queue of the mail service grows")
        fresh = told.units(["first"])
        new, repeat = told.units(["one"]), told.units(["one"])
        news = told.units(_CLUSTERS)
        edited = told.units(_CLUSTERS)
        quiet = told.units(_CLUSTERS, times=3) - told.units(_CLUSTERS, times=2)
        before = pipeline.bill.copy()
        pipeline.tick()
        tick = pipeline.bill.since(before).units
    edits = edited - quiet
    return Work(
        reception=Stage(
            new["reception waiting seconds"] / AWS_SECONDS, 0, _processor(news, "reception")
        ),
        new=_batch(new, news),
        repeat=_batch(repeat, edited),
        analysis=_asked(fresh, new),
        card=_message(news),
        edit=_message(edited),
        bills={
            "new alone": _bill(new, ONE),
            "new": _bill(news, TEN),
            "repeat alone": _bill(repeat, ONE),
            "repeat": _bill(quiet, TEN),
            "edit": _bill(edits, TEN),
            "fresh": _bill(fresh - new, ONE),
        },
        call=prices.dollars(fresh)["Claude"],
        tick=sum(prices.dollars(tick).values()),
    )


_CLUSTERS = [f"c{number}" for number in range(TEN)]


class _Teller:
    def __init__(self, pipeline: Town) -> None:
        self._pipeline, self._names = pipeline, count()

    def units(self, clusters: list[str], times: int = 1, **changes: str) -> Counter[str]:
        """What requests cost that tell of each cluster, with a second between them."""
        before = self._pipeline.bill.copy()
        for _ in range(times):
            self._pipeline.request(self._alerts(clusters, changes))
            self._pipeline.settle(1)
        self._pipeline.settle(SETTLED)
        return self._pipeline.bill.since(before).units

    def _alerts(self, clusters: list[str], changes: Mapping[str, str]) -> str:
        """Of one severity, that the local Claude finds right."""
        return json.dumps(
            [
                json.loads(
                    alert(id=f"{next(self._names)}", severity="MEDIUM", cluster=cluster, **changes)
                )
                for cluster in clusters
            ]
        )


def _batch(one: Counter[str], ten: Counter[str]) -> Stage:
    """A line through batches of one and of ten."""
    first, last = _requests(one), _requests(ten)
    each = (last - first) / (TEN - ONE)
    return Stage(first - each, each, _processor(ten, "analysis"))


def _requests(units: Counter[str]) -> float:
    waited = units["analysis waiting seconds"] - units["claude calls"] * CLAUDE_SECONDS
    return waited / AWS_SECONDS


def _asked(fresh: Counter[str], new: Counter[str]) -> Stage:
    """What the analysis queue's invocation takes beyond that of the processing queue."""
    processor = fresh["analysis processor seconds"] - new["analysis processor seconds"]
    return Stage(_requests(fresh) - _requests(new), 0, max(0.0, processor))


def _message(units: Counter[str]) -> Stage:
    """One message of the distribution queue."""
    waited = units["distribution waiting seconds"] - units["slack calls"] * SLACK_SECONDS
    return Stage(0, waited / AWS_SECONDS / units["slack calls"], _processor(units, "distribution"))


def _processor(units: Counter[str], function: str) -> float:
    return units[f"{function} processor seconds"] / TEN


def _bill(units: Counter[str], alerts: int) -> Bill:
    return Bill(
        dollars=sum(value for name, value in prices.dollars(units).items() if name != "Claude")
        / alerts,
        reads=units["dynamodb read units"] / alerts,
        writes={name: units[f"write units of {table}"] / alerts for name, table in TABLES.items()},
    )

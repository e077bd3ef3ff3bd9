"""Single alerts through all functions: what each is billed in requests and units."""

import json
from dataclasses import dataclass

from bench.cost.town import Town, alert, town

#: Long enough for Slack's pace, Claude and the announcement that follows him.
SECONDS = 20
TEN = 10
FRESH, ALONE, OF_TEN = "fresh analysis", "alone, of an open incident", "one of ten in a request"


@dataclass(frozen=True)
class Case:
    """What one alert took, on average where there are several.

    ``further`` of the ``writes`` are for what alert and incident have beyond their first KB.
    ``tick`` are those of the tick that looks at the incident afterwards. ``log`` is without what
    Lambda itself says.
    """

    name: str
    sqs: float
    writes: float
    further: float
    reads: float
    log: float
    lambda_log: float
    invocations: float
    claude: float
    tick: float

    @property
    def small(self) -> float:
        """The writes of an alert and an incident of at most 1 KB."""
        return self.writes - self.further


def measure() -> list[Case]:
    """Each case on a stack that knows what it should."""
    with town() as (pipeline, _):
        pipeline.ticks = False
        return [
            _case(pipeline, FRESH, _alert("1")),
            _case(pipeline, ALONE, _alert("2")),
            _case(pipeline, OF_TEN, _ten(), TEN),
            _case(pipeline, "new incident, known analysis", _alert("3", cluster="other")),
            _case(pipeline, "resolved", _alert("3", cluster="other", status="resolved")),
        ]


def _alert(name: str, **changes: str) -> str:
    """Of the severity that the local Claude always finds right: a doubt is a notice of its own."""
    return alert(id=name, severity="MEDIUM", **changes)


def _ten() -> str:
    return json.dumps([json.loads(_alert(f"ten-{number}")) for number in range(TEN)])


def _case(pipeline: Town, name: str, body: str, alerts: int = 1) -> Case:
    before = pipeline.bill.copy()
    pipeline.request(body)
    pipeline.settle(SECONDS)
    done = pipeline.bill.copy()
    _tick(pipeline)
    units = done.since(before).units
    ticked = pipeline.bill.since(done).units
    invocations = sum(number for unit, number in units.items() if unit.endswith(" invocations"))
    return Case(
        name=name,
        sqs=units["sqs requests"] / alerts,
        writes=units["dynamodb write units"] / alerts,
        further=units["write units for size"] / alerts,
        reads=units["dynamodb read units"] / alerts,
        log=units["log bytes"] / alerts,
        lambda_log=units["lambda log bytes"] / alerts,
        invocations=invocations / alerts,
        claude=units["claude calls"] / alerts,
        tick=(ticked["dynamodb write units"] - 1) / alerts,
    )


def _tick(pipeline: Town) -> None:
    """One tick after the incident became due; its own heartbeat is nobody's alert."""
    pipeline.settle(120)
    pipeline.tick()

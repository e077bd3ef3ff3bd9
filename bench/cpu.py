"""Processor time of one alert's way through our own code, without any network or AWS.

``__main__`` prints it in units of ``json.loads`` of the same body, which any handler pays.
"""

import json
import random
import time
import timeit
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from bench.imports import REPOSITORY
from bench.memory import Discarding, MemoryStore
from property.random_incidents import random_incident
from responder.alert import Alert, Scope
from responder.analysis.freshness import Makers
from responder.delivery import card
from responder.incident import Incident
from responder.intake import parse
from responder.policy.matching import Matcher
from responder.policy.silence import Silence, Silences
from responder.protocols import identities, items
from responder.protocols.record import Recorder
from responder.signature import signature

SAMPLES = (
    "generic/firing.json",
    "alertmanager/firing.json",
    "cloudwatch/sns_alarm.json",
    "unknown/unfamiliar.json",
)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HEADERS = {"content-type": "application/json"}
REPEATS = 5
INCIDENTS = 2_000
SILENCES = 10_000
FORMS = (
    "service=svc{}",
    "title=~disk.{}.is.*",
    "environment=prod title!=x service=svc{}",
    "environment=prod label.pod=~web-{}-.*",
    "service!=other{} title=~.+",
)


@dataclass(frozen=True)
class Cost:
    """Microseconds of processor time of each step for one sample of one alert.

    ``opened`` records the first alert of an incident, ``repeated`` another one of an open
    incident; both contain the signature.
    """

    json_loads: float
    parse: float
    signature: float
    opened: float
    repeated: float
    render: float

    def ratios(self) -> dict[str, float]:
        """The steps in units of ``json.loads``."""
        steps = asdict(self)
        whole = steps.pop("json_loads")
        return {step: microseconds / whole for step, microseconds in steps.items()}


@dataclass(frozen=True)
class Rendering:
    """Microseconds of processor time of random hostile incidents' cards.

    The unit is ``json.dumps`` of the median card; ``slow`` is what 95 of 100 stay below.
    """

    json_dumps: float
    median: float
    slow: float


def measure() -> dict[str, Cost]:
    """The cost of every sample."""
    return {name: _cost((REPOSITORY / "events" / name).read_bytes()) for name in SAMPLES}


def rendering() -> Rendering:
    """The cards of ``INCIDENTS`` hostile incidents of any shape, each as fast as it ever was."""
    incidents = [random_incident(random.Random(seed)) for seed in range(INCIDENTS)]  # noqa: S311 - a seed
    cards = [card.render(incident, NOW) for incident in incidents]
    render = sorted(_fastest(incidents, lambda incident: card.render(incident, NOW)))
    dumps = sorted(_fastest(cards, lambda one: json.dumps([one.text, one.blocks])))
    middle = INCIDENTS // 2
    return Rendering(
        json_dumps=dumps[middle], median=render[middle], slow=render[INCIDENTS * 95 // 100]
    )


def silencing() -> dict[str, float]:
    """Microseconds of one question to many silences, by the form in which all are written."""
    asked = random_incident(random.Random(1)).model_copy(  # noqa: S311 - a seed
        update={
            "title": "disk 77 is full",
            "service": "svc77",
            "scope": Scope(environment="prod"),
            "labels": {"pod": "web-77-abc"},
        }
    )
    found = {}
    for form in FORMS:
        silences = Silences(_silence(form, number) for number in range(SILENCES))
        found[form] = _microseconds(partial(silences.find, asked, NOW))
    return found


def _silence(form: str, number: int) -> Silence:
    return Silence(
        id=str(number),
        matchers=tuple(map(Matcher.parse, form.format(number).split())),
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        comment="bench",
    )


def _fastest[T](subjects: Sequence[T], act: Callable[[T], object]) -> list[float]:
    best = [float("inf")] * len(subjects)
    for _ in range(REPEATS):
        for number, subject in enumerate(subjects):
            started = time.process_time_ns()
            act(subject)
            best[number] = min(best[number], (time.process_time_ns() - started) / 1_000)
    return best


def _cost(body: bytes) -> Cost:
    (alert,) = parse(body, HEADERS, received_at=NOW)
    incident = _opened(alert)
    return Cost(
        json_loads=_microseconds(lambda: json.loads(body)),
        parse=_microseconds(lambda: parse(body, HEADERS, received_at=NOW)),
        signature=_microseconds(lambda: signature(alert)),
        opened=_microseconds(lambda: _record(_recorder(MemoryStore()), alert)),
        repeated=_microseconds(_repeating(alert)),
        render=_microseconds(lambda: card.render(incident, NOW)),
    )


def _repeating(alert: Alert) -> Callable[[], None]:
    recorder = _recorder(MemoryStore())
    _record(recorder, alert)
    numbers = count(1)

    def repeat() -> None:
        number = next(numbers)
        later = {
            "alert_id": f"{alert.alert_id}-{number}",
            "event_at": alert.event_at + timedelta(milliseconds=number),
        }
        _record(recorder, alert.model_copy(update=later))

    return repeat


def _opened(alert: Alert) -> Incident:
    store = MemoryStore()
    _record(_recorder(store), alert)
    key = identities.arrive(alert, "", "shared").incident_key
    found = items.load(store, items.incident_item(f"{key}.1"), Incident)
    if found is None:
        raise RuntimeError(f"{alert.title} opened no incident")
    return found


def _recorder(store: MemoryStore) -> Recorder:
    nowhere = Discarding()
    return Recorder(
        store,
        nowhere,
        nowhere,
        lambda: NOW,
        lambda alert, trace: identities.arrive(alert, trace, "shared"),
        makers=Makers((), ""),
    )


def _record(recorder: Recorder, alert: Alert) -> None:
    recorder.record([recorder.arrive(alert, "bench")])


def _microseconds(step: Callable[[], object]) -> float:
    """The fastest of several runs: what disturbs a run only ever makes it slower."""
    timer = timeit.Timer(step, timer=time.process_time)
    number, _ = timer.autorange()
    return min(timer.repeat(REPEATS, number)) / number * 1e6

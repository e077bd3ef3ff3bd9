"""What our own code adds to an analysis: from the message on the queue to the announced result.

The lane, the store's adapter, the context with every source, the prompt and the reading of the
answer are the real ones. DynamoDB and SQS are in memory and ``far.AWAY`` away, Claude answers at
once: what is left is round trips and processor time.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import prompt_corpus
from bench.far import AWAY, TABLES, FarTables
from bench.imports import REPOSITORY
from bench.memory import Discarding
from responder.adapters.claude import Claude, Terms
from responder.adapters.dynamodb import DynamoStore
from responder.alert import Alert, Scope, Severity, Status
from responder.analysis import prompt
from responder.analysis.budget import Limits
from responder.analysis.context import Case
from responder.analysis.freshness import Makers
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import tiers
from responder.change import Change, ChangeState
from responder.contracts import AnalysisRequest, ChangeMessage
from responder.incident import Incident, Mark
from responder.ports import Outgoing, Queue, RunbookFile, Shelved, Store
from responder.protocols import context, feedback, identities, items
from responder.protocols.analyse import Investigator
from responder.protocols.changes import Historian
from responder.protocols.episode import Arrival
from responder.protocols.record import Recorder
from responder.protocols.runbooks import Library
from responder.protocols.spending import Spending

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SMALL, LARGE = "claude-haiku-5-5", "claude-sonnet-5-5"
MAKERS = Makers(frozenset({SMALL, LARGE}), prompt.PROMPT_VERSION)
RUNBOOKS = REPOSITORY / "tests" / "corpus" / "runbooks"
ANALYSES = 60
#: The first ones of a process compile patterns and import modules.
WARMING = 5
#: Incidents that are open in the same place meanwhile.
OPEN = 50
ANSWER = json.dumps(
    {
        "headline": "orders: /var on db-1 is nearly full",
        "summary": "The log directory fills the volume of the database [message].",
        "severity": "HIGH",
        "confidence": "high",
        "checks": [{"text": "See what grows", "command": "du -xh /var | sort -h | tail"}],
    }
)


@dataclass(frozen=True)
class Added:
    """Milliseconds of one analysis; ``trip`` is one call of the store, measured beside them.

    ``calls`` are those of one analysis by name, SQS included; ``cpu`` is all threads' time.
    """

    analyses: int
    trip: float
    median: float
    slow: float
    cpu: float
    calls: dict[str, float]


class FarQueues(Discarding):
    """Queues that are as far away as the tables."""

    def __init__(self, calls: Counter[str]) -> None:
        """``calls`` counts."""
        self._calls = calls

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """As ``ports.Queues``."""
        self._calls["SendMessage"] += 1
        time.sleep(AWAY)


class AtOnce:
    """A way in to a Claude that has its answer ready."""

    def client(self) -> Any:  # noqa: ANN401 - what is used of the SDK's client
        """Itself."""
        return self

    @property
    def messages(self) -> Any:  # noqa: ANN401 - the same
        """Itself."""
        return self

    def create(self, **_: object) -> dict[str, Any]:
        """The answer."""
        return {
            "content": [{"type": "text", "text": ANSWER}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 2500, "output_tokens": 300},
        }

    def renew(self) -> None:
        """Never needed."""

    def terms(self, model: str) -> Terms:
        """The API's own."""
        return Terms(model)


class Unguarded:
    """No circuit breaker."""

    def call(self, action: Any) -> Any:  # noqa: ANN401 - as ``adapters.claude.Guard``
        """Run ``action``."""
        return action()


class Shelf:
    """The runbooks of the tests."""

    def read(self) -> Shelved:
        """As ``ports.Shelf``."""
        files = sorted(RUNBOOKS.glob("*.md"))
        return Shelved([RunbookFile(one.name, one.read_text("utf-8"), NOW) for one in files])


class House:
    """A process that is warm, and tables with all that an analysis asks for."""

    def __init__(self) -> None:
        """Open incidents, changes, and runbooks in memory."""
        self.client = FarTables()
        self.store: Store = DynamoStore(self.client, TABLES, NOW.timestamp)  # type: ignore[arg-type]
        telemetry, queues = Discarding(), FarQueues(self.client.calls)
        library = Library(Shelf(), telemetry, _now)
        library.read()
        self._recorder = Recorder(self.store, queues, telemetry, _now, _arrive, MAKERS)
        owners = count()
        self.investigator = Investigator(
            store=self.store,
            queues=queues,
            analyst=Claude(AtOnce(), tiers(SMALL, LARGE), Unguarded(), _now),
            telemetry=telemetry,
            now=_now,
            new_owner=lambda: f"owner{next(owners)}",
            lease_lasts=timedelta(seconds=60),
            patience=timedelta(minutes=10),
            spending=Spending(self.store, telemetry, _now, Limits(1_000_000, 1_000_000)),
            makers=MAKERS,
            context=context.gatherer(self.store, telemetry, library.known).gather,
            stack="bench",
            runbooks=library.current,
        )
        for number in range(OPEN):
            self._record(_alert(f"open{number}"))
        historian = Historian(self.store, telemetry, _now)
        for number in range(10):
            historian.remember(ChangeMessage(change=_change(number)))

    def problem(self, number: int) -> AnalysisRequest:
        """A new incident of a problem with a history, of which people have said something."""
        name = f"problem{number}"
        opened = self._record(_alert(name))
        for episode in (1, 2, 3):
            past = opened.model_copy(
                update={
                    "incident_id": f"{opened.key}.{episode}",
                    "episode": episode,
                    "due_at": None,
                }
            )
            self._put(past)
        incident = opened.model_copy(update={"incident_id": f"{opened.key}.4", "episode": 4})
        self._put(incident)
        said = feedback.of(incident, Mark.RIGHT, "op", "it was the log", NOW)
        feedback.give(self.store, FarQueues(Counter()), said)
        return AnalysisRequest(
            cache_key=incident.cache_key, incident_id=incident.incident_id, first_sent=NOW
        )

    def analysed(self, request: AnalysisRequest) -> bool:
        """Whether the incident has Claude's verdict."""
        found = items.load(self.store, items.incident_item(request.incident_id), Incident)
        return found is not None and not found.analysis.is_fallback

    def trip(self) -> float:
        """Seconds of one call of the store."""
        began = time.perf_counter()
        self.store.read([items.state_item("nothing")])
        return time.perf_counter() - began

    def _record(self, alert: Alert) -> Incident:
        self._recorder.record([_arrive(alert, "bench")])
        key = _arrive(alert, "").incident_key
        found = items.load(self.store, items.incident_item(f"{key}.1"), Incident)
        if found is None:
            raise RuntimeError(f"{alert.title} opened no incident")
        return found

    def _put(self, incident: Incident) -> None:
        key = items.incident_item(incident.incident_id)
        items.change(self.store, key, Incident, lambda _: incident, NOW)


def prompts() -> dict[str, float]:
    """Estimated tokens of the fixed part, of the sample corpus, and with all the context above."""
    sizes = sorted(map(prompt_corpus.tokens, prompt_corpus.load()))
    house = House()
    request = house.problem(0)
    incident = items.load(house.store, items.incident_item(request.incident_id), Incident)
    if incident is None:
        raise RuntimeError("the incident is gone")
    full = Case(incident=incident, context=house.investigator.context(incident))
    fixed = len(prompt.VERSIONS[prompt.PROMPT_VERSION].encode()) + len(json.dumps(SCHEMA))
    return {
        "fixed, cached": fixed / prompt_corpus.BYTES_PER_TOKEN,
        f"{len(sizes)} samples, median": sizes[len(sizes) // 2],
        f"{len(sizes)} samples, largest": sizes[-1],
        "with history, siblings, changes, runbooks": prompt_corpus.tokens(full),
    }


def measure() -> Added:
    """``ANALYSES`` of them, one after the other."""
    house = House()
    requests = [house.problem(number) for number in range(ANALYSES + WARMING)]
    for request in requests[:WARMING]:
        house.investigator.handle(request)
    trips = sorted(house.trip() for _ in range(ANALYSES))
    house.client.calls.clear()
    took, cpu = [], time.process_time()
    for request in requests[WARMING:]:
        began = time.perf_counter()
        house.investigator.handle(request)
        took.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    calls = {name: number / ANALYSES for name, number in sorted(house.client.calls.items())}
    if not all(house.analysed(request) for request in requests):
        raise RuntimeError("an incident was left without its analysis")
    took.sort()
    return Added(
        analyses=ANALYSES,
        trip=1000 * trips[ANALYSES // 2],
        median=1000 * took[ANALYSES // 2],
        slow=1000 * took[ANALYSES * 95 // 100],
        cpu=1000 * cpu / ANALYSES,
        calls=calls,
    )


def _now() -> datetime:
    return NOW


def _arrive(alert: Alert, trace: str) -> Arrival:
    return identities.arrive(alert, trace, "shared")


def _alert(name: str) -> Alert:
    return Alert(
        alert_id=name,
        source="alertmanager",
        fingerprint=name,
        rule=f"Disk{name}",
        title=f"disk of the database is full ({name})",
        message="Filesystem /var on db-1 has 3.2% left; service orders cannot write.",
        severity=Severity.HIGH,
        status=Status.FIRING,
        event_at=NOW,
        received_at=NOW,
        service="orders",
        scope=Scope(account="123456789012", environment="prod", region="eu-central-1"),
        labels={"mountpoint": "/var", "instance": "db-1:9100", "team": "storage"},
        links={"graph": "https://prometheus.example.com/graph?g0=disk"},
    )


def _change(number: int) -> Change:
    moment = NOW - timedelta(minutes=number)
    return Change(
        change_id=f"c{number}",
        source="github",
        service="orders",
        what=f"deployment {number}",
        state=ChangeState.SUCCEEDED,
        at=moment,
        state_at=moment,
        scope=Scope(environment="prod"),
    )

"""The sample corpus of prompts: an incident for every alert of ``events/``, and every eval case."""

import json
from pathlib import Path

from desk import Desk
from examples import MAKERS
from responder.alert import Alert, Status
from responder.analysis import prompt
from responder.analysis.context import Case
from responder.analysis.schema import SCHEMA
from responder.protocols import identities
from responder.protocols.episode import Arrival
from responder.protocols.record import Recorder
from responder_cli.eval import cases
from samples import EVENTS, alerts

EVALS = Path(__file__).parent / "evals"
#: A rule of thumb for English text and JSON; Claude's own count needs Claude.
BYTES_PER_TOKEN = 4


def load() -> list[Case]:
    """All of them."""
    files = sorted(EVENTS.rglob("*.json"))
    sent = [one for file in files for one in alerts(str(file.relative_to(EVENTS)))]
    firing = [one for one in sent if one.status is Status.FIRING]
    return [*map(_opened, firing), *(one.case for one in cases.load(EVALS))]


def tokens(case: Case) -> float:
    """About how many tokens a prompt has, its instructions and the answer's schema included."""
    return (prompt.build(case).size_bytes + len(json.dumps(SCHEMA))) / BYTES_PER_TOKEN


def _opened(alert: Alert) -> Case:
    desk = Desk()
    recorder = Recorder(desk.store, desk.queues, desk.telemetry, desk.now, _arrive, MAKERS)
    desk.recorder = recorder
    desk.record(alert)
    return Case(incident=desk.incident(f"{_arrive(alert, '').incident_key}.1"))


def _arrive(alert: Alert, trace: str) -> Arrival:
    return identities.arrive(alert, trace, "environment")

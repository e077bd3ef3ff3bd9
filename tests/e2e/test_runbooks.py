"""Runbooks on the deployed stack: from an operator's folder to what Claude is told."""

import json
from itertools import count
from pathlib import Path

import pytest

from e2e.pipeline import Pipeline, wait_until
from responder.protocols.runbooks import MAX_AGE

pytestmark = pytest.mark.e2e_long

CORPUS = Path(__file__).parents[1] / "corpus/runbooks"
#: A process that has read the empty bucket reads it again after so long.
PATIENCE = MAX_AGE.total_seconds() + 60


def test_a_pushed_runbook_is_found_by_the_next_alerts(pipeline: Pipeline) -> None:
    assert "5 written" in pipeline.responder("runbook", "push", str(CORPUS))
    assert "5 as before" in pipeline.responder("runbook", "push", str(CORPUS))

    listed = pipeline.asked("runbook", "list")["runbooks"]
    told = pipeline.client("lambda").invoke(
        FunctionName=pipeline.stack.outputs["AnalysisFunctionName"],
        Payload=json.dumps({"synthetic": True}),
    )
    checked = json.load(told["Payload"])
    assert checked["runbooks"] == f"{sum(one['passages'] for one in listed)} passages"

    numbers = count()

    def analysed() -> tuple[str, ...]:
        alert = {"source": "e2e", "title": "DLQ has messages", "service": f"s{next(numbers)}"}
        alert_id = pipeline.accept(json.dumps(alert | {"severity": "HIGH"}).encode())
        incident = wait_until(
            lambda: pipeline.incident_of(alert_id),
            lambda one: one is not None and not one.analysis.is_fallback,
            60,
        )
        assert incident is not None
        return incident.analysis.runbooks

    wait_until(analysed, lambda runbooks: runbooks, PATIENCE)

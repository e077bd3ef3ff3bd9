"""The operators' commands on the deployed stack: look up, follow, clear, tune, roll back."""

import json

import pytest

from e2e.pipeline import Pipeline, wait_until
from e2e.versions import live, publish_newer

pytestmark = pytest.mark.e2e_long

PATIENCE = 60


def test_one_alert_is_looked_up_and_followed_by_every_command(pipeline: Pipeline) -> None:
    body = {"source": "e2e", "title": "Belt stopped", "service": "parcels", "severity": "HIGH"}
    alert_id = pipeline.accept(json.dumps(body).encode())
    incident = wait_until(
        lambda: pipeline.incident_of(alert_id),
        lambda one: one is not None and not one.analysis.is_fallback,
        PATIENCE,
    )
    assert incident is not None
    incident_id = incident.incident_id

    found = pipeline.asked("alerts", "query", "--service", "parcels", "--severity", "HIGH")
    assert [one["alert_id"] for one in found["alerts"]] == [alert_id]
    assert pipeline.asked("alerts", "show", alert_id)["incident_id"] == incident_id
    assert "Belt stopped" in pipeline.responder("alerts", "show", alert_id, "--raw")

    assert [one["incident_id"] for one in pipeline.asked("incidents", "list")] == [incident_id]
    story = wait_until(
        lambda: pipeline.asked("incidents", "show", alert_id),
        lambda one: one["card_link"],
        PATIENCE,
    )
    assert [one["alert_id"] for one in story["alerts"]] == [alert_id]

    steps = [one["step"] for one in pipeline.asked("logs", alert_id)]
    assert steps[0] == "Accepted"
    assert {"Claude analysis", "Card posted"} <= set(steps)
    assert "Card posted" in pipeline.responder("tail", "--once", "--since", "5m")

    assert pipeline.asked("cache", "stats")["states"]["fresh"] == 1
    cleared = pipeline.asked("cache", "clear", "--signature", incident.signature, "--yes")
    assert cleared == {"found": 1, "cleared": 1, "left": []}
    (warmed,) = pipeline.asked("cache", "warm", "--yes")
    assert warmed["asked"]
    wait_until(
        lambda: pipeline.asked("cache", "stats")["states"],
        lambda states: states.get("fresh") == 1,
        PATIENCE,
    )


def test_secrets_are_accepted_by_the_local_slack(pipeline: Pipeline) -> None:
    found = {one["name"]: one for one in pipeline.asked("secrets", "check")}
    assert "Slack knows it" in found["slack-bot-token"]["reason"]


def test_a_function_is_tuned_and_its_live_version_stays(pipeline: Pipeline) -> None:
    before = live(pipeline)
    told = pipeline.asked(
        "tune", "memory", "analysis", "--sizes", "512,1769", "--times", "1", "--yes"
    )
    assert [one["size"] for one in told["sizes"]] == [512, 1769]
    assert live(pipeline) == before


def test_a_rollback_and_its_undoing_leave_a_stack_that_works(pipeline: Pipeline) -> None:
    first = live(pipeline)
    publish_newer(pipeline)
    pipeline.responder("rollback", "--yes")
    assert live(pipeline) == first
    body = {"source": "e2e", "title": "After the rollback", "severity": "LOW"}
    alert_id = pipeline.accept(json.dumps(body).encode())
    wait_until(lambda: pipeline.incident_of(alert_id), lambda one: one is not None, PATIENCE)
    pipeline.responder("rollback", "--undo", "--yes")
    assert live(pipeline) != first

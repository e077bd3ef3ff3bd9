"""What holds incidents on the deployed stack: from the command to the card at its end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from e2e.payloads import problem
from e2e.pipeline import Pipeline, wait_until
from responder.errors import Reason
from responder.incident import Incident

pytestmark = pytest.mark.e2e_long

#: The lanes read what operators wrote again after ten seconds.
OBEYED_WITHIN = 40
#: The tick reviews what is held every minute.
SHOWN_WITHIN = 180


def test_what_a_silence_holds_is_shown_at_its_end_if_it_still_fires(pipeline: Pipeline) -> None:
    added = pipeline.responder(
        *("silence", "add", "title=~Conveyor hushed .*", "--for", "1h", "--comment", "new belts")
    )
    held = held_by(Reason.SILENCED, pipeline, lambda number: problem("hushed", number))
    calls = pipeline.claude()["calls"]
    pipeline.responder("silence", "expire", added.split()[1])
    assert "Still firing, and no longer under the silence" in card_of(pipeline, held)
    wait_until(lambda: pipeline.claude()["calls"], lambda now: now > calls, SHOWN_WITHIN)


def test_a_maintenance_window_holds_what_is_below_critical_until_its_end(
    pipeline: Pipeline,
) -> None:
    begun = datetime.now(UTC) - timedelta(hours=1)
    added = pipeline.responder(
        *("window", "add", "title=~Conveyor parked .*", "--every", "day", "--at", f"{begun:%H:%M}"),
        *("--for", "3h", "--zone", "UTC", "--comment", "belts are changed"),
    )
    held = held_by(
        Reason.MAINTENANCE, pipeline, lambda number: problem("parked", number, severity="HIGH")
    )
    grave = pipeline.accept(problem("parked", 1001, severity="CRITICAL"))
    pipeline.shown([grave], OBEYED_WITHIN)
    without_card = pipeline.asked("incidents", "list", "--held")
    assert [one["incident_id"] for one in without_card] == [held.incident_id]
    pipeline.responder("window", "remove", added.split()[1])
    assert "Still firing, and no longer held by maintenance window" in card_of(pipeline, held)


def test_a_cause_mutes_its_symptom_until_it_is_resolved(pipeline: Pipeline) -> None:
    rule = {
        "name": "origin",
        "why": "the origin explains it",
        "source": ["title=~Conveyor origin .*"],
        "target": ["title=~Conveyor symptom .*"],
    }
    rules = pipeline.directory / "inhibitions.json"
    rules.write_text(json.dumps({"rules": [rule]}))
    pipeline.responder("inhibit", "apply", str(rules), "--yes")

    def symptom(number: int) -> bytes:
        # Rules take causes from their next alert on.
        cause = pipeline.accept(problem("origin", 1, severity="HIGH"))
        wait_until(lambda: pipeline.incident_of(cause), lambda one: one is not None, OBEYED_WITHIN)
        return problem("symptom", number, severity="HIGH")

    held = held_by(Reason.INHIBITED, pipeline, symptom)
    pipeline.accept(problem("origin", 1, severity="HIGH", status="resolved"))
    assert "Still firing after its cause was over" in card_of(pipeline, held)


def held_by(reason: Reason, pipeline: Pipeline, body: Callable[[int], bytes]) -> Incident:
    """The first new problem that is held for ``reason``; it has no card, as others have."""
    numbers = iter(range(1, 1000))

    def another() -> Incident:
        alert_id = pipeline.accept(body(next(numbers)))
        found = wait_until(lambda: pipeline.incident_of(alert_id), lambda one: one is not None, 20)
        assert found is not None
        return found

    held = wait_until(another, lambda one: one.held == reason, OBEYED_WITHIN)
    loud = pipeline.accept(problem(f"loud {reason.value}", 1))
    pipeline.shown([loud], OBEYED_WITHIN)
    pipeline.idle()
    assert held.incident_id not in pipeline.messages()
    return held


def card_of(pipeline: Pipeline, held: Incident) -> str:
    """The one card of what was held, once it is there."""
    shown = wait_until(
        lambda: pipeline.messages().get(held.incident_id, []), lambda found: found, SHOWN_WITHIN
    )
    assert len(shown) == 1
    return str(shown[0]["blocks"])

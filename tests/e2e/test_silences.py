"""A silence on the deployed stack: from the operator's command to the card at its end."""

import pytest

from e2e.payloads import problem
from e2e.pipeline import Pipeline, wait_until
from responder.errors import Reason
from responder.incident import Incident

pytestmark = pytest.mark.e2e_long

#: The lanes read the silences again after ten seconds.
OBEYED_WITHIN = 40
#: The tick reviews what is silenced every minute.
SHOWN_WITHIN = 180


def test_what_a_silence_holds_is_shown_at_its_end_if_it_still_fires(pipeline: Pipeline) -> None:
    added = pipeline.responder(
        *("silence", "add", "title=~Conveyor hushed .*", "--for", "1h", "--comment", "new belts")
    )
    numbers = iter(range(1, 1000))
    held = wait_until(
        lambda: incident_of_new_problem(pipeline, next(numbers)),
        lambda one: one.held == Reason.SILENCED,
        OBEYED_WITHIN,
    )
    loud = pipeline.accept(problem("loud", 1))
    pipeline.shown([loud], OBEYED_WITHIN)
    pipeline.idle()
    assert held.incident_id not in pipeline.messages()
    calls = pipeline.claude()["calls"]

    pipeline.responder("silence", "expire", added.split()[1])
    shown = wait_until(
        lambda: pipeline.messages().get(held.incident_id, []), lambda found: found, SHOWN_WITHIN
    )
    assert len(shown) == 1
    assert "Still firing at the end of a silence" in str(shown[0]["blocks"])
    wait_until(lambda: pipeline.claude()["calls"], lambda now: now > calls, SHOWN_WITHIN)


def incident_of_new_problem(pipeline: Pipeline, number: int) -> Incident:
    """A problem that nobody had before, once it is recorded."""
    alert_id = pipeline.accept(problem("hushed", number))
    found = wait_until(lambda: pipeline.incident_of(alert_id), lambda one: one is not None, 20)
    assert found is not None
    return found

"""Whatever claims to be a change is read or left to the alerts; the order of events is nothing."""

import json
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from property.test_intake_any_input import mutated
from responder.change import Change, ChangeState
from responder.contracts import AlertMessage, ChangeMessage, carries_change
from responder.intake.registry import read
from responder.policy.changes import remembered
from samples import EVENTS, JSON, NOW

TOOLS = ("cloudformation", "codedeploy", "github", "gitlab", "argocd", "flux")
SAMPLES = sorted(path for tool in TOOLS for path in (EVENTS / tool).glob("*.json"))


@settings(max_examples=500)
@given(st.data())
def test_any_mutation_is_accepted_as_something(data: st.DataObject) -> None:
    value = json.loads(data.draw(st.sampled_from(SAMPLES)).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        value = mutated(value, data)
    if not isinstance(value, dict | list):
        return
    found = read(json.dumps(value).encode(), JSON, received_at=NOW)
    assert found.alerts or found.changes or found.nothing or found.not_alerts
    for alert in found.alerts:
        assert not any("reader failed" in note for note in alert.truncated)
        assert not carries_change(AlertMessage(alert=alert).model_dump_json())
    for change in found.changes:
        assert change.state is not ChangeState.FAILED or found.alerts
        assert change.at <= change.state_at <= NOW
        message = ChangeMessage(change=change).model_dump_json()
        assert carries_change(message)
        assert ChangeMessage.model_validate_json(message).change == change
        assert len(message.encode()) < 4_000


def event(change_id: str, state: ChangeState, minute: int) -> Change:
    at = NOW + timedelta(minutes=minute)
    return Change(
        change_id=change_id, source="s", service="x", what="w", state=state, at=at, state_at=at
    )


events = st.builds(
    event, st.sampled_from("abc"), st.sampled_from(list(ChangeState)), st.integers(0, 20)
)


@given(st.lists(events, max_size=10), st.data())
def test_events_in_any_order_and_number_leave_the_same(
    told: list[Change], data: st.DataObject
) -> None:
    def after(these: list[Change]) -> tuple[Change, ...]:
        known: tuple[Change, ...] = ()
        for one in these:
            known = remembered(known, one, NOW)
        return known

    again = data.draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    assert after(data.draw(st.permutations([*told, *again]))) == after(told)
    assert len({one.change_id for one in after(told)}) == len(after(told))

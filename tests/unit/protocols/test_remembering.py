"""Changes are remembered once, whatever is delivered again, and told to Claude."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert
from faults.world import START
from responder.alert import Alert, Scope
from responder.analysis.context import Context, Preceding
from responder.analysis.prompt import build
from responder.change import Change, ChangeState
from responder.contracts import ChangeMessage
from responder.errors import Retryable
from responder.incident import IncidentState
from responder.intake.registry import read
from responder.protocols import items
from responder.protocols.changes import Changes, Historian, RecentChanges, changes_item
from samples import JSON, NOW, sample
from unit.protocols.analysing import ID, handle

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def change(change_id: str = "ch-1", **more: object) -> Change:
    fields: dict[str, object] = {
        "change_id": change_id,
        "source": "github",
        "service": "checkout",
        "what": "deployment to production",
        "state": ChangeState.STARTED,
        "at": START - 4 * MINUTE,
        "state_at": START - 4 * MINUTE,
        "scope": Scope(environment="production"),
    }
    return Change.model_validate(fields | more)


def remember(desk: Desk, one: Change) -> None:
    Historian(desk.store, desk.telemetry, desk.now).remember(ChangeMessage(change=one))


def listed(desk: Desk, name: str) -> list[Change]:
    found = items.load(desk.store, changes_item(name), Changes)
    return list(found.changes) if found else []


def test_one_transaction_puts_it_into_all_its_lists(desk: Desk) -> None:
    remember(desk, change())
    for name in ("service#checkout", "environment#prod", "everywhere"):
        assert listed(desk, name) == [change()]
    assert desk.telemetry.counts["ChangesRecorded"] == 1


def test_the_same_event_twice_is_one_change_and_held_as_a_duplicate(desk: Desk) -> None:
    remember(desk, change())
    written = list(desk.store.written)
    remember(desk, change())
    assert listed(desk, "everywhere") == [change()]
    assert desk.store.written == written
    assert desk.telemetry.counts["ChangesHeld:duplicate"] == 1
    assert desk.telemetry.counts["ChangesRecorded"] == 1


def test_its_end_is_news_of_the_same_change(desk: Desk) -> None:
    remember(desk, change())
    done = change(state=ChangeState.SUCCEEDED, at=START, state_at=START, by="alice")
    remember(desk, done)
    (found,) = listed(desk, "service#checkout")
    assert (found.state, found.at, found.by) == (ChangeState.SUCCEEDED, START - 4 * MINUTE, "alice")


def test_of_two_workers_with_one_list_both_changes_stand(desk: Desk) -> None:
    desk.store.meanwhile = lambda: remember(desk, change("ch-2"))
    remember(desk, change("ch-1"))
    assert {one.change_id for one in listed(desk, "everywhere")} == {"ch-1", "ch-2"}


def test_what_could_not_be_written_is_delivered_again(desk: Desk) -> None:
    desk.store.refuses = "changes#"
    with pytest.raises(Retryable):
        remember(desk, change())
    assert desk.telemetry.counts["ChangesRecorded"] == 0
    desk.store.refuses = ""
    remember(desk, change())
    assert listed(desk, "everywhere") == [change()]


def test_lists_outlive_what_stands_in_them_and_no_more(desk: Desk) -> None:
    write = items.write_of(changes_item("everywhere"), Changes(), 0, START)
    assert write.expires_at == START + timedelta(days=14)


def test_no_incident_opens(desk: Desk) -> None:
    remember(desk, change(state=ChangeState.FAILED))
    assert desk.announced() == []
    assert desk.requested() == []
    assert not [key for key in desk.store.items if "incident" in key.id]


def test_a_failed_deployment_has_a_card_until_the_next_one_succeeds(desk: Desk) -> None:
    def deployed(how: str) -> list[Alert]:
        return list(read(sample(f"codedeploy/{how}.json"), JSON, received_at=NOW).alerts)

    desk.record(*deployed("succeeded"))
    assert desk.announced() == []
    assert desk.telemetry.counts["AlertsHeld:resolve_without_firing"] == 1
    (failed,) = deployed("failed")
    later = failed.model_copy(update={"event_at": NOW, "alert_id": "later"})
    desk.record(later)
    ((incident_id, _),) = desk.announced()
    (succeeded,) = deployed("succeeded")
    desk.record(succeeded.model_copy(update={"event_at": NOW + MINUTE, "alert_id": "at last"}))
    assert desk.incident(incident_id).state is IncidentState.RESOLVED


def test_claude_is_told_of_the_change_before_the_incident(desk: Desk) -> None:
    remember(desk, change(revision="2.14.0", by="alice", link="https://ci.example.com/7"))
    remember(desk, change("ch-2", scope=Scope(environment="staging")))
    desk.record(alert("a1", service="checkout"))
    handle(desk)
    (told,) = desk.claude.cases
    facts = build(told).facts
    assert facts["change.1"] == (
        "began 4 min 0 s before the incident, deployment to production of checkout: started "
        f"{(START - 4 * MINUTE).isoformat()}, version 2.14.0, by alice, told by github, "
        "https://ci.example.com/7"
    )
    assert "change.2" not in facts
    assert "https://ci.example.com/7" in build(told).links


def test_an_incident_without_a_service_is_told_of_the_place(desk: Desk) -> None:
    account = Scope(account="123456789012")
    remember(desk, change(scope=account, service="network"))
    desk.record(alert("a1", scope=account))
    it = desk.incident("v1:disk|.1")
    found = RecentChanges(desk.store)(it, Context())
    assert [one.change.service for one in found.changes] == ["network"]


def test_what_came_after_it_began_is_told_as_such(desk: Desk) -> None:
    remember(desk, change(at=START + 90 * MINUTE, state_at=START + 90 * MINUTE))
    desk.record(alert("a1", service="checkout"))
    (found,) = RecentChanges(desk.store)(desk.incident(ID), Context()).changes
    assert found.seconds_before == -5400
    assert found.told().startswith("began 1 h 30 min after the incident")
    assert desk.incident(ID).state is IncidentState.OPEN


def test_no_half_of_a_link_is_told() -> None:
    link = "https://ci.example.com/" + "x" * 98
    assert Preceding(change=change(link=link[:120]), seconds_before=0).told().endswith("xx")
    assert "https" not in Preceding(change=change(link=link), seconds_before=0).told()

"""An analysis that is there already: when Claude is asked again, and what stays meanwhile."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from desk import Desk
from examples import alert
from responder.alert import Scope, Severity
from responder.cache_entry import CacheState
from responder.change import Change, ChangeState
from responder.contracts import ChangeMessage
from responder.errors import Permanent, Reason
from responder.ports import Queue
from responder.protocols.changes import Historian, changes_item
from unit.protocols.analysing import DEV, ID, UNAVAILABLE, awaiting, handle, refusal, request


class ListOfAnotherVersion(BaseModel):
    """As a version to come may write it."""

    changes: tuple[str, ...]


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def test_a_refresh_is_counted(desk: Desk) -> None:
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 0
    desk.later(days=30)
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 1


def test_a_critical_incident_is_refreshed_by_the_larger_model_once(desk: Desk) -> None:
    handle(desk)
    desk.put_incident(desk.incident().model_copy(update={"severity": Severity.CRITICAL}))
    handle(desk)
    handle(desk)
    assert desk.claude.asked == [(ID, "small"), (ID, "large")]
    assert desk.incident().analysis.tier == "large"


@pytest.fixture
def of_yesterday() -> Desk:
    """A mild incident, and its analysis, which is a day old."""
    desk = awaiting(severity=Severity.INFO)
    handle(desk)
    desk.later(hours=30)
    return desk


@pytest.mark.parametrize(("severity", "asks"), [(Severity.HIGH, [ID]), (Severity.LOW, [])])
def test_a_rise_asks_anew_where_the_analysis_is_too_old_for_it(
    of_yesterday: Desk, severity: Severity, asks: list[str]
) -> None:
    desk = of_yesterday
    desk.record(alert("a2", at=108_000, severity=severity))
    assert desk.requested() == asks
    for incident_id in asks:
        handle(desk, incident_id)
        assert desk.incident().analysis.headline == "verdict 2"


def test_a_rise_does_not_ask_for_what_could_not_be_renewed_just_now(of_yesterday: Desk) -> None:
    desk = of_yesterday
    desk.record(alert("a2", at=108_000, severity=Severity.MEDIUM))
    assert desk.requested() == [ID]
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    desk.record(alert("a3", at=108_010, severity=Severity.HIGH))
    assert desk.requested() == []
    desk.later(minutes=6)
    desk.record(alert("b1", fingerprint="f2", at=108_400, scope=Scope(environment="dev")))
    assert desk.requested() == [DEV]


def test_a_graver_incident_is_served_what_a_milder_one_left_and_has_it_renewed(
    of_yesterday: Desk,
) -> None:
    desk = of_yesterday
    desk.record(alert("b1", fingerprint="f2", at=108_000, scope=Scope(environment="dev")))
    assert desk.incident(DEV).analysis.headline == "verdict 1"
    assert desk.requested() == [DEV]
    handle(desk, DEV)
    assert desk.incident(DEV).analysis.headline == "verdict 2"


def stale(desk: Desk) -> None:
    """An incident that was served a stale analysis of Claude, whose refresh is asked for."""
    handle(desk)
    desk.put_entry(desk.entry().model_copy(update={"fresh_until": desk.now()}))


def test_a_stale_analysis_is_refreshed(desk: Desk) -> None:
    stale(desk)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 2"


def test_a_refresh_that_waits_keeps_the_stale_analysis(desk: Desk) -> None:
    stale(desk)
    desk.claude.errors = [UNAVAILABLE]
    handle(desk)
    assert desk.entry().state is CacheState.DONE
    assert desk.incident().analysis.headline == "verdict 1"


def test_a_refresh_that_is_given_up_leaves_the_stale_analysis_for_a_short_while(
    desk: Desk,
) -> None:
    stale(desk)
    before = desk.incident()
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    entry = desk.entry()
    assert desk.incident() == before
    assert entry.analysis == before.analysis
    assert entry.fresh_until == desk.now() + timedelta(minutes=5)


def test_a_refresh_whose_lease_was_lost_is_not_counted(desk: Desk) -> None:
    stale(desk)
    theirs = desk.entry().model_copy(
        update={
            "state": CacheState.PENDING,
            "owner": "other",
            "lease_until": desk.now() + timedelta(seconds=100),
        }
    )
    desk.claude.meanwhile = lambda: desk.put_entry(theirs)
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 0


def test_an_answer_that_was_cut_off_is_asked_for_once_more(desk: Desk) -> None:
    desk.claude.errors = [refusal(Reason.MALFORMED_ANSWER)] * 3
    handle(desk)
    for minute in range(1, 24 * 60):
        desk.later(minutes=1)
        desk.ticker.tick()
        if minute % 10 == 0:
            desk.record(alert(f"again{minute}", at=minute * 60))
        for incident_id in desk.requested():
            handle(desk, incident_id)
    assert desk.claude.asked == [(ID, "small")] * 2


@pytest.mark.parametrize("error", [refusal(), Permanent(Reason.MISCONFIGURED)])
def test_what_the_larger_model_refuses_is_not_asked_for_again_and_again(
    desk: Desk, error: Permanent
) -> None:
    handle(desk)
    desk.put_incident(desk.incident().model_copy(update={"severity": Severity.CRITICAL}))
    desk.claude.errors = [error]
    handle(desk)
    assert desk.requested() == []
    assert desk.incident().analysis.tier == "small"


def test_a_severity_raised_while_the_small_model_answered_asks_for_the_large_one(
    desk: Desk,
) -> None:
    sent = request(desk)

    def raised() -> None:
        before = desk.incident()
        desk.put_incident(
            before.model_copy(
                update={"severity": Severity.CRITICAL, "revision": before.revision + 1}
            )
        )

    desk.claude.meanwhile = raised
    desk.investigator.handle(sent)
    assert desk.incident().analysis.tier == "small"
    assert [m["incident_id"] for m, _ in desk.taken(Queue.ANALYSIS)] == [sent.incident_id]


def test_after_a_deployment_the_analysis_is_shown_and_asked_for_again(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"labels": {"version": "1"}}))
    handle(desk)
    desk.later(hours=1)
    scopes = (Scope(environment="dev"), Scope(environment="test"))
    for number, (version, scope) in enumerate(zip(("1", "2"), scopes, strict=True)):
        desk.record(
            alert(f"v{number}", fingerprint=f"v{number}", scope=scope, labels={"version": version})
        )
    assert desk.requested() == ["v1:disk|test.1"]
    handle(desk, "v1:disk|test.1")
    stored = desk.entry().analysis
    assert stored is not None
    assert stored.deployment == "2"


def told_of_a_change(desk: Desk, **changes: object) -> None:
    """Its deployment has just ended."""
    fields = {"change_id": "d", "source": "github", "service": "Checkout", "what": "deployment"}
    times = {"at": desk.now(), "state_at": desk.now()}
    change = Change.model_validate(fields | times | {"state": ChangeState.SUCCEEDED} | changes)
    Historian(desk.store, desk.telemetry, desk.now).remember(ChangeMessage(change=change))


def elsewhere(desk: Desk, environment: str) -> str:
    """The same problem opens an incident in another environment."""
    desk.later(hours=1)
    scope = Scope(environment=environment)
    desk.record(alert(environment, fingerprint=environment, scope=scope, service="checkout"))
    return f"v1:disk|{environment}.1"


def test_a_change_of_the_service_that_was_told_has_it_analysed_again_once() -> None:
    desk = awaiting(service="checkout")
    handle(desk)
    desk.later(minutes=1)
    told_of_a_change(desk)
    second = elsewhere(desk, "dev")
    assert desk.incident(second).analysis.headline == "verdict 1"
    assert desk.requested() == [second]
    handle(desk, second)
    assert desk.incident(second).analysis.headline == "verdict 2"
    third = elsewhere(desk, "test")
    assert desk.incident(third).analysis.headline == "verdict 2"
    assert desk.requested() == []


@pytest.mark.parametrize("changes", [{"service": "ledger"}, {"scope": Scope(environment="prod")}])
def test_a_change_of_another_service_or_place_makes_no_analysis_stale(
    changes: dict[str, object],
) -> None:
    desk = awaiting(service="checkout")
    handle(desk)
    desk.later(minutes=1)
    told_of_a_change(desk, **changes)
    elsewhere(desk, "dev")
    assert desk.requested() == []


def test_an_analysis_that_stands_has_its_services_changes_read_once() -> None:
    desk = awaiting(service="checkout")
    handle(desk)
    desk.later(hours=1)
    desk.store.asked.clear()
    handle(desk)
    assert len(desk.claude.asked) == 1
    assert desk.store.asked.count(changes_item("service#checkout")) == 1


def test_what_claude_did_not_make_has_them_read_for_its_context_alone() -> None:
    desk = awaiting(service="checkout")
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    desk.later(hours=1)
    desk.store.asked.clear()
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 2"
    assert desk.store.asked.count(changes_item("service#checkout")) == 1


def test_a_list_of_changes_that_cannot_be_read_makes_no_analysis_stale_and_holds_no_alert() -> None:
    desk = awaiting(service="checkout")
    handle(desk)
    desk.put(changes_item("service#checkout"), ListOfAnotherVersion(changes=("unreadable",)))
    second = elsewhere(desk, "dev")
    assert desk.incident(second).analysis.headline == "verdict 1"
    assert desk.requested() == []
    assert desk.telemetry.counts["ContextMissing:changes"] == 1


def test_a_waiter_that_deserves_the_larger_model_asks_for_it_once(desk: Desk) -> None:
    """It joined the call of an incident that deserved less, and so never asked itself."""
    critical = alert(
        "b1", fingerprint="f2", scope=Scope(environment="dev"), severity=Severity.CRITICAL
    )
    desk.claude.meanwhile = lambda: desk.record(critical)
    handle(desk)
    assert desk.incident(DEV).analysis.tier == "small"
    assert desk.requested() == [DEV]
    handle(desk, DEV)
    assert [tier for _, tier in desk.claude.asked] == ["small", "large"]
    assert desk.incident(DEV).analysis.tier == "large"
    assert desk.requested() == []


def test_a_waiter_that_is_told_again_asks_for_nothing(desk: Desk) -> None:
    critical = alert(
        "b1", fingerprint="f2", scope=Scope(environment="dev"), severity=Severity.CRITICAL
    )
    desk.claude.meanwhile = lambda: desk.record(critical)
    handle(desk)
    desk.requested()
    desk.put_entry(desk.entry().model_copy(update={"waiters": (DEV,)}))
    handle(desk)
    assert desk.requested() == []

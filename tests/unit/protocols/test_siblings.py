"""Which other open incidents Claude is told of."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, incident, resolve
from faults.world import START
from responder.alert import Scope, Severity
from responder.analysis.context import Context, Sibling
from responder.analysis.prompt import build
from responder.incident import IncidentState
from responder.protocols.siblings import LOOKED_AT, MOST_SIBLINGS, SHORTLY, Siblings
from unit.protocols.analysing import ID, handle

PROD = Scope(environment="prod")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def put(desk: Desk, name: str, after: timedelta = timedelta(0), **changes: object) -> None:
    opened = START + after
    fields: dict[str, object] = {
        "title": name,
        "scope": PROD,
        "opened_at": opened,
        "due_at": opened + timedelta(days=1),
    }
    desk.put_incident(incident(f"v1:{name}|prod.1", **(fields | changes)))


def titles(desk: Desk, **mine: object) -> list[str]:
    it = incident("v1:mine|prod.1", scope=PROD, **mine)
    return [one.title for one in Siblings(desk.store)(it, Context()).siblings]


def test_the_same_service_comes_first_then_the_nearest_in_time(desk: Desk) -> None:
    put(desk, "far", timedelta(hours=-1))
    put(desk, "near", timedelta(minutes=2))
    put(desk, "same, far", timedelta(hours=3), service="Check Out")
    assert titles(desk, service="check-out") == ["same, far", "near", "far"]


def test_no_service_is_not_the_same_service(desk: Desk) -> None:
    put(desk, "near", timedelta(minutes=1), service="cart")
    put(desk, "far", timedelta(minutes=9))
    assert titles(desk) == ["near", "far"]


def test_only_what_is_open_shortly_before_or_after_in_the_same_place(desk: Desk) -> None:
    put(desk, "yesterday", -SHORTLY - timedelta(seconds=1))
    put(desk, "resolved", state=IncidentState.RESOLVED)
    put(desk, "a test", synthetic=True)
    put(desk, "elsewhere", scope=Scope(environment="dev"))
    put(desk, "mine")
    put(desk, "anywhere", scope=Scope())
    put(desk, "there", -SHORTLY, scope=Scope(environment="production", region="eu-west-1"))
    assert titles(desk) == ["anywhere", "there"]


def test_no_more_than_the_most_telling_ones(desk: Desk) -> None:
    for number in range(MOST_SIBLINGS + 3):
        put(desk, f"{number:02}", timedelta(minutes=number))
    assert titles(desk) == [f"{number:02}" for number in range(MOST_SIBLINGS)]


def test_of_too_many_those_that_changed_last_are_looked_at(desk: Desk) -> None:
    for number in range(LOOKED_AT):
        put(desk, f"quiet {number}", due_at=START + timedelta(hours=20))
    put(desk, "busy", timedelta(minutes=5), service="s", due_at=START + timedelta(minutes=6))
    assert titles(desk, service="s")[0] == "busy"


def test_claude_is_told(desk: Desk) -> None:
    desk.record(alert("a1"))
    elsewhere = {"rule": "v1:net", "service": "dns", "severity": Severity.CRITICAL}
    desk.record(alert("a2", fingerprint="f2", title="no route", at=60, **elsewhere))
    desk.record(alert("a3", fingerprint="f3", title="over", rule="v1:over"))
    desk.record(resolve("a4", fingerprint="f3", at=90))
    handle(desk, ID)
    (told,) = desk.claude.cases
    opened = desk.incident("v1:net|prod.1").opened_at
    assert told.context.siblings == (
        Sibling(
            severity=Severity.CRITICAL, service="dns", title="no route", opened_at=opened, count=1
        ),
    )
    facts = build(told).facts
    assert facts["open.1"] == f"CRITICAL of dns, opened {opened.isoformat()}, 1 alerts: no route"

"""Which changes matter to an incident, and in which order they are told."""

from datetime import timedelta

from examples import incident
from faults.world import START
from responder.alert import Scope
from responder.change import Change, ChangeState
from responder.policy import changes as policy

HOUR = timedelta(hours=1)
PROD = Scope(environment="prod")


def change(name: str, before: timedelta = HOUR, **more: object) -> Change:
    at = START - before
    fields: dict[str, object] = {
        "change_id": name,
        "source": "github",
        "service": "checkout",
        "what": "deployment",
        "state": ChangeState.SUCCEEDED,
        "at": at,
        "state_at": at,
    }
    return Change.model_validate(fields | more)


def told(*changes: Change, service: str = "checkout", scope: Scope = PROD) -> list[str]:
    it = incident(service=service, scope=scope)
    return [one.change_id for one in policy.around(it, changes)]


def test_the_services_own_come_first_then_related_ones_then_the_nearest() -> None:
    found = told(
        change("other", timedelta(minutes=1), service="cart"),
        change("related", timedelta(minutes=2), service="checkout-api"),
        change("own, long ago", 5 * HOUR),
        change("own, after", -HOUR),
        change("own", timedelta(minutes=30), service="Checkout"),
    )
    assert found == ["own", "own, long ago", "own, after", "related", "other"]


def test_without_a_service_all_of_the_place_count_alike() -> None:
    changes = [change(f"{n}", n * HOUR, service=f"s{n}") for n in range(9, 0, -1)]
    assert told(*changes, service="") == ["1", "2", "3", "4", "5", "6"]


def test_others_take_no_more_than_half_of_the_room() -> None:
    changes = [change(f"{n}", n * HOUR, service=f"s{n}") for n in range(1, 9)]
    assert told(*changes) == ["1", "2", "3"]


def test_what_ended_long_before_or_elsewhere_does_not_matter() -> None:
    running = change("running since", 30 * HOUR, state_at=START - HOUR)
    assert told(
        running,
        change("old", 25 * HOUR),
        change("staging", scope=Scope(environment="staging")),
        change("production", scope=Scope(environment="production")),
    ) == ["production", "running since"]


def test_a_change_of_several_lists_is_told_once() -> None:
    assert told(change("a"), change("a")) == ["a"]


def test_a_list_is_bounded_by_number_and_age() -> None:
    known: tuple[Change, ...] = ()
    for number in range(policy.MOST_KEPT + 5):
        known = policy.remembered(known, change(f"{number:03}", number * HOUR / 60), START)
    assert len(known) == policy.MOST_KEPT
    assert known[0].change_id == "000"
    news, second = change("late", -HOUR), timedelta(seconds=1)
    assert len(policy.remembered(known, news, START + policy.KEPT_FOR)) == 2
    assert policy.remembered(known, news, START + policy.KEPT_FOR + second) == (news,)


def test_the_lists_of_a_change_are_those_that_an_incident_reads() -> None:
    assert policy.lists("Check out", Scope(account="1", environment="Production")) == (
        "service#check-out",
        "account#1",
        "environment#prod",
        "everywhere",
    )
    assert policy.lists("", Scope()) == ("everywhere",)

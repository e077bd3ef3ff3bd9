"""Operators' documents: versions that never change, and who reads them when."""

import pytest

from desk import Desk
from responder.errors import Reason, Retryable
from responder.policy.routes import Routes
from responder.ports import Key, Record
from responder.protocols import items
from responder.protocols.versions import MAX_AGE, ROUTES, RULES, Current
from responder.signature import Rules

IGNORES = Rules.model_validate({"rules": [{"why": "first try", "ignore_labels": ["job"]}]})
SPLITS = Rules.model_validate({"rules": [{"why": "second try", "split_by": ["job"]}]})


def save(desk: Desk, rules: Rules) -> Rules:
    """On top of whatever is active."""
    active = RULES.load(desk.store).number
    saved = RULES.save(desk.store, rules, active, desk.now())
    assert saved is not None
    return saved


def test_without_any_there_are_none() -> None:
    assert RULES.load(Desk().store) == Rules()


def test_each_save_is_a_new_active_version() -> None:
    desk = Desk()
    first = save(desk, IGNORES)
    second = save(desk, SPLITS)
    assert (first.number, second.number) == (1, 2)
    assert RULES.load(desk.store) == second
    assert RULES.load(desk.store, 1) == first


def test_an_older_version_can_be_active_again_and_none_is_ever_overwritten() -> None:
    desk = Desk()
    first = save(desk, IGNORES)
    save(desk, SPLITS)
    assert RULES.activate(desk.store, 1, desk.now())
    assert RULES.load(desk.store) == first
    assert save(desk, SPLITS).number == 3
    assert RULES.activate(desk.store, 0, desk.now())
    assert RULES.load(desk.store) == Rules()
    assert not RULES.activate(desk.store, 9, desk.now())


def test_who_saves_over_what_he_has_not_seen_is_told() -> None:
    desk = Desk()

    def other() -> None:
        save(desk, IGNORES)

    desk.store.meanwhile = other
    assert RULES.save(desk.store, SPLITS, 0, desk.now()) is None
    assert RULES.load(desk.store).rules == IGNORES.rules


def test_decisions_outlive_alerts() -> None:
    desk = Desk()
    save(desk, IGNORES)
    desk.later(days=400)
    assert RULES.load(desk.store).rules == IGNORES.rules


def current_rules(desk: Desk) -> Current[Rules]:
    return Current(RULES, desk.store, desk.telemetry, desk.now)


class Broken:
    """A store that cannot be read."""

    def read(self, keys: object) -> dict[Key, Record]:
        raise Retryable(Reason.UNAVAILABLE, "throttled")


def test_a_process_reads_the_rules_now_and_then() -> None:
    desk = Desk()
    current = current_rules(desk)
    assert current().number == 0
    save(desk, SPLITS)
    assert current().number == 0
    desk.later(seconds=MAX_AGE.total_seconds())
    assert current().number == 1


def test_rules_that_were_read_once_serve_while_the_table_does_not_answer() -> None:
    desk = Desk()
    save(desk, IGNORES)
    current = current_rules(desk)
    known = current()
    current._store = Broken()  # type: ignore[assignment]
    desk.later(seconds=60)
    assert current() == known


def test_without_rules_ever_read_the_alert_is_kept_for_later() -> None:
    desk = Desk()
    with pytest.raises(Retryable):
        Current(RULES, Broken(), desk.telemetry, desk.now)()  # type: ignore[arg-type]


def test_without_routes_ever_read_the_alert_goes_on_and_each_one_looks_again() -> None:
    desk = Desk()
    save_routes(desk, "#ops")
    current = Current(ROUTES, Broken(), desk.telemetry, desk.now, otherwise=Routes())  # type: ignore[arg-type]
    assert current() == Routes()
    assert desk.telemetry.said("Unreadable") == 1
    current._store = desk.store
    assert current().number == 1


def test_a_version_in_a_shape_of_another_release_is_no_version() -> None:
    desk = Desk()
    first = save_routes(desk, "#ops")
    current = Current(ROUTES, desk.store, desk.telemetry, desk.now, otherwise=Routes())
    assert current() == first
    save_routes(desk, "#other")
    key = items.state_item("routes#2")
    number, data = desk.store.items[key]
    desk.store.items[key] = (number, {**data, "routes": [{"renotify_after": "PT1H"}]})
    desk.later(minutes=1)
    assert current() == first
    assert desk.telemetry.said("Unreadable") == 1


def test_kinds_of_documents_do_not_meet() -> None:
    desk = Desk()
    save(desk, IGNORES)
    routes = save_routes(desk, "#ops")
    assert ROUTES.load(desk.store) == routes
    assert RULES.load(desk.store).rules == IGNORES.rules
    desk.later(days=400)
    assert ROUTES.load(desk.store) == routes


def save_routes(desk: Desk, channel: str) -> Routes:
    active = ROUTES.load(desk.store).number
    routes = Routes.model_validate({"routes": [{"channel": channel}]})
    saved = ROUTES.save(desk.store, routes, active, desk.now())
    assert saved is not None
    return saved

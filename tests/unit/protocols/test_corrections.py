"""The stored signature rules: versions that never change, and who reads them when."""

import pytest

from fakes import Desk
from responder.errors import Reason, Retryable
from responder.ports import Key, Record
from responder.protocols import corrections
from responder.signature import Rules

IGNORES = Rules.model_validate({"rules": [{"why": "first try", "ignore_labels": ["job"]}]})
SPLITS = Rules.model_validate({"rules": [{"why": "second try", "split_by": ["job"]}]})


def save(desk: Desk, rules: Rules) -> Rules:
    """On top of whatever is active."""
    active = corrections.load(desk.store).number
    saved = corrections.save(desk.store, rules, active, desk.now())
    assert saved is not None
    return saved


def test_without_any_there_are_none() -> None:
    assert corrections.load(Desk().store) == Rules()


def test_each_save_is_a_new_active_version() -> None:
    desk = Desk()
    first = save(desk, IGNORES)
    second = save(desk, SPLITS)
    assert (first.number, second.number) == (1, 2)
    assert corrections.load(desk.store) == second
    assert corrections.load(desk.store, 1) == first


def test_an_older_version_can_be_active_again_and_none_is_ever_overwritten() -> None:
    desk = Desk()
    first = save(desk, IGNORES)
    save(desk, SPLITS)
    assert corrections.activate(desk.store, 1, desk.now())
    assert corrections.load(desk.store) == first
    assert save(desk, SPLITS).number == 3
    assert corrections.activate(desk.store, 0, desk.now())
    assert corrections.load(desk.store) == Rules()
    assert not corrections.activate(desk.store, 9, desk.now())


def test_who_saves_over_what_he_has_not_seen_is_told() -> None:
    desk = Desk()

    def other() -> None:
        save(desk, IGNORES)

    desk.store.meanwhile = other
    assert corrections.save(desk.store, SPLITS, 0, desk.now()) is None
    assert corrections.load(desk.store).rules == IGNORES.rules


def test_decisions_outlive_alerts() -> None:
    desk = Desk()
    save(desk, IGNORES)
    desk.later(days=400)
    assert corrections.load(desk.store).rules == IGNORES.rules


class Broken:
    """A store that cannot be read."""

    def read(self, keys: object) -> dict[Key, Record]:
        raise Retryable(Reason.UNAVAILABLE, "throttled")


def test_a_process_reads_the_rules_now_and_then() -> None:
    desk = Desk()
    current = corrections.CurrentRules(desk.store, desk.now)
    assert current().number == 0
    save(desk, SPLITS)
    assert current().number == 0
    desk.later(seconds=corrections.MAX_AGE.total_seconds())
    assert current().number == 1


def test_rules_that_were_read_once_serve_while_the_table_does_not_answer() -> None:
    desk = Desk()
    save(desk, IGNORES)
    current = corrections.CurrentRules(desk.store, desk.now)
    known = current()
    current._store = Broken()  # type: ignore[assignment]
    desk.later(seconds=60)
    assert current() == known


def test_without_rules_ever_read_the_alert_is_kept_for_later() -> None:
    with pytest.raises(Retryable):
        corrections.CurrentRules(Broken(), Desk().now)()  # type: ignore[arg-type]

"""The stored signature rules: versions that never change, and who reads them when."""

import pytest

from fakes import Desk, alert
from responder.errors import Reason, Retryable
from responder.ports import Key, Record
from responder.protocols import corrections
from responder.signature import Rules, signature

IGNORES = Rules.model_validate({"rules": [{"why": "first try", "ignore_labels": ["job"]}]})
SPLITS = Rules.model_validate({"rules": [{"why": "second try", "split_by": ["job"]}]})


def test_without_any_there_are_none() -> None:
    assert corrections.load(Desk().store) == Rules()


def test_each_save_is_a_new_active_version() -> None:
    desk = Desk()
    first = corrections.save(desk.store, IGNORES, desk.now())
    second = corrections.save(desk.store, SPLITS, desk.now())
    assert (first.number, second.number) == (1, 2)
    assert corrections.load(desk.store) == second
    assert corrections.load(desk.store, 1) == first


def test_an_older_version_can_be_active_again_and_none_is_ever_overwritten() -> None:
    desk = Desk()
    first = corrections.save(desk.store, IGNORES, desk.now())
    corrections.save(desk.store, SPLITS, desk.now())
    assert corrections.activate(desk.store, 1, desk.now())
    assert corrections.load(desk.store) == first
    assert corrections.save(desk.store, SPLITS, desk.now()).number == 3
    assert corrections.activate(desk.store, 0, desk.now())
    assert corrections.load(desk.store) == Rules()
    assert not corrections.activate(desk.store, 9, desk.now())


def test_of_two_who_save_at_once_each_gets_a_version() -> None:
    desk = Desk()

    def other() -> None:
        corrections.save(desk.store, IGNORES, desk.now())

    desk.store.meanwhile = other
    mine = corrections.save(desk.store, SPLITS, desk.now())
    assert mine.number == 2
    assert corrections.load(desk.store, 1).rules == IGNORES.rules


def test_decisions_outlive_alerts() -> None:
    desk = Desk()
    corrections.save(desk.store, IGNORES, desk.now())
    desk.later(days=400)
    assert corrections.load(desk.store).rules == IGNORES.rules


class Broken:
    """A store that cannot be read."""

    def read(self, keys: object) -> dict[Key, Record]:
        raise Retryable(Reason.UNAVAILABLE, "throttled")


def test_a_process_reads_the_rules_now_and_then() -> None:
    desk = Desk()
    signed = corrections.Corrected(signature, desk.store, desk.now)
    given = alert(labels={"job": "sorter"})
    plain = signed(given).key
    corrections.save(desk.store, SPLITS, desk.now())
    assert signed(given).key == plain
    desk.later(seconds=corrections.MAX_AGE.total_seconds())
    assert signed(given).explanation.startswith("Corrected by rules v1: second try.")


def test_rules_that_were_read_once_serve_while_the_table_does_not_answer() -> None:
    desk = Desk()
    corrections.save(desk.store, IGNORES, desk.now())
    signed = corrections.Corrected(signature, desk.store, desk.now)
    known = signed(alert(labels={"job": "sorter"})).key
    signed._store = Broken()  # type: ignore[assignment]
    desk.later(seconds=60)
    assert signed(alert(labels={"job": "packer"})).key == known


def test_without_rules_ever_read_the_alert_is_kept_for_later() -> None:
    signed = corrections.Corrected(signature, Broken(), Desk().now)  # type: ignore[arg-type]
    with pytest.raises(Retryable):
        signed(alert())

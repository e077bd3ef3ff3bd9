"""A silence or a rule that names one host holds no other one, although they share an incident."""

from typing import Any

import pytest

from desk import Desk
from examples import alert, resolve
from faults.world import START
from responder.alert import Alert, Severity
from responder.incident import NoticeKind
from unit.protocols.muting import save
from unit.protocols.silencing import silence

NAMED = ["label.instance=host1", "resource=host1"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def of(desk: Desk, host: str, **changes: Any) -> Alert:
    """An alert of one host, now."""
    at = int((desk.now() - START).total_seconds())
    name = {"fingerprint": host, "resource": host, "labels": {"instance": host}}
    return alert(f"{host}-{at}", **({"at": at} | name | changes))


def over(desk: Desk, host: str) -> Alert:
    at = int((desk.now() - START).total_seconds())
    return resolve(f"over-{host}-{at}", at=at, fingerprint=host)


def posts(desk: Desk) -> int:
    desk.deliver_all()
    return desk.slack.methods().count("post")


@pytest.mark.parametrize("matcher", NAMED)
def test_another_host_in_the_incident_is_shown_and_stays_so(desk: Desk, matcher: str) -> None:
    silence(desk, matcher)
    desk.record(of(desk, "host1"))
    desk.later(minutes=1)
    desk.record(of(desk, "host1", severity=Severity.CRITICAL))
    assert (posts(desk), desk.incident().held) == (0, "silenced")
    desk.record(of(desk, "host2", severity=Severity.CRITICAL))
    assert posts(desk) == 1
    assert desk.requested() == ["v1:disk|prod.1"]
    desk.tick(5)
    assert (desk.incident().held, desk.incident().silence) == ("", None)


def test_hosts_that_begin_together_are_shown(desk: Desk) -> None:
    silence(desk, *NAMED)
    desk.record(of(desk, "host1"), of(desk, "host2"))
    assert posts(desk) == 1


def again(told: Alert, desk: Desk) -> Alert:
    """The very same alert, sent once more."""
    return told.model_copy(update={"received_at": desk.now()})


def test_a_silence_made_while_both_fire_ends_with_the_next_word_of_the_other(desk: Desk) -> None:
    other = of(desk, "host2")
    desk.record(of(desk, "host1"), other)
    silence(desk, *NAMED, minutes=60)
    desk.tick(5)
    assert desk.incident().silence is not None
    desk.later(minutes=4)
    desk.record(again(other, desk))
    desk.tick(5)
    assert desk.incident().silence is None
    assert desk.incident().apart is not None


def test_a_late_copy_of_what_is_over_ends_no_silence(desk: Desk) -> None:
    other = of(desk, "host2")
    desk.record(of(desk, "host1"), other)
    silence(desk, *NAMED, minutes=60)
    desk.later(minutes=1)
    desk.record(over(desk, "host2"))
    desk.later(minutes=1)
    desk.record(again(other, desk))
    assert (desk.incident().silence is None, desk.incident().apart) == (False, None)


def test_what_begins_and_ends_in_one_batch_ends_no_silence(desk: Desk) -> None:
    silence(desk, *NAMED, minutes=60)
    desk.record(of(desk, "host1"))
    begins = of(desk, "host2")
    desk.later(seconds=5)
    desk.record(begins, over(desk, "host2"))
    assert (posts(desk), desk.incident().apart) == (0, None)


def test_a_silence_of_all_of_them_holds_them(desk: Desk) -> None:
    silence(desk, *NAMED, minutes=60)
    silence(desk, "title=disk full", name="s2")
    desk.record(of(desk, "host1"))
    desk.record(of(desk, "host2"))
    assert (posts(desk), desk.incident().apart) == (0, None)


def test_a_later_silence_of_all_of_them_holds_what_is_told(desk: Desk) -> None:
    silence(desk, *NAMED, minutes=60)
    desk.record(of(desk, "host1"))
    desk.record(of(desk, "host2"))
    shown = posts(desk)
    silence(desk, "title=disk full", name="s2")
    desk.record(of(desk, "host3", severity=Severity.CRITICAL))
    assert posts(desk) == shown
    assert [notice.kind for notice in desk.incident().notices][:1] == [NoticeKind.SEVERITY_RAISED]


def test_the_silence_holds_again_when_the_other_host_is_well(desk: Desk) -> None:
    silence(desk, *NAMED, minutes=60)
    desk.record(of(desk, "host1"))
    desk.record(of(desk, "host2"))
    desk.later(minutes=1)
    desk.record(over(desk, "host2"))
    shown = posts(desk)
    assert desk.incident().silence is not None
    desk.record(of(desk, "host1", severity=Severity.CRITICAL))
    assert posts(desk) == shown


def test_what_begins_anew_is_held_again(desk: Desk) -> None:
    silence(desk, *NAMED, minutes=60)
    desk.record(of(desk, "host1"))
    desk.record(of(desk, "host2"))
    desk.later(minutes=1)
    desk.record(over(desk, "host1"), over(desk, "host2"))
    desk.later(minutes=1)
    desk.record(of(desk, "host1"))
    assert desk.incident().silence is not None


def test_a_cause_mutes_its_own_host_alone(desk: Desk) -> None:
    rule = {"name": "node", "why": "the node explains its disks", "source": ["rule=v1:node"]}
    save(desk, rule | {"target": ["rule=v1:disk"], "equal": ["label.instance"]})
    desk.record(of(desk, "host1", rule="v1:node", fingerprint="node"))
    shown = posts(desk)
    desk.later(seconds=5)
    desk.record(of(desk, "host1"))
    assert (posts(desk), desk.incident().held) == (shown, "inhibited")
    desk.record(of(desk, "host2"))
    assert posts(desk) == shown + 1
    desk.tick(5)
    assert desk.incident().silence is None

"""Inhibition in the lanes: what a cause mutes, what ends it, and the races between the two."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import Desk
from examples import alert
from responder.alert import Severity
from responder.delivery import card as face
from responder.errors import Reason, Retryable
from responder.incident import Incident, IncidentState
from responder.policy.inhibition import Inhibitions
from responder.ports import Key, Queue, Record
from responder.protocols import inhibiting, items
from responder.protocols.draft import Draft
from responder.protocols.storms import Gate
from responder.protocols.versions import INHIBITIONS, Current
from unit.protocols.muting import (
    CAUSE,
    RULE,
    SYMPTOM,
    cause,
    causes,
    down,
    over,
    posted,
    record,
    ruled,
    save,
    symptom,
)
from unit.protocols.silencing import silence


@pytest.fixture
def desk() -> Desk:
    return ruled()


def test_a_symptom_of_an_open_cause_gets_neither_card_nor_analysis_and_is_counted(
    desk: Desk,
) -> None:
    record(desk, cause())
    record(desk, symptom())
    record(desk, symptom(2))
    desk.deliver_all()
    assert len(posted(desk)) == 1
    assert desk.requested() == [CAUSE]
    held = desk.incident(SYMPTOM)
    assert (held.held, held.count) == ("inhibited", 2)
    assert desk.telemetry.counts["AlertsHeld:inhibited"] == 2
    text = str(face.render(held, desk.now()).blocks)
    assert f"Muted while its cause is open: node down (`{CAUSE}`)" in text
    assert "the node explains its pods" in text


def test_what_is_elsewhere_is_told(desk: Desk) -> None:
    record(desk, cause(scope={"environment": "test"}))
    record(desk, symptom())
    desk.deliver_all()
    assert len(posted(desk)) == 2


def test_what_still_fires_when_its_cause_is_over_is_shown_by_the_next_tick(desk: Desk) -> None:
    record(desk, cause())
    record(desk, symptom())
    desk.tick(10)
    assert len(posted(desk)) == 1
    desk.requested()
    record(desk, over(cause(), at=700))
    assert causes(desk) == []
    desk.tick()
    assert len(posted(desk)) == 2
    assert desk.requested() == [SYMPTOM]
    shown = str(face.render(desk.incident(SYMPTOM), desk.now()).blocks)
    assert f"Still firing after its cause was over*: node down (`{CAUSE}`)" in shown
    desk.tick(3)
    assert len(posted(desk)) == 2


def test_a_symptom_of_the_last_second_is_shown_by_the_next_tick(desk: Desk) -> None:
    record(desk, cause())
    desk.later(seconds=50)
    record(desk, symptom())
    record(desk, over(cause(), at=60))
    desk.later(seconds=5)
    desk.ticker.tick()
    desk.deliver_all()
    assert len(posted(desk)) == 2


def test_what_was_resolved_together_with_its_cause_is_never_shown(desk: Desk) -> None:
    record(desk, cause())
    record(desk, symptom())
    record(desk, over(symptom(), at=60))
    record(desk, over(cause(), at=60))
    desk.tick(5)
    assert len(posted(desk)) == 1


def test_a_cause_that_we_close_after_a_quiet_time_mutes_no_more(desk: Desk) -> None:
    desk.ticker = replace(desk.ticker, quiet_after=timedelta(minutes=10))
    record(desk, cause(source="generic"))
    desk.later(minutes=8)
    record(desk, symptom(at=500))
    desk.tick(3)
    assert desk.incident(CAUSE).state is IncidentState.CLOSED
    assert causes(desk) == []
    desk.tick()
    assert len(posted(desk)) == 2


def test_critical_is_never_muted_and_what_becomes_critical_is_shown_at_once(desk: Desk) -> None:
    record(desk, cause())
    record(desk, symptom())
    desk.deliver_all()
    record(desk, symptom(2, at=5, severity=Severity.CRITICAL))
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == [(SYMPTOM, 0)]
    assert desk.incident(SYMPTOM).held == ""
    record(desk, symptom(3, at=6, severity=Severity.CRITICAL))
    assert desk.incident(SYMPTOM).silence is None


def test_in_one_batch_causes_are_recorded_first(desk: Desk) -> None:
    arrivals = [desk.recorder.arrive(one, "") for one in (symptom(), alert("a1"), cause())]
    for group in desk.recorder.groups(arrivals):
        desk.later(seconds=0.001)
        desk.recorder.record(group)
    desk.deliver_all()
    assert desk.incident(SYMPTOM).held == "inhibited"
    assert len(posted(desk)) == 2


def test_a_symptom_that_was_first_keeps_its_card_and_its_voice(desk: Desk) -> None:
    record(desk, symptom(severity=Severity.LOW))
    desk.deliver_all()
    record(desk, cause())
    record(desk, symptom(2, at=5, severity=Severity.HIGH))
    desk.deliver_all()
    assert desk.incident(SYMPTOM).silence is None
    assert desk.telemetry.counts["NoticesPosted"] == 1


def test_a_cause_that_opens_while_its_symptom_is_recorded_leaves_it_its_card(desk: Desk) -> None:
    desk.store.meanwhile = lambda: desk.record(cause())
    record(desk, symptom())
    desk.deliver_all()
    desk.tick(3)
    assert len(posted(desk)) == 2


def test_a_cause_that_ends_while_its_symptom_is_recorded_holds_it_until_the_tick(
    desk: Desk,
) -> None:
    record(desk, cause())
    desk.deliver_all()
    desk.store.meanwhile = lambda: desk.record(over(cause(), at=60))
    record(desk, symptom())
    desk.deliver_all()
    assert desk.incident(SYMPTOM).held == "inhibited"
    assert len(posted(desk)) == 1
    desk.tick()
    assert len(posted(desk)) == 2


def test_what_was_let_go_keeps_its_card_when_its_cause_comes_back(desk: Desk) -> None:
    record(desk, cause())
    record(desk, symptom())
    desk.deliver_all()
    record(desk, over(cause(), at=60))
    desk.store.meanwhile = lambda: desk.record(cause(2, at=120))
    desk.tick()
    assert desk.incident(SYMPTOM).held == ""
    desk.tick()
    muted = desk.incident(SYMPTOM)
    assert (muted.held, muted.silence is None) == ("", False)
    assert len(posted(desk)) == 2


def test_two_causes_that_open_at_once_both_stand_and_the_last_one_lets_go(desk: Desk) -> None:
    save(desk, RULE | {"source": ["rule=~v1:node.*"]})
    second = cause(2, fingerprint="other", rule="v1:node2")
    desk.store.meanwhile = lambda: desk.record(second)
    record(desk, cause())
    assert causes(desk) == ["v1:node2|prod.1", CAUSE]
    record(desk, symptom())
    record(desk, over(cause(), at=60))
    desk.tick(2)
    assert desk.incident(SYMPTOM).held == "inhibited"
    record(desk, over(second, at=200))
    desk.tick()
    assert desk.incident(SYMPTOM).held == ""


def test_a_cause_that_fires_again_mutes_again_what_comes_after_it(desk: Desk) -> None:
    record(desk, cause())
    record(desk, over(cause(), at=60))
    desk.later(minutes=5)
    record(desk, cause(2, at=300))
    assert causes(desk) == [CAUSE]
    record(desk, symptom(at=301))
    assert desk.incident(SYMPTOM).held == "inhibited"


def test_a_silenced_cause_still_explains_its_symptoms(desk: Desk) -> None:
    silence(desk, "title=~.+ down", minutes=5)
    record(desk, cause())
    record(desk, symptom())
    desk.deliver_all()
    assert (desk.incident(CAUSE).held, desk.incident(SYMPTOM).held) == ("silenced", "silenced")
    desk.tick(7)
    assert posted(desk) != []
    assert desk.incident(CAUSE).held == ""
    assert desk.incident(SYMPTOM).held == "inhibited"


def test_a_rule_that_is_gone_holds_nothing_and_leaves_no_list_behind(desk: Desk) -> None:
    record(desk, cause())
    record(desk, symptom())
    desk.deliver_all()
    save(desk)
    desk.tick()
    assert len(posted(desk)) == 2
    record(desk, cause(2, at=90))
    assert causes(desk) == []
    assert desk.incident(CAUSE).inhibits == ()


def test_a_rule_that_is_new_sees_what_is_open_with_its_next_change(desk: Desk) -> None:
    save(desk)
    record(desk, cause())
    save(desk, RULE)
    record(desk, cause(2, at=60))
    record(desk, symptom(at=61))
    assert desk.incident(SYMPTOM).held == "inhibited"


def test_checks_of_our_own_are_neither_cause_nor_symptom(desk: Desk) -> None:
    save(desk, RULE | {"source": ["rule=~v1:node.*"]})
    record(desk, cause(source="responder-synthetic"))
    assert causes(desk) == []
    record(desk, cause(2, rule="v1:node2", fingerprint="other"))
    assert causes(desk) == ["v1:node2|prod.1"]
    record(desk, symptom(source="responder-synthetic"))
    assert desk.incident(SYMPTOM).held == ""


class Unreadable:
    """A store that cannot be read."""

    def read(self, keys: object) -> dict[Key, Record]:
        raise Retryable(Reason.UNAVAILABLE, "throttled")


def test_rules_that_cannot_be_read_keep_nobody_from_andown(desk: Desk) -> None:
    current = Current(INHIBITIONS, Unreadable(), desk.telemetry, desk.now, otherwise=Inhibitions())  # type: ignore[arg-type]
    desk.recorder = replace(desk.recorder, inhibitions=current)
    record(desk, cause())
    record(desk, symptom())
    desk.deliver_all()
    assert len(posted(desk)) == 2
    assert desk.telemetry.said("Unreadable")


def test_without_rules_nothing_more_is_read_or_written(desk: Desk) -> None:
    save(desk)
    record(desk, cause())
    record(desk, symptom())
    assert not [name for name in desk.store.written if name.startswith("causes#")]


def test_a_list_and_its_incident_are_one_transaction(desk: Desk) -> None:
    desk.store.refuses = "causes#"
    with pytest.raises(Retryable):
        record(desk, cause())
    assert items.load(desk.store, items.incident_item(CAUSE), Incident) is None
    desk.store.refuses = ""
    record(desk, cause())
    desk.store.refuses = "causes#"
    with pytest.raises(Retryable):
        record(desk, over(cause(), at=60))
    assert desk.incident(CAUSE).state is IncidentState.OPEN
    assert causes(desk) == [CAUSE]
    (name,) = desk.incident(CAUSE).inhibits
    assert inhibiting.list_item(name) in desk.store.items


def test_a_cause_that_a_storm_takes_when_its_silence_ends_mutes_nothing_from_then_on(
    desk: Desk,
) -> None:
    desk.recorder = replace(desk.recorder, gate=Gate(1))
    silence(desk, "title=~.+ down", minutes=5)
    record(desk, cause())
    assert causes(desk) == [CAUSE]
    desk.later(minutes=5)
    for name in ("x", "y"):
        record(desk, down(name, rule=f"v1:{name}", fingerprint=name))
    record(desk, cause(2))
    assert desk.incident(CAUSE).held == "storm"
    assert (causes(desk), desk.incident(CAUSE).inhibits) == ([], ())
    record(desk, symptom())
    assert (desk.incident(SYMPTOM).held, desk.incident(SYMPTOM).silence) == ("storm", None)


@pytest.mark.parametrize("held", ["below_minimum", "storm", "throttle"])
def test_a_cause_without_a_card_that_nobody_wished_away_mutes_nothing(
    desk: Desk, held: str
) -> None:
    """Its symptoms are all that people would see."""
    record(desk, cause())
    assert causes(desk) == [CAUSE]
    rules = desk.recorder.inhibitions()
    unseen = desk.incident(CAUSE).model_copy(update={"held": held})
    draft = Draft.of_others(desk.store)
    assert inhibiting.listed(rules, draft, unseen).inhibits == ()
    silenced = desk.incident(CAUSE).model_copy(update={"held": "silenced"})
    draft = Draft.of_others(desk.store)
    assert inhibiting.listed(rules, draft, silenced).inhibits != ()

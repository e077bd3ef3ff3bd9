"""The distribution lane with an incoming webhook: separate messages, and never a loss."""

import pytest

from desk import Desk
from examples import alert, resolve, verdict
from responder.alert import Severity
from responder.card import Intent
from responder.errors import Permanent, Reason
from responder.incident import Notice, NoticeKind
from responder.protocols.card_steps import ANALYSIS_MESSAGE
from unit.protocols.delivering import UNANSWERED, change, deliver


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.slack.editable = False
    desk.record(alert())
    return desk


def analysed(desk: Desk) -> None:
    change(desk, analysis=verdict(headline="The cause"))


def texts(desk: Desk) -> list[str]:
    return [call.text for call in desk.slack.calls]


def test_the_first_message_is_posted_once(desk: Desk) -> None:
    deliver(desk)
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert (desk.card().posted, desk.card().ts, desk.card().shown) == (True, "", 1)


def test_repeats_are_noted_without_a_message(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20))
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.card().shown == desk.incident().revision == 2


def test_the_analysis_is_a_message_of_its_own(desk: Desk) -> None:
    deliver(desk)
    analysed(desk)
    deliver(desk)
    deliver(desk)
    assert len(desk.slack.calls) == 2
    assert "The cause" in texts(desk)[1]
    assert desk.telemetry.said("Analysis posted") == 1


def test_an_analysis_that_was_there_first_is_in_the_first_message(desk: Desk) -> None:
    analysed(desk)
    deliver(desk)
    assert len(desk.slack.calls) == 1


def test_a_resolve_is_a_message_that_stands_alone(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    deliver(desk)
    assert len(desk.slack.calls) == 2
    assert "Resolved" in texts(desk)[1]
    assert "disk full" in texts(desk)[1]
    assert desk.slack.calls[1].thread_ts == ""


def test_an_unsettled_first_message_waits_and_is_then_posted_again(desk: Desk) -> None:
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    assert desk.card().intent is not None
    desk.later(seconds=2)
    deliver(desk)
    assert desk.slack.methods() == []
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.card().intent is None


def test_an_unsettled_analysis_is_posted_again(desk: Desk) -> None:
    deliver(desk)
    analysed(desk)
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    assert left.notice == ANALYSIS_MESSAGE
    desk.later(seconds=22)
    deliver(desk)
    assert len(desk.slack.calls) == 2
    assert "The cause" in texts(desk)[1]


def test_an_unsettled_notice_is_posted_again(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    desk.later(seconds=22)
    deliver(desk)
    assert "Resolved" in texts(desk)[1]
    assert (desk.card().told, desk.card().intent) == (1, None)


def test_a_refused_analysis_is_given_up_and_leaves_no_intent(desk: Desk) -> None:
    deliver(desk)
    analysed(desk)
    desk.slack.errors = [Permanent(Reason.REFUSED_BY_SLACK, "invalid_blocks")]
    with pytest.raises(Permanent):
        deliver(desk)
    assert (desk.card().dead_lettered, desk.card().intent) == (True, None)


def test_a_bot_token_set_later_makes_a_card_that_can_be_edited(desk: Desk) -> None:
    deliver(desk)
    desk.slack.editable = True
    desk.record(alert("a2", at=20))
    deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert desk.card().ts == "2.0"


def test_an_analysis_left_behind_by_the_webhook_is_no_obstacle_for_a_bot(desk: Desk) -> None:
    deliver(desk)
    left = Intent(delivery_id="webhook", at=desk.now(), notice=ANALYSIS_MESSAGE)
    desk.put_card(desk.card().model_copy(update={"intent": left}))
    desk.slack.editable = True
    desk.later(seconds=22)
    deliver(desk)
    assert desk.slack.methods() == ["post", "find", "post"]
    assert desk.slack.calls[1].thread_ts == ""
    assert desk.card().intent is None


def test_a_release_waits_for_what_was_asked_for_meanwhile(desk: Desk) -> None:
    def another() -> None:
        desk.record(alert("a2", at=20))
        deliver(desk)

    desk.slack.meanwhile = another
    deliver(desk)
    assert (desk.card().shown, desk.card().owner, desk.card().wanted) == (2, "", 0)


def test_what_the_analysis_says_of_the_severity_is_not_said_twice(desk: Desk) -> None:
    deliver(desk)
    analysed(desk)
    doubt = Notice(number=1, kind=NoticeKind.SEVERITY_DOUBTED, at=desk.now())
    desk.put_incident(desk.incident().model_copy(update={"notices": (doubt,)}))
    deliver(desk)
    assert len(desk.slack.calls) == 2
    assert (desk.card().told, desk.card().owner) == (1, "")


def test_a_webhook_has_one_channel_for_a_rise_to_critical(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    deliver(desk)
    assert len(desk.slack.calls) == 2
    assert (desk.card().told, desk.card().owner) == (2, "")

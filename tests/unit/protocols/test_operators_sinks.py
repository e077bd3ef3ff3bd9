"""Every way to the operators is told, whichever of the others fails."""

import pytest

from desk import Desk
from faults.world import START
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.operators import PATIENCE, WINDOW
from unit.protocols.reporting import ID, cardless, refuse, reports, told, window, work_off

NO_SINK = Retryable(Reason.UNAVAILABLE, "webhook: it answered 503")


@pytest.fixture
def desk() -> Desk:
    return cardless()


def test_a_card_that_is_given_up_is_told_at_once_to_every_sink(desk: Desk) -> None:
    refuse(desk)
    work_off(desk)
    assert told(desk) == told(desk, "e-mail") == [ID]
    document = desk.sinks["webhook"].notices[0].document
    assert document["cause"] == {
        "code": "refused_by_slack",
        "detail": "not_in_channel (channel C1)",
        "gave_up": True,
    }
    assert reports(desk) == []
    assert desk.telemetry.counts["OperatorNotices:refused_by_slack"] == 2


def test_a_way_that_is_not_set_up_does_not_count_as_told(desk: Desk) -> None:
    desk.sinks["webhook"].set_up = False
    refuse(desk)
    work_off(desk)
    assert told(desk, "e-mail") == [ID]
    assert window(desk).told == ("e-mail",)
    assert desk.telemetry.counts["OperatorNotices:refused_by_slack"] == 1
    assert reports(desk) == []


def test_a_sink_that_fails_keeps_no_other_from_hearing_and_hears_later(desk: Desk) -> None:
    desk.sinks["webhook"].errors = [NO_SINK]
    refuse(desk)
    work_off(desk)
    assert (told(desk), told(desk, "e-mail")) == ([], [ID])
    ((message, delay),) = desk.taken(Queue.DISTRIBUTION)
    assert delay == 2
    desk.later(seconds=2)
    desk.deliverer.handle(Announcement.model_validate(message))
    assert told(desk) == told(desk, "e-mail") == [ID]
    assert reports(desk) == []


def test_a_notice_that_is_sent_again_keeps_its_id(desk: Desk) -> None:
    refuse(desk)
    (report,) = reports(desk)
    ids = []
    for _ in range(2):
        desk.deliverer.handle(report)
        ids.append(desk.sinks["webhook"].notices[-1].document["id"])
        desk.store.lose(items.state_item("operator-notice#refused_by_slack"))
    assert ids[0] == ids[1]


def test_a_sink_that_refuses_is_a_dead_letter_with_the_words(desk: Desk) -> None:
    desk.sinks["webhook"].errors = [Permanent(Reason.REFUSED_BY_SINK, "webhook: it answered 400")]
    refuse(desk)
    (report,) = reports(desk)
    with pytest.raises(Permanent, match="it answered 400") as caught:
        desk.deliverer.handle(report)
    assert caught.value.reason is Reason.REFUSED_BY_SINK
    assert "disk full" in caught.value.card
    assert told(desk, "e-mail") == [ID]
    # The cause goes on after an hour, not after the patience with a dead owner.
    assert window(desk).until == START + WINDOW


def test_a_sink_that_stays_away_for_twelve_hours_is_given_up(desk: Desk) -> None:
    refuse(desk)
    (report,) = reports(desk)
    desk.sinks["webhook"].errors = [NO_SINK]
    desk.later(seconds=PATIENCE.total_seconds())
    with pytest.raises(Permanent) as caught:
        desk.deliverer.handle(report)
    assert caught.value.reason is Reason.TOO_OLD

"""A deliberate wait: how long, and what the delayed copy keeps."""

from datetime import timedelta

import pytest

from desk import Desk
from faults.world import START as NOW
from responder.contracts import Announcement
from responder.errors import Reason
from responder.ports import Queue
from responder.protocols import waiting

MESSAGE = Announcement(
    incident_id="i", first_sent=NOW - timedelta(hours=1), slot_reserved=True, trace="t"
)


@pytest.mark.parametrize(
    ("asked", "seconds"), [(7.5, 7.5), (0, 1), (0.2, 1), (900, 900), (7200, 900)]
)
def test_we_wait_as_long_as_the_other_side_asks_but_at_least_a_second(
    asked: float, seconds: float
) -> None:
    assert waiting.next_try(NOW, NOW, asked) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("age", "seconds"), [(0, 2), (3, 2), (10, 5), (60, 30), (7200, 30)])
def test_without_a_word_we_back_off_with_the_messages_age(age: float, seconds: float) -> None:
    first_sent = NOW - timedelta(seconds=age)
    assert waiting.next_try(first_sent, NOW, None) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("until", "delay"), [(-5, 1), (0, 1), (0.1, 1), (7, 7), (900, 900), (7200, 900)]
)
def test_the_copy_is_delayed_as_far_as_sqs_can(until: float, delay: int) -> None:
    desk = Desk()
    moment = NOW + timedelta(seconds=until)
    waiting.send_copy(
        desk.queues,
        Queue.DISTRIBUTION,
        MESSAGE,
        moment,
        NOW,
        Reason.PACED,
        desk.telemetry,
    )
    expected = MESSAGE.model_copy(update={"not_before": moment})
    assert desk.taken(Queue.DISTRIBUTION) == [(expected.model_dump(), delay)]
    assert desk.telemetry.counts == {"Waits:paced": 1}

"""Operators hear of every card that Slack does not show, once an hour, through any crash."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doomed import Doomed, survive
from fakes import REPORTED_AFTER, Desk, Sink, Slack, incident
from faults.world import START, World
from responder.alert import Severity
from responder.contracts import Announcement, Trouble
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Card, Hold, Notice, NoticeKind
from responder.ports import Message, OperatorNotice, Place, Queue
from responder.protocols import items, operators
from responder.protocols.operators import MAX_OTHERS, PATIENCE, WINDOW, Window, join

ID = "v1:disk|prod.1"
REFUSED = Permanent(Reason.REFUSED_BY_SLACK, "not_in_channel (channel C1)")
DOWN = Retryable(Reason.UNAVAILABLE, "chat.postMessage: Slack answered 503")
NO_SINK = Retryable(Reason.UNAVAILABLE, "webhook: it answered 503")


@pytest.fixture
def desk() -> Desk:
    """One incident that has no card."""
    desk = Desk()
    desk.put_incident(incident())
    return desk


def deliver(desk: Desk, incident_id: str = ID, *, age: timedelta = timedelta(0)) -> None:
    first_sent = desk.now() - age
    desk.deliverer.handle(Announcement(incident_id=incident_id, first_sent=first_sent))


def refuse(desk: Desk, incident_id: str = ID) -> None:
    """Slack refuses the card for good."""
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent):
        deliver(desk, incident_id)


def wait(desk: Desk, incident_id: str = ID, *, age: timedelta = REPORTED_AFTER) -> None:
    """Slack does not answer, and the card waits for as long as ``age``."""
    desk.slack.errors = [DOWN]
    deliver(desk, incident_id, age=age)


def reports(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> list[Announcement]:
    """The reports that a queue holds, due or not; all of the queue's messages are gone."""
    taken = [Announcement.model_validate(message) for message, _ in desk.taken(queue)]
    return [one for one in taken if one.trouble is not None]


def work_off(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> None:
    """Hand every report on to the lane once, whether it waits or not."""
    for report in reports(desk, queue):
        desk.deliverer.handle(report.model_copy(update={"not_before": None}))


def told(desk: Desk, sink: str = "webhook") -> list[str]:
    """The incidents that a sink was told of, each with the others of its notice."""
    return [
        "+".join([one.document["incident"]["id"], *one.document["others"]["ids"]])
        for one in desk.sinks[sink].notices
    ]


def other(desk: Desk, name: str, **changes: object) -> str:
    desk.put_incident(incident(name, **changes))
    return name


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


def test_the_dead_letter_keeps_what_the_card_would_say(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent) as caught:
        deliver(desk)
    assert "disk full" in caught.value.card
    assert ID in caught.value.card


def test_a_card_that_waits_is_told_only_after_a_while(desk: Desk) -> None:
    wait(desk, age=REPORTED_AFTER - timedelta(seconds=1))
    assert reports(desk) == []
    desk.later(minutes=1)
    wait(desk)
    (report,) = reports(desk)
    assert report.trouble == Trouble(
        cause=operators.UNREACHABLE, detail=DOWN.detail, at=desk.now(), gave_up=False
    )


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.TIMEOUT, "slack_unreachable"),
        (Reason.RATE_LIMITED, "slack_unreachable"),
        (Reason.SECRET_MISSING, "secret_missing"),
    ],
)
def test_a_revoked_token_is_another_cause_than_an_outage(
    desk: Desk, reason: Reason, cause: str
) -> None:
    desk.slack.errors = [Retryable(reason, "d", took_effect=False)]
    deliver(desk, age=REPORTED_AFTER)
    (report,) = reports(desk)
    assert report.trouble is not None
    assert report.trouble.cause == cause


def test_who_has_waited_for_twelve_hours_is_given_up_and_told_with_that(desk: Desk) -> None:
    desk.slack.errors = [DOWN]
    with pytest.raises(Permanent) as caught:
        deliver(desk, age=timedelta(hours=12))
    assert "disk full" in caught.value.card
    (report,) = reports(desk)
    assert report.trouble is not None
    assert (report.trouble.cause, report.trouble.gave_up) == ("too_old", True)


def test_a_card_that_still_waits_is_reported_again_after_an_hour(desk: Desk) -> None:
    wait(desk)
    assert len(reports(desk)) == 1
    desk.later(minutes=59)
    wait(desk)
    assert reports(desk) == []
    desk.later(minutes=1)
    wait(desk)
    assert len(reports(desk)) == 1


def test_a_rise_to_critical_is_reported_although_it_waits_already(desk: Desk) -> None:
    wait(desk)
    reports(desk)
    raised = {"severity": Severity.CRITICAL, "revision": 2}
    desk.put_incident(desk.incident().model_copy(update=raised))
    desk.later(minutes=1)
    wait(desk)
    assert len(reports(desk, Queue.CRITICAL)) == 1


def test_counters_that_lag_are_nobodys_trouble_and_notices_are(desk: Desk) -> None:
    deliver(desk)
    desk.put_incident(desk.incident().model_copy(update={"revision": 2, "count": 9}))
    wait(desk)
    assert reports(desk) == []
    news = Notice(number=1, kind=NoticeKind.REFIRED, at=START)
    changed = desk.incident().model_copy(update={"revision": 3, "notices": (news,)})
    desk.put_incident(changed)
    desk.later(minutes=5)
    wait(desk)
    assert len(reports(desk)) == 1


def test_a_silenced_incident_that_waits_is_nobodys_trouble(desk: Desk) -> None:
    hold = Hold(silence_id="s", until=START + timedelta(hours=9))
    desk.put_incident(desk.incident().model_copy(update={"silence": hold}))
    wait(desk)
    assert reports(desk) == []


def test_test_alerts_are_nobodys_trouble(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"synthetic": True}))
    refuse(desk)
    wait(desk)
    assert reports(desk) == []


def test_a_card_that_is_shown_meanwhile_is_not_told(desk: Desk) -> None:
    wait(desk)
    (report,) = reports(desk)
    desk.later(minutes=1)
    deliver(desk)
    desk.deliverer.handle(report)
    assert told(desk) == []
    assert desk.telemetry.counts["OperatorNoticesHeld:shown_meanwhile"] == 1


def test_a_trouble_that_has_passed_does_not_keep_the_next_one_waiting(desk: Desk) -> None:
    wait(desk)
    (report,) = reports(desk)
    desk.later(minutes=1)
    deliver(desk)
    desk.deliverer.handle(report)
    wait(desk, other(desk, "v1:p1|prod.1"))
    work_off(desk)
    assert told(desk) == ["v1:p1|prod.1"]


def test_a_card_that_stands_and_cannot_be_edited_is_told(desk: Desk) -> None:
    deliver(desk)
    desk.put_incident(desk.incident().model_copy(update={"revision": 2, "count": 9}))
    refuse(desk)
    work_off(desk)
    assert told(desk) == [ID]


def test_a_report_that_was_sent_twice_is_told_once(desk: Desk) -> None:
    refuse(desk)
    desk.later(seconds=5)
    refuse(desk)
    work_off(desk)
    assert told(desk) == [ID]
    assert desk.telemetry.counts["OperatorNoticesHeld:told_already"] == 1


def test_one_notice_per_cause_and_hour_and_the_next_one_tells_the_rest(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(4))]
    for name in names:
        refuse(desk, name)
    work_off(desk)
    assert told(desk) == [ID]
    assert desk.telemetry.counts["OperatorNoticesHeld:told_with_the_next"] == 3
    desk.later(minutes=59)
    work_off(desk)
    assert told(desk) == [ID]
    desk.later(minutes=1)
    work_off(desk)
    assert told(desk) == [ID, "+".join(names[1:])]
    assert reports(desk) == []


def test_a_newcomer_who_is_first_after_the_hour_tells_all_that_waited(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(3))]
    for name in names:
        refuse(desk, name)
    work_off(desk)
    (carried,) = reports(desk)
    desk.later(hours=1)
    newcomer = other(desk, "v1:new|prod.1")
    refuse(desk, newcomer)
    work_off(desk)
    assert told(desk) == [ID, "+".join([newcomer, *names[1:]])]
    desk.deliverer.handle(carried.model_copy(update={"not_before": None}))
    desk.later(hours=1)
    work_off(desk)
    assert len(told(desk)) == 2
    assert desk.telemetry.counts["OperatorNoticesHeld:told_already"] == 1


def test_more_than_are_remembered_are_told_as_at_least_so_many(desk: Desk) -> None:
    for name in (ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(MAX_OTHERS + 2))):
        refuse(desk, name)
    work_off(desk)
    desk.later(hours=1)
    work_off(desk)
    first, then = (one.document["others"] for one in desk.sinks["webhook"].notices)
    assert (first["count"], first["exact"]) == (0, True)
    assert (then["count"], then["exact"]) == (MAX_OTHERS, False)


def test_the_next_one_leaves_out_what_slack_shows_by_then(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(4))]
    for name in names:
        wait(desk, name)
    work_off(desk)
    desk.later(hours=1)
    for name in names[1:3]:
        deliver(desk, name)
    desk.later(minutes=1)
    work_off(desk)
    assert told(desk) == [ID, "+".join(names[3:])]
    assert desk.telemetry.counts["OperatorNoticesHeld:shown_meanwhile"] == 2


def test_the_carrier_looks_again_within_the_longest_delay_of_sqs(desk: Desk) -> None:
    for name in (ID, other(desk, "v1:p1|prod.1")):
        refuse(desk, name)
    work_off(desk)
    (message, delay) = next(one for one in desk.taken(Queue.DISTRIBUTION))
    assert (message["not_before"], delay) == (START + timedelta(minutes=15), 900)


def test_each_critical_incident_is_told_by_itself(desk: Desk) -> None:
    names = [other(desk, f"v1:c{n}|prod.1", severity=Severity.CRITICAL) for n in range(3)]
    for name in names:
        refuse(desk, name)
    work_off(desk, Queue.CRITICAL)
    assert told(desk) == names


def test_another_cause_is_told_within_the_hour(desk: Desk) -> None:
    refuse(desk)
    work_off(desk)
    wait(desk, other(desk, "v1:p1|prod.1"))
    work_off(desk)
    assert told(desk) == [ID, "v1:p1|prod.1"]


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


def window(desk: Desk, cause: str = "refused_by_slack") -> Window:
    found = items.load(desk.store, items.state_item(f"operator-notice#{cause}"), Window)
    assert found is not None
    return found


def test_others_are_kept_up_to_a_limit() -> None:
    full = Window(
        owner="a@1",
        incident_id="a",
        until=START + WINDOW,
        carrier="b@1",
        others=tuple(f"i{n}" for n in range(MAX_OTHERS)),
    )
    assert join(full, "c@1", "c", START) == full


def test_an_incident_is_named_once() -> None:
    window = join(None, "a@1", "a", START)
    for me in ("b@1", "c@1", "b@2", "c@2", "a@2"):
        window = join(window, me, me[0], START)
    assert (window.carrier, window.others) == ("b@1", ("c",))


def test_a_report_that_was_told_and_comes_again_late_opens_no_window() -> None:
    told_window = Window(owner="a@1", incident_id="a", until=START, told=("webhook", "e-mail"))
    assert join(told_window, "a@1", "a", START + WINDOW) == told_window


def test_an_owner_that_was_killed_for_good_does_not_keep_the_cause_for_ever() -> None:
    taken = join(None, "a@1", "a", START)
    assert join(taken, "b@1", "b", START + PATIENCE).owner == "a@1"
    assert join(taken, "b@1", "b", START + PATIENCE + WINDOW).owner == "b@1"


class DoomedSink(Sink):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def tell(self, notice: OperatorNotice) -> bool:
        return self.world.effect("tell", lambda: super(DoomedSink, self).tell(notice))


class RefusingSlack(Slack):
    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        raise REFUSED


def two_cards_are_given_up(world: Doomed) -> Desk:
    """Both are told, the second one by the carrier, an hour later; SQS delivers again what died."""
    desk = Desk(world=world, slack=RefusingSlack())
    for name in desk.sinks:
        desk.sinks[name] = DoomedSink(world)
    for name in TWO:
        desk.put_incident(incident(name))
    world.seen = 0
    for name in TWO:
        survive(desk, lambda name=name: give_up(desk, name))  # type: ignore[misc]
    for _ in range(6):
        for report in reports(desk):
            survive(desk, lambda report=report: desk.deliverer.handle(report))  # type: ignore[misc]
        desk.later(minutes=16)
    return desk


TWO = [ID, "v1:p1|prod.1"]


def give_up(desk: Desk, name: str) -> None:
    with pytest.raises(Permanent):
        deliver(desk, name)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_every_incident_is_told_and_under_one_id(after: bool) -> None:
    calm = Doomed(0, after=after)
    two_cards_are_given_up(calm)
    for number in range(1, calm.seen + 1):
        desk = two_cards_are_given_up(Doomed(number, after=after))
        for sink in desk.sinks.values():
            ids = {
                (one.document["incident"]["id"], one.document["id"].rpartition("@")[0])
                for one in sink.notices
            }
            assert ids == {(name, f"refused_by_slack/{name}") for name in TWO}, number
            # A sink that was told twice was told under one id.
            assert len({one.document["id"] for one in sink.notices}) == 2, number


def test_an_unfinished_report_is_not_recorded_as_done(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, operators=replace(desk.operators, sinks={}))
    wait(desk)
    assert card(desk).reported_at == START
    assert card(desk).reported_as is Severity.HIGH
    deliver(desk)
    desk.later(seconds=30)
    deliver(desk)
    assert card(desk).reported_at is None


def card(desk: Desk) -> Card:
    return desk.card(ID)

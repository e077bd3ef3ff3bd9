"""Routes in the lanes: what is stored, what is held as too mild, and where a refused card goes."""

from dataclasses import replace
from typing import Any

import pytest

from fakes import Desk, Slack, alert, resolve
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Card, Destination, Intent
from responder.policy.route import Channels
from responder.policy.routes import Routes
from responder.ports import Message, Place
from responder.protocols import items
from responder.protocols.card import TURNED_AWAY
from responder.protocols.versions import MAX_AGE, ROUTES, Current
from unit.protocols.delivering import fail_after
from unit.protocols.silencing import silence

ID = "v1:disk|prod.1"
PAYMENTS = {"match": ["title=disk full"], "channel": "#payments", "mentions": ["S0123ABC"]}
MISSING = Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def apply(desk: Desk, *written: dict[str, Any]) -> None:
    """Make routes active, and let the recorder know them."""
    routes = Routes.model_validate({"routes": written})
    active = ROUTES.load(desk.store).number
    assert ROUTES.save(desk.store, routes, active, desk.now()) is not None
    desk.later(seconds=MAX_AGE.total_seconds())
    current = Current(ROUTES, desk.store, desk.telemetry, desk.now, otherwise=Routes())
    desk.recorder = replace(desk.recorder, routes=current)


def deliver(desk: Desk) -> None:
    desk.announced()
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))


def channels(desk: Desk) -> list[tuple[str, str]]:
    return [(call.method, call.channel) for call in desk.slack.calls]


def test_the_route_is_decided_at_the_opening_and_obeyed_by_distribution(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    assert desk.incident().route == Destination(
        route="route 1", channel="#payments", mentions=("S0123ABC",)
    )
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]
    assert "<!subteam^S0123ABC>" in desk.slack.calls[0].text


def test_each_new_incident_counts_once_what_decided_its_channel(desk: Desk) -> None:
    apply(desk, PAYMENTS, {"mentions": ["here"]})
    desk.record(alert("a1"))
    desk.record(alert("a1"))
    desk.record(alert("a2", at=5))
    each: list[dict[str, Any]] = [{}, {"severity": Severity.CRITICAL}, {"source": SYNTHETIC_SOURCE}]
    for number, changes in enumerate(each):
        names = {"rule": f"v1:p{number}", "fingerprint": f"p{number}", "title": "another"}
        desk.record(alert(f"b{number}", **(names | changes)))
    counted = {name: n for name, n in desk.telemetry.counts.items() if "Routed" in name}
    assert counted == {
        f"IncidentsRouted:{reason}": 1 for reason in ("routed", "default", "critical", "synthetic")
    }


def test_incidents_of_before_there_were_routes_go_to_the_configured_channel(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.put_incident(desk.incident().model_copy(update={"route": None}))
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


def test_routes_that_cannot_be_read_keep_no_page_from_people(desk: Desk) -> None:
    class Broken:
        def read(self, keys: object) -> None:
            raise Retryable(Reason.UNAVAILABLE, "throttled")

    current = Current(ROUTES, Broken(), desk.telemetry, desk.now, otherwise=Routes())  # type: ignore[arg-type]
    desk.recorder = replace(desk.recorder, routes=current)
    desk.record(alert("a1"))
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


def test_a_card_that_waits_follows_a_rise_in_severity_to_another_channel(desk: Desk) -> None:
    apply(desk, {"match": ["severity=CRITICAL"], "channel": "#war-room"}, PAYMENTS)
    desk.record(alert("a1"))
    desk.record(alert("a2", at=5, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert channels(desk)[0] == ("post", "#war-room")


def test_a_card_that_stands_stays_and_its_notice_calls_whom_the_new_route_calls(
    desk: Desk,
) -> None:
    apply(desk, {"match": ["severity=CRITICAL"], "mentions": ["here"]}, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(alert("a2", at=40, severity=Severity.CRITICAL))
    desk.deliver_all()
    post, update, notice, elsewhere = desk.slack.calls
    assert [one.method for one in (post, update, notice)] == ["post", "update", "post"]
    assert notice.thread_ts == post.ts
    assert (elsewhere.channel, elsewhere.thread_ts) == ("#alerts", "")
    assert "<!here>" in notice.text


def test_a_card_that_is_posted_anew_calls_nobody_again(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    desk.deliver_all()
    first, again = desk.slack.calls
    assert (first.method, again.method) == ("post", "post")
    assert "S0123ABC" in first.text
    assert "S0123ABC" not in again.text


def test_a_bot_that_takes_over_from_a_webhook_calls_nobody_again(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.slack.editable = False
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.slack.editable = True
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.deliver_all()
    first, again = desk.slack.calls
    assert "S0123ABC" in first.text
    assert (again.method, again.channel) == ("post", "#payments")
    assert "S0123ABC" not in again.text


def test_what_is_over_before_its_card_calls_nobody(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    desk.deliver_all()
    assert "S0123ABC" not in desk.slack.calls[0].text


def test_test_alerts_go_to_the_test_channel_whatever_the_routes_say(desk: Desk) -> None:
    apply(desk, {"channel": "#people", "minimum_severity": "CRITICAL"})
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", test="#test"))
    desk.record(alert("a1", source=SYNTHETIC_SOURCE))
    desk.deliver_all()
    assert channels(desk) == [("post", "#test")]


# Too mild for a card.

MINIMUM = {"match": ["title=disk full"], "channel": "#payments", "minimum_severity": "HIGH"}


def test_what_is_too_mild_gets_neither_card_nor_analysis_and_is_counted(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW), alert("a2", at=1, severity=Severity.MEDIUM))
    desk.deliver_all()
    for _ in range(5):
        desk.later(minutes=1)
        desk.tick()
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert (desk.incident().count, desk.incident().held) == (2, "below_minimum")
    assert desk.telemetry.counts["AlertsHeld:below_minimum"] == 2
    assert desk.telemetry.counts["AlertsUnshown"] == 0


def test_the_tick_leaves_it_alone_until_it_would_close(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    desk.later(minutes=1)
    desk.tick()
    due = desk.incident().due_at
    assert due is not None
    assert (due - desk.now()).days >= 6


def test_it_is_shown_and_analysed_at_once_when_its_severity_rises_to_the_minimum(
    desk: Desk,
) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    desk.record(alert("a2", at=40, severity=Severity.HIGH))
    assert desk.requested() == [ID]
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]
    assert desk.incident().held == ""


def test_critical_is_never_too_mild(desk: Desk) -> None:
    apply(desk, MINIMUM | {"minimum_severity": "CRITICAL"})
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]


def test_a_lower_minimum_frees_what_is_held_with_its_next_alert(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    apply(desk, PAYMENTS)
    desk.record(alert("a2", at=90, severity=Severity.LOW))
    desk.deliver_all()
    assert channels(desk) == [("post", "#payments")]


def test_what_rises_under_a_silence_stays_held_by_it(desk: Desk) -> None:
    apply(desk, MINIMUM)
    desk.record(alert("a1", severity=Severity.LOW))
    silence(desk, minutes=10)
    desk.record(alert("a2", at=60, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == []
    assert desk.incident().held == "silenced"
    for _ in range(13):
        desk.tick()
    assert channels(desk)[0] == ("post", "#payments")


def test_the_end_of_a_silence_does_not_show_what_is_too_mild(desk: Desk) -> None:
    apply(desk, MINIMUM)
    silence(desk, minutes=10)
    desk.record(alert("a1", severity=Severity.LOW))
    assert desk.incident().held == "silenced"
    for _ in range(15):
        desk.tick()
    assert desk.slack.methods() == []
    assert desk.incident().held == "below_minimum"


# Slack refuses the channel.


@pytest.mark.parametrize("reason", sorted(TURNED_AWAY))
def test_a_refused_channel_leaves_the_card_in_the_default_one_saying_so(reason: Reason) -> None:
    reader = Reader()
    desk = Desk(slack=reader)
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [Permanent(reason, "no")]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]
    assert desk.telemetry.counts[f"CardsRedirected:{reason.value}"] == 1
    assert "#payments" in str(reader.posted[0].blocks)
    assert "shown here" in str(reader.posted[0].blocks)
    assert not desk.card().dead_lettered
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts"), ("update", "C1")]


class Reader(Slack):
    """Slack whose posts are read."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Message] = []

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(channel, message, delivery_id, thread_ts)
        self.posted.append(message)
        return place


def test_the_channel_of_critical_falls_back_to_the_default_one_too(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#gone"))
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.slack.errors = [MISSING]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


REFUSED = Permanent(Reason.REFUSED_BY_SLACK, "posting_to_general_channel_denied")


@pytest.mark.parametrize("refusal", [MISSING, REFUSED], ids=["of the channel", "unknown"])
def test_a_refused_default_channel_is_a_dead_letter(desk: Desk, refusal: Permanent) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [refusal, refusal]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card().dead_lettered
    assert desk.card().intent is None


@pytest.mark.parametrize(
    ("still_refused", "shown_in"), [([], "#payments"), ([MISSING], "#alerts")], ids=["own", "other"]
)
def test_after_both_channels_refused_the_one_that_is_mended_gets_the_card(
    desk: Desk, still_refused: list[Permanent], shown_in: str
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, MISSING]
    with pytest.raises(Permanent):
        deliver(desk)
    desk.slack.errors = [*still_refused]
    deliver(desk)
    assert channels(desk) == [("post", shown_in)]
    assert (desk.card().refused is None) == (not still_refused)


def test_a_first_message_that_is_refused_in_unknown_words_is_tried_in_the_default_channel(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [REFUSED]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]
    assert desk.telemetry.counts["CardsRedirected:refused_by_slack"] == 1
    assert not desk.card().dead_lettered


def test_an_edit_that_is_refused_in_unknown_words_leaves_the_card_where_it_stands(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(resolve("r1", at=60))
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent):
        deliver(desk)
    assert channels(desk) == [("post", "#payments")]


@pytest.mark.parametrize("reason", [Reason.INVALID_MESSAGE, Reason.MISCONFIGURED])
def test_what_is_wrong_anywhere_is_not_tried_elsewhere(desk: Desk, reason: Reason) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    # A message that Slack finds invalid is refused as plain text as well.
    desk.slack.errors = [Permanent(reason, "no")] * 2
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []
    assert desk.telemetry.counts[f"CardsRedirected:{reason.value}"] == 0


def test_a_test_alert_is_never_shown_to_people_instead(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", test="#test"))
    desk.record(alert("a1", source=SYNTHETIC_SOURCE))
    desk.slack.errors = [MISSING]
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.telemetry.counts[f"AlertsHeld:{MISSING.reason.value}"] == 1


def test_a_webhook_has_one_channel_whatever_the_routes_say(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.slack.editable = False
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []


def test_killed_between_the_refusal_and_its_record_the_next_worker_is_refused_and_goes_on(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    # What the dead worker left: its lease, and an intent for the channel that refused it.
    intent = Intent(delivery_id="d0", at=START)
    left = Card(incident_id=ID, channel="#payments", intent=intent, owner="dead", lease_until=START)
    desk.put_card(left)
    desk.later(minutes=1)
    desk.slack.errors = [MISSING, MISSING]
    deliver(desk)
    assert channels(desk) == [("post", "#alerts")]
    assert desk.card().shown == desk.incident().revision


def test_killed_before_the_post_to_the_default_channel_the_next_worker_posts_there(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, Retryable(Reason.RATE_LIMITED, "429", took_effect=False)]
    deliver(desk)
    assert desk.slack.methods() == []
    kept = desk.card()
    assert (kept.channel, kept.intent) == ("#alerts", None)
    desk.later(minutes=2)
    deliver(desk)
    assert channels(desk) == [("post", "#alerts")]


def test_a_refusal_is_forgotten_when_the_route_leads_elsewhere(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, Retryable(Reason.RATE_LIMITED, "429", took_effect=False)]
    deliver(desk)
    desk.later(minutes=2)
    elsewhere = Destination(route="r", channel="#elsewhere")
    before = desk.incident()
    update = {"route": elsewhere, "revision": before.revision + 1}
    desk.put_incident(before.model_copy(update=update))
    deliver(desk)
    assert channels(desk) == [("post", "#elsewhere")]
    assert desk.card().refused is None


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_card_whose_channel_is_archived_goes_on_in_the_default_one(
    desk: Desk, refusals: int
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(resolve("r1", at=60))
    archived = Permanent(Reason.CHANNEL_ARCHIVED, "is_archived")
    # The edit is refused; or it went through just before, and the notice is.
    if refusals == 1:
        desk.slack.errors = [archived]
    else:
        fail_after(desk, 1, archived)
    desk.deliver_all()
    assert channels(desk)[-1] == ("post", "#alerts")
    assert desk.slack.calls[-1].thread_ts == ""
    assert (desk.card().shown, desk.card().told) == (desk.incident().revision, 1)
    assert items.load(desk.store, items.card_item(ID), Card).owner == ""  # type: ignore[union-attr]

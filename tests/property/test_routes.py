"""Whatever the routes and the incident are: there is a channel, and only operators call people."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from property.test_card import incidents, moments, notes, slow, texts
from responder.alert import Severity
from responder.delivery import card, notices
from responder.incident import Destination, Incident, Notice, Refusal
from responder.policy.matching import FIELDS
from responder.policy.route import Channels, refuge, route
from responder.policy.routes import Routes, routed
from responder.ports import Message
from responder.protocols.card_steps import TURNED_AWAY
from unit.delivery.checker import problems

CHANNELS = Channels("#alerts", "#critical", "#test")
#: U12345 is what the hostile texts call, too.
LIVE = {
    "U12345": "<@U12345>",
    "W12345": "<@W12345>",
    "S12345": "<!subteam^S12345>",
    "here": "<!here>",
    "channel": "<!channel>",
}
mentions = st.lists(st.sampled_from(sorted(LIVE)), max_size=5, unique=True).map(tuple)
matchers = st.builds(
    "{}{}{}".format,
    st.sampled_from(FIELDS),
    st.sampled_from(("=", "!=", "=~", "!~")),
    st.sampled_from(("", ".*", "CRITICAL", "a|b", "x")),
)
written: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    match=st.lists(matchers, min_size=1, max_size=3),
    channel=st.sampled_from(("", "#a", "b", "C0123ABC")),
    mentions=mentions,
    minimum_severity=st.sampled_from(Severity),
)
files = st.lists(written, max_size=5).map(lambda found: Routes.model_validate({"routes": found}))
destinations = st.builds(
    Destination,
    route=texts,
    channel=texts,
    mentions=mentions,
    refused=st.none()
    | st.builds(
        Refusal,
        channel=texts,
        reason=st.sampled_from(sorted(reason.value for reason in TURNED_AWAY)),
    ),
)


@settings(max_examples=200, **slow)
@given(incident=incidents, routes=files)
def test_a_channel_always_comes_out(incident: Incident, routes: Routes) -> None:
    sent = routed(incident, None, routes)
    decision = route(sent, CHANNELS)
    assert decision.channel
    if incident.synthetic:
        assert decision.channel == "#test"
        assert not refuge(sent, CHANNELS, decision.channel)
    else:
        assert refuge(sent, CHANNELS, "#alerts") == "#alerts"
    if sent.route is not None and incident.severity is Severity.CRITICAL:
        assert not sent.route.holds(incident.severity)


@settings(max_examples=150, **slow)
@given(incident=incidents, sent=destinations, now=moments)
def test_a_card_calls_whom_its_route_calls_once_and_nobody_else(
    incident: Incident, sent: Destination, now: datetime
) -> None:
    routed = incident.model_copy(update={"route": sent})
    called = sent.mentions if incident.state == "open" else ()
    for render in (card.render, card.webhook_first):
        assert problems(without_calls(render(routed, now), called)) == []
    assert problems(card.webhook_analysis(routed, now)) == []


@settings(max_examples=100, **slow)
@given(incident=incidents, sent=destinations, notice=notes, standalone=st.booleans())
def test_only_a_notice_of_a_rise_wherever_and_a_reminder_call(
    incident: Incident, sent: Destination, notice: Notice, standalone: bool
) -> None:
    routed = incident.model_copy(update={"route": sent})
    kinds = ("severity_raised", "still_firing", "escalated")
    calls = notice.kind in kinds and incident.state == "open"
    message = notices.render(routed, notice, standalone=standalone)
    assert problems(without_calls(message, sent.mentions if calls else ())) == []


def without_calls(message: Message, called: tuple[str, ...]) -> Message:
    """The message with each expected call, which must be there once, made inert."""
    text, blocks = message.text, json.dumps(message.blocks)
    for mention in called:
        live = LIVE[mention]
        assert (text.count(live), blocks.count(live)) == (1, 1)
        text, blocks = text.replace(live, "@x"), blocks.replace(live, "@x")
    inert: list[dict[str, Any]] = json.loads(blocks)
    return replace(message, text=text, blocks=inert)

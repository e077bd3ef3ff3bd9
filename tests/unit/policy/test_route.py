import pytest

from responder.alert import Severity
from responder.errors import Permanent, Reason
from responder.incident import Destination
from responder.policy.decision import Decision, RouteReason
from responder.policy.route import Channels, refuge, route
from responder_cli.card.examples import FIRST

CHANNELS = Channels(default="C0ALERTS", critical="C0CRITICAL", test="C0TEST")


def test_critical_goes_to_its_own_channel() -> None:
    assert route(FIRST, CHANNELS) == Decision("C0CRITICAL", RouteReason.CRITICAL)


def test_critical_without_its_own_channel_goes_to_the_default() -> None:
    assert route(FIRST, Channels("C0ALERTS")) == Decision("C0ALERTS", RouteReason.CRITICAL)


@pytest.mark.parametrize("severity", [s for s in Severity if s is not Severity.CRITICAL])
def test_the_rest_goes_to_the_default(severity: Severity) -> None:
    incident = FIRST.model_copy(update={"severity": severity})
    assert route(incident, CHANNELS) == Decision("C0ALERTS", RouteReason.DEFAULT)


def test_test_alerts_go_to_the_test_channel_even_when_critical() -> None:
    incident = FIRST.model_copy(update={"synthetic": True})
    assert route(incident, CHANNELS) == Decision("C0TEST", RouteReason.SYNTHETIC)


def test_test_alerts_never_reach_people() -> None:
    incident = FIRST.model_copy(update={"synthetic": True})
    with pytest.raises(Permanent, match="TEST_CHANNEL") as caught:
        route(incident, Channels("C0ALERTS", "C0CRITICAL"))
    assert caught.value.reason is Reason.MISCONFIGURED


ROUTED = FIRST.model_copy(update={"route": Destination(route="r", channel="#payments")})


def test_the_operators_route_comes_before_the_channel_of_critical() -> None:
    assert route(ROUTED, CHANNELS) == Decision("#payments", RouteReason.ROUTED)


def test_a_route_without_a_channel_leaves_the_configured_one() -> None:
    incident = FIRST.model_copy(update={"route": Destination(route="r", mentions=("here",))})
    assert route(incident, CHANNELS) == Decision("C0CRITICAL", RouteReason.CRITICAL)


def test_test_alerts_take_no_route_and_find_no_refuge() -> None:
    incident = ROUTED.model_copy(update={"synthetic": True})
    assert route(incident, CHANNELS).channel == "C0TEST"
    assert refuge(incident, CHANNELS, "C0TEST") == ""


def test_what_is_critical_finds_its_refuge_among_its_like_and_then_with_all() -> None:
    assert refuge(ROUTED, CHANNELS, "#payments") == "C0CRITICAL"
    assert refuge(ROUTED, CHANNELS, "C0CRITICAL") == "C0ALERTS"
    assert refuge(ROUTED, CHANNELS, "C0ALERTS") == "C0ALERTS"
    mild = ROUTED.model_copy(update={"severity": Severity.HIGH})
    assert refuge(mild, CHANNELS, "#payments") == "C0ALERTS"

"""Channels as operators write them, in the one form that is compared."""

import pytest

from responder.channel import canonical, is_id
from responder.policy.routes import Route
from responder.settings import Distribution, load
from unit.test_settings import DISTRIBUTION


@pytest.mark.parametrize(
    ("written", "one_form"),
    [
        ("payments", "#payments"),
        ("#payments", "#payments"),
        ("c0123abcd", "#c0123abcd"),
        ("C0123ABCD", "C0123ABCD"),
        ("D0123ABCD", "D0123ABCD"),
        ("G0123ABCD", "G0123ABCD"),
        ("", ""),
    ],
)
def test_routes_and_settings_have_one_form_of_a_channel(written: str, one_form: str) -> None:
    assert canonical(written) == one_form
    assert Route(channel=written).channel == one_form
    given = load(Distribution, DISTRIBUTION | {"SLACK_CRITICAL_CHANNEL": written})
    assert given.slack_critical_channel == one_form


NO_IDS = ["", "#C0123ABCD", "C0123", "C0123ABCD\n", "C" * 30, "c0123abcd"]


@pytest.mark.parametrize("channel", NO_IDS)
def test_what_is_no_id(channel: str) -> None:
    assert not is_id(channel)


def test_the_default_channel_written_without_its_sign_is_the_one_of_the_routes() -> None:
    bare = {"SLACK_CHANNEL": "payments", "TEST_CHANNEL": "test"}
    given = load(Distribution, DISTRIBUTION | bare)
    assert (given.slack_channel, given.test_channel) == (Route(channel="payments").channel, "#test")

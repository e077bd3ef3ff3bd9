"""Operators' field mappings come from the secret ``sources``; no alert waits for them."""

import json

import pytest

from responder.errors import Reason, Retryable
from unit.reception.doubles import TOKEN, Wired, request

MAPPINGS = {"shopmon": {"title": "check.name", "severity": "lvl", "severities": {"5": "CRITICAL"}}}
BODY = json.dumps({"check": {"name": "disk full"}, "lvl": 5}).encode()


def wired(mappings: object = MAPPINGS) -> Wired:
    return Wired(sources={"tokens": {"old": TOKEN}, "mappings": mappings})


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_mapping_of_the_route_reads_the_body(token: str | None) -> None:
    world = wired()
    assert world.reception.http(request(BODY, token=token, tool="shopmon"))["statusCode"] == 202
    (message,) = world.messages()
    assert (message.alert.title, message.alert.severity.value) == ("disk full", "CRITICAL")
    assert not message.alert.unknown_format


def test_a_changed_secret_is_obeyed_by_the_next_request() -> None:
    world = wired()
    reception = world.reception
    reception.http(request(BODY, tool="shopmon"))
    world.sources = {"mappings": {"shopmon": {"title": "lvl"}}}
    reception.http(request(BODY, tool="shopmon"))
    assert [message.alert.title for message in world.messages()] == ["disk full", "5"]


def test_without_a_secret_alerts_are_accepted_and_nothing_is_counted() -> None:
    world = Wired(sources=None)
    assert world.reception.http(request(BODY, tool="shopmon"))["statusCode"] == 202
    assert world.messages()[0].alert.unknown_format
    assert not [name for name, _ in world.telemetry.counts if name.startswith("Mappings")]


def test_a_secret_that_cannot_be_read_costs_the_mapping_and_is_counted() -> None:
    world = Wired(trouble=Retryable(Reason.UNAVAILABLE, "throttled"))
    assert world.reception.http(request(BODY, tool="shopmon"))["statusCode"] == 202
    assert world.messages()[0].alert.unknown_format
    assert world.telemetry.counts["MappingsUnavailable", "unavailable"] == 1


def test_a_wrong_mapping_is_left_aside_counted_and_named_once() -> None:
    world = wired(MAPPINGS | {"broken": {"title": "a..b"}})
    reception = world.reception
    for _ in range(2):
        reception.http(request(BODY, tool="shopmon"))
    assert [message.alert.title for message in world.messages()] == ["disk full"] * 2
    assert world.telemetry.counts["MappingsUnavailable", "misconfigured"] == 1
    (line,) = [one for one in world.telemetry.lines if one.get("mapping") == "broken"]
    assert "'a..b' is no path" in str(line["detail"])


def test_a_request_without_a_tool_asks_for_no_secret() -> None:
    world = Wired(trouble=Retryable(Reason.UNAVAILABLE, "throttled"))
    assert world.reception.http(request(BODY))["statusCode"] == 202
    assert ("MappingsUnavailable", "unavailable") not in world.telemetry.counts

"""CloudEvents: opened where a tool knows what is inside, else read by themselves."""

import base64
import json
from typing import Any

import pytest

from responder.intake.registry import parse
from samples import JSON, NOW, alerts, only, sample
from unit.intake.tools.expected import FIRING, MEDIUM, RESOLVED, at

EVENT = {"specversion": "1.0", "type": "com.example.disk", "source": "/hosts/db-1", "id": "e-1"}
HEADERS = {
    "ce-specversion": "1.0",
    "ce-type": "com.example.disk",
    "ce-source": "/hosts/db-1",
    "ce-id": "e-1",
    "ce-time": "2026-11-20T09:30:00Z",
}


def read_one(body: object, headers: dict[str, str] | None = None, tool: str | None = None) -> Any:
    (alert,) = parse(json.dumps(body).encode(), headers or JSON, tool, received_at=NOW)
    return alert


@pytest.mark.parametrize("name", ["alertmanager_inside", "data_in_base64"])
def test_what_a_tool_knows_is_that_tool_s(name: str) -> None:
    inside = only("alertmanager/firing.json")
    alert = only(f"cloudevents/{name}.json")
    assert alert.source == "alertmanager"
    assert alert.fingerprint == inside.fingerprint


def test_the_binary_mode_is_the_same() -> None:
    body = sample("alertmanager/firing.json")
    (alert,) = parse(body, HEADERS | JSON, received_at=NOW)
    assert alert.fingerprint == only("alertmanager/firing.json").fingerprint
    by_headers = read_one({"percent": 99}, HEADERS)
    whole = read_one({**EVENT, "time": "2026-11-20T09:30:00Z", "data": {"percent": 99}})
    assert by_headers.alert_id == whole.alert_id
    assert by_headers.event_at == at("09:30:00")


def test_data_that_nobody_knows_is_named_by_its_event() -> None:
    alert = only("cloudevents/unknown_data.json")
    assert alert.source == "cloudevents"
    assert alert.title == "com.example.disk.full: /dev/sda1"
    assert alert.resource == "/dev/sda1"
    assert alert.event_at == at("09:30:00")
    assert '"percent": 99' in alert.message


def test_a_batch_is_taken_apart_and_its_types_say_the_state() -> None:
    fired, resolved = alerts("cloudevents/fired_and_resolved_in_a_batch.json")
    assert (fired.status, resolved.status) == (FIRING, RESOLVED)
    assert fired.fingerprint == resolved.fingerprint
    assert (fired.title, fired.service) == ("Cold room is too warm", "kitchen")
    assert fired.severity is MEDIUM
    assert (fired.event_at, resolved.ends_at) == (at("09:30:00"), at("09:50:00"))


def test_an_event_is_the_same_delivery_however_often_it_comes() -> None:
    body = {**EVENT, "data": {"title": "Disk full"}}
    first, again = read_one(body), read_one(body)
    assert first.alert_id == again.alert_id
    assert read_one({**body, "id": "e-2"}).alert_id != first.alert_id


def test_two_sources_with_one_title_are_two() -> None:
    body = {**EVENT, "data": {"title": "Disk full"}}
    other = read_one({**body, "source": "/hosts/db-2"})
    assert other.fingerprint != read_one(body).fingerprint


@pytest.mark.parametrize("data", [None, "", "prose", 7, [], {}, "{broken"])
def test_odd_data_is_still_an_alert(data: object) -> None:
    for body in ({**EVENT, "data": data}, {**EVENT, "data_base64": data}):
        for alert in parse(json.dumps(body).encode(), JSON, received_at=NOW):
            assert alert.title
            assert not any("reader failed" in note for note in alert.truncated)


def test_a_topic_s_message_inside_an_event_is_opened_too() -> None:
    push = json.loads(sample("google-cloud/incident_through_pubsub.json"))
    alert = read_one(
        {**EVENT, "type": "google.cloud.pubsub.topic.v1.messagePublished", "data": push}
    )
    assert alert.source == "google-cloud"


def test_prose_in_base64_is_the_message() -> None:
    told = base64.b64encode(b"Disk of db-1 is full").decode()
    alert = read_one({"message": {"data": told, "messageId": "7"}, "subscription": "projects/p/s"})
    assert alert.title == "Disk of db-1 is full"


def test_a_deployment_inside_an_event_is_one() -> None:
    release = json.loads(sample("github/release.json"))
    assert parse(json.dumps({**EVENT, "data": release}).encode(), JSON, received_at=NOW) == []


@pytest.mark.parametrize(
    "around", ['{"specversion": "1", "data": ', '{"eventType": "x", "topic": "t", "data": ']
)
@pytest.mark.parametrize("depth", [10, 1_000, 3_000])
def test_events_within_events_are_opened_to_a_bounded_depth(around: str, depth: int) -> None:
    (alert,) = parse((around * depth + "{}" + "}" * depth).encode(), {}, received_at=NOW)
    assert alert.title

"""Values that break programs: each is an alert, bounded and clean, never an error."""

import json
import tracemalloc
from datetime import UTC, datetime

import pytest

from responder.alert import Alert
from responder.contracts import AlertMessage
from responder.intake import parse
from responder.intake.registry import MAX_ALERTS
from samples import JSON, NOW, sample


def read(body: str | bytes) -> Alert:
    raw = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
    (alert,) = parse(raw, JSON, received_at=NOW)
    message = AlertMessage(alert=alert).model_dump_json()
    assert AlertMessage.model_validate_json(message).alert == alert
    return alert


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-0.0", "1e-999"])
def test_numbers_that_are_none(number: str) -> None:
    body = f'{{"title": "t", "severity": {number}, "timestamp": {number}, "id": {number}}}'
    alert = read(body)
    assert (alert.title, alert.severity, alert.event_at) == ("t", "MEDIUM", NOW)


def test_integers_of_thousands_of_digits() -> None:
    digits = "9" * 5_000
    alert = read(f'{{"title": "t", "timestamp": {digits}, "id": {digits}, "tags": [{digits}]}}')
    assert alert.title == "t"
    assert alert.event_at == NOW
    assert len(alert.native_id) < 500


def test_integers_just_short_of_what_python_refuses() -> None:
    alert = read(f'{{"title": "t", "timestamp": {"9" * 4_300}, "id": {"9" * 4_300}}}')
    assert alert.event_at == NOW


def test_lone_surrogates_and_control_characters() -> None:
    alert = read(r'{"title": "a\ud800b\u0000c\u001b[31m", "service": "\udfff", "id": "\ud800"}')
    assert alert.title == "abc[31m"
    assert alert.service == ""
    assert read(b'{"title": "a\x00b\x07c\nd"}').title == "abc d"


@pytest.mark.parametrize(
    "moment",
    [
        "10000-01-01T00:00:00Z",
        "99999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-13-45T99:99:99Z",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        253402300800,
        10**19,
        -1,
        0,
        True,
        [],
        {},
    ],
)
def test_times_that_no_calendar_has_are_receive_time(moment: object) -> None:
    alert = read(json.dumps({"title": "t", "timestamp": moment, "startsAt": moment}))
    assert (alert.title, alert.event_at, alert.starts_at) == ("t", NOW, None)


def test_a_good_time_beside_a_bad_one_is_found() -> None:
    alert = read('{"title": "t", "timestamp": "yesterday", "time": "2026-11-20T10:00:00Z"}')
    assert alert.event_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 200_000 + "]" * 200_000,
        '{"a":' * 200_000 + "1" + "}" * 200_000,
        "[" * 500_000,
        '{"a":' * 500_000,
    ],
)
def test_nesting_without_end(body: str) -> None:
    assert read(body).unknown_format


@pytest.mark.parametrize("depth", [500, 5_000])
def test_a_body_deep_but_readable_keeps_its_title(depth: int) -> None:
    alert = read('{"title": "t", "x": ' + "[" * depth + "]" * depth + "}")
    assert (alert.title, alert.unknown_format) == ("t", False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"":"","":""}',
        b'{"title": {"title": {"title": "inner"}}}',
        b'{"title": ["x"], "status": {}, "severity": [], "labels": 5, "tags": {"a": {}}}',
        b'{"alert": {"alert": {"alert": null}}}',
        b'{"labels": {"": "", " ": " "}, "links": {"": "http://a.example"}}',
        b"{}",
        b"[{}]",
        b"[[[[{}]]]]",
        b'[null, 1, [], {}, "x"]',
    ],
)
def test_odd_shapes(body: bytes) -> None:
    for alert in parse(body, JSON, received_at=NOW):
        assert alert.title
        assert not any("reader failed" in note for note in alert.truncated)


def test_an_empty_list_is_no_alert() -> None:
    assert parse(b"[]", JSON) == []


def test_of_a_huge_unknown_body_the_message_shows_the_beginning() -> None:
    alert = read(json.dumps({"kind": "x", "values": [[n] for n in range(5_000)], "last": "z"}))
    assert alert.message.startswith('{\n  "kind": "x"')
    assert "…" in alert.message
    assert "4999" not in alert.message


def test_elements_beyond_the_limit_are_counted_and_not_looked_at() -> None:
    read_alerts = parse(b"[" + b",".join([b'{"title": "t"}'] * 30_000) + b"]", JSON)
    assert len(read_alerts) == MAX_ALERTS
    assert read_alerts[-1].truncated[0] == "alerts: 20000 more of this request cut by intake"


def test_endless_names_of_labels_fill_no_memory() -> None:
    body = json.loads(sample("alertmanager/firing.json"))

    def send(number: int) -> None:
        body["alerts"][0]["labels"] = {f"{number}{'n' * 100_000}": "x", "alertname": "Disk"}
        read(json.dumps(body))

    send(0)
    tracemalloc.start()
    try:
        for number in range(1, 60):
            send(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000

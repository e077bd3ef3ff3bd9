"""Samples of tools: known without a route and under a wrong one, and read whatever is in them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.contracts import AlertMessage
from responder.intake.recognition import TOOLS
from responder.intake.registry import Parcel, read
from samples import EVENTS, JSON, NOW

FILES = sorted(path for path in EVENTS.rglob("*.*") if path.parent.name in TOOLS and path.is_file())
# Tools each of whose samples is known as theirs by the body alone.
BY_BODY = frozenset(
    {"better-stack", "checkly", "checkmk", "cronitor", "dead-mans-snitch", "falco", "freshping",
     "gatus", "healthchecks", "icinga2", "influxdb", "kapacitor", "librenms", "monit", "nagios",
     "netdata", "pingdom", "prtg", "site24x7", "statuscake", "statuspage", "thousandeyes",
     "updown", "uptime-kuma", "uptimerobot", "wazuh", "zabbix"}
)  # fmt: skip
KNOWN = [path for path in FILES if path.parent.name in BY_BODY]
BODIES = [path for path in KNOWN if path.suffix == ".json"]
HOSTILE: tuple[object, ...] = (
    None,
    [],
    {},
    True,
    0,
    float("inf"),
    10**400,
    "9" * 5_000,
    "\ud800\u0000",
    "10000-01-01T00:00:00Z",
    "{{unfilled}}",
    [None, [], {}],
    {"id": None, "name": [], "": {}},
    [[[[[[]]]]]],
)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def checked(value: object, tool: str | None = None) -> Parcel:
    """Read, as JSON would carry it; no reader fails, and each alert fits into a queue."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    parcel = read(body, JSON, tool, received_at=NOW)
    for alert in parcel.alerts:
        assert not any("reader failed" in note for note in alert.truncated), alert.truncated
        assert alert.title
        message = AlertMessage(alert=alert).model_dump_json()
        assert AlertMessage.model_validate_json(message).alert == alert
    return parcel


def variants(value: object, put: object) -> Iterator[object]:
    """``value`` once for each place in it, with ``put`` there instead, and once without it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield {**value, key: put}
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: inner} for inner in variants(item, put))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            for inner in (put, *variants(item, put)):
                yield [*value[:place], inner, *value[place + 1 :]]


@pytest.mark.parametrize("path", KNOWN, ids=named)
@pytest.mark.parametrize("tool", [None, "generic", "alertmanager", "cloudwatch", "uptime-kuma"])
def test_a_sample_is_its_tools_under_any_route(path: Path, tool: str | None) -> None:
    parcel = read(path.read_bytes(), {}, tool, received_at=NOW)
    assert parcel == read(path.read_bytes(), {}, path.parent.name, received_at=NOW)
    assert {alert.source for alert in parcel.alerts} <= {path.parent.name}
    assert not any(alert.unknown_format for alert in parcel.alerts)


@pytest.mark.parametrize("put", HOSTILE, ids=lambda value: repr(value)[:20])
def test_no_reader_fails_whatever_a_field_holds(put: object) -> None:
    for path in BODIES:
        for value in variants(json.loads(path.read_bytes()), put):
            checked(value, path.parent.name)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "value", [{}, {"a": 1}, {"status": None}, {"type": [], "data": {}}, [{}], [[]], [None, 5, "x"]]
)
def test_no_reader_fails_on_what_only_the_route_calls_its_own(tool: str, value: object) -> None:
    checked(value, tool)

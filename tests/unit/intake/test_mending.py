"""JSON whose values were put between quotes as they are, and what is left of worse."""

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.body import load_json
from responder.intake.mending import MAX_FAULTS, MAX_LENGTH, mended
from samples import JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "disk "/var" is full", "b": 1}', {"a": 'disk "/var" is full', "b": 1}),
        ('{"a": "say "hi"", "b": "x"}', {"a": 'say "hi"', "b": "x"}),
        ('{"a": ""hi" she said", "b": "x"}', {"a": '"hi" she said', "b": "x"}),
        ('{"a": "x "y", then z", "b": 1}', {"a": 'x "y", then z', "b": 1}),
        ('{"a": "key "k": v"}', {"a": 'key "k": v'}),
        (r'{"a": "C:\Windows\system32\users"}', {"a": r"C:\Windows\system32\users"}),
        ('{"a": 1, "b": [1, 2,],}', {"a": 1, "b": [1, 2]}),
        ('{"a": , "b": }', {"a": None, "b": None}),
        ('{"a": N/A, "b": PROBLEM}', {"a": "N/A", "b": "PROBLEM"}),
        ('{"a": 12 %, "b": 2026-11-20 10:05}', {"a": "12 %", "b": "2026-11-20 10:05"}),
    ],
)
def test_what_templates_leave_unescaped_is_mended(text: str, value: object) -> None:
    assert mended(text, load_json) == value


def test_a_mended_body_is_read_by_its_tool_and_its_resolve_meets_it() -> None:
    text = '{{"id": "1", "title": "Disk", "state": "{}", "severity": "critical", "message": "{}"}}'
    (firing,) = parse(text.format("problem", 'df "/var":\n99 %\tused').encode(), JSON)
    (resolved,) = parse(text.format("resolved", 'df "/var": 12 %').encode(), JSON)
    assert (firing.title, firing.severity) == ("Disk", Severity.CRITICAL)
    assert firing.message == 'df "/var":\n99 %\tused'
    assert (resolved.status, resolved.fingerprint) == (Status.RESOLVED, firing.fingerprint)
    assert ["mended by intake" in note for note in firing.truncated] == [True]


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "Disk full on db-1", "severity": "critical", "host": "db-1", "x": "cut o',
        "{'title': 'Disk full on db-1', 'severity': 'critical', 'host': 'db-1'}",
        '{"Subject" : "Disk full on db-1" "severity":"critical" "host":"db-1" {{{}',
    ],
)
def test_what_cannot_be_mended_keeps_the_title_severity_and_place_that_can_be_seen(
    text: str,
) -> None:
    (alert,) = parse(text.encode(), JSON)
    assert (alert.title, alert.severity, alert.resource) == (
        "Disk full on db-1",
        Severity.CRITICAL,
        "db-1",
    )
    assert alert.unknown_format
    assert alert.status is Status.FIRING
    assert alert.message == text


def test_credentials_in_broken_json_are_not_kept() -> None:
    (alert,) = parse(b'{"title": "t", "routing_key": "R0UT1NG", "x": "cut o', JSON)
    assert "R0UT1NG" not in alert.message
    assert "[removed by intake]" in alert.message


def test_mending_is_bounded() -> None:
    faults = '{"a": "' + 'x"y' * (MAX_FAULTS + 1) + '"}'
    assert mended(faults, load_json) is None
    assert mended('{"a": "x"y"' + " " * MAX_LENGTH + "}", load_json) is None
    assert mended("[" * 200_000, load_json) is None

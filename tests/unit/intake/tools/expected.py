"""What a sample is expected to be read as: only what is named is compared."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, only, sample

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
CRITICAL, HIGH, MEDIUM, LOW, INFO = Severity


def at(text: str) -> datetime:
    """A moment of 20 November 2026, UTC: ``09:20:00``."""
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=UTC)


def differs(alert: Alert, expected: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Each named field that is not as expected: what it is, and what it should be."""
    found = {name: getattr(alert, name) for name in expected}
    wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
    if alert.unknown_format:
        wrong["unknown_format"] = (alert.truncated, False)
    return wrong


def told(expected: dict[str, dict[str, Any]]) -> Callable[[str, bool], None]:
    """A test that each sample is understood, on its tool's own route and on another one's."""

    @pytest.mark.parametrize("name", expected)
    @pytest.mark.parametrize("routed", [True, False])
    def is_understood(name: str, routed: bool) -> None:
        alert = only(name, name.partition("/")[0] if routed else "grafana")
        assert differs(alert, expected[name]) == {}

    return is_understood


def ends(pairs: list[tuple[str, str]]) -> Callable[[str, str], None]:
    """A test that of each pair of samples the second ends what the first told of."""

    @pytest.mark.parametrize(("fired", "ended"), pairs)
    def meet(fired: str, ended: str) -> None:
        assert only(fired).fingerprint == only(ended).fingerprint
        assert only(fired).alert_id != only(ended).alert_id

    return meet


def parcel(value: object, tool: str | None = None) -> Parcel:
    """All that is read of a JSON body."""
    return read(json.dumps(value).encode(), JSON, tool, received_at=NOW)


def body(name: str) -> dict[str, Any]:
    """A sample's outermost object, to be changed."""
    value = json.loads(sample(name))
    assert isinstance(value, dict)
    return value

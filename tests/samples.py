"""The payloads of ``events/`` as the tests read them."""

from datetime import UTC, datetime
from pathlib import Path

from responder.alert import Alert
from responder.intake import parse

EVENTS = Path(__file__).parent.parent / "events"
NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}


def sample(name: str) -> bytes:
    """The bytes of a sample, by its path under ``events/``."""
    return (EVENTS / name).read_bytes()


def alerts(name: str, tool: str | None = None) -> list[Alert]:
    """A sample's alerts, received at ``NOW``."""
    return parse(sample(name), {}, tool, received_at=NOW)


def only(name: str, tool: str | None = None) -> Alert:
    """The one alert of a sample."""
    (alert,) = alerts(name, tool)
    return alert

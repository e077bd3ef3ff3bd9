"""The samples of ``events/`` as if they happened now; ``inject`` and the local demo send them.

Sent as they lie there, with the times that they were written with, a second one is a duplicate.
"""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from responder.intake.times import read_time

EVENTS = Path(__file__).parents[3] / "events"
#: Alertmanager's "still firing".
NEVER = "0001-01-01T00:00:00Z"
#: The days in which the samples happened; every other time is a far end or none.
BEGAN = datetime(2026, 11, 15, tzinfo=UTC)
OVER = datetime(2026, 12, 1, tzinfo=UTC)
#: Times that only their own tool's reader understands as it writes them.
TIMES = ("TriggerTime", "FireTime")
#: Names of what a tool or an envelope calls a delivery by.
DELIVERIES = ("MessageId", "messageId", "message_id", "eventDataId", "guid", "event_guid",
              "event_id", "sid", "check_result_id", "webhook_event_id", "incidentid")  # fmt: skip
#: Objects whose field of such a name is what they tell of: Zabbix's problems.
KEPT_BY = (({"event_value", "trigger_id"}, "event_id"),)
#: Fields by which an object is known as an event, and which of them is its own id, where ``id`` is
#: what it tells of everywhere else.
EVENTS_BY = (
    ({"detail-type"}, "id"), ({"specversion"}, "id"), ({"eventTime"}, "id"),
    ({"resource_type"}, "id"), ({"issued_at"}, "id"), ({"created_on", "type"}, "id"),
    ({"created_on", "event"}, "id"), ({"resource", "timestamp", "type"}, "id"),
    ({"incident", "time", "event"}, "id"), ({"watch_id", "execution_time"}, "id"),
    ({"event_definition_id", "timestamp"}, "id"), ({"timestamp", "uuid", "level"}, "uuid"),
    ({"output", "priority", "rule"}, "uuid"), ({"rule", "agent", "timestamp"}, "id"),
    ({"incident_id", "body"}, "id"), ({"status_report_id", "body"}, "id"),
    ({"component_id", "new_status"}, "id"),
)  # fmt: skip
#: Under these names payloads carry others as text.
INSIDE = ("Message", "body", "payload", "data", "data_base64", "problemDetailsJSONv2")

Rule = Callable[[Any], Any]


def files() -> dict[str, Path]:
    """Every sample by its name: where it lies in ``events/``, without its suffix."""
    found = (path for path in EVENTS.rglob("*") if path.is_file())
    return {path.relative_to(EVENTS).with_suffix("").as_posix(): path for path in sorted(found)}


def read(sample: str, now: datetime, own: Mapping[str, Rule] | None = None) -> bytes:
    """The sample of that name, its times moved to ``now`` and its delivery a new one.

    ``own`` rewrites more fields by their name. Prose stays as it is, and so does a delivery that
    only a link names.
    """
    moment = _written(now)
    rules: dict[str, Rule] = {
        **dict.fromkeys(DELIVERIES, _new),
        **dict.fromkeys(TIMES, lambda _: moment),
        **(own or {}),
    }
    return _text(files()[sample].read_bytes().decode(), now, rules).encode()


def _text(text: str, now: datetime, rules: Mapping[str, Rule]) -> str:
    """JSON, or a form, rewritten; any other text as it is."""
    try:
        payload = json.loads(text)
    except ValueError:
        fields = parse_qsl(text, keep_blank_values=True)
        if len(fields) < 2:
            return text
        return urlencode({name: _field(name, value, now, rules) for name, value in fields})
    return json.dumps(_rewritten(payload, now, rules))


def _rewritten(value: Any, now: datetime, rules: Mapping[str, Rule]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_rewritten(element, now, rules) for element in value]
    if not isinstance(value, dict):
        return _moved(value, now)
    own: dict[str, Rule] = {key: _new for names, key in EVENTS_BY if names <= value.keys()}
    own |= {key: _same for names, key in KEPT_BY if names <= value.keys()}
    return {
        name: own[name](element) if name in own else _field(name, element, now, rules)
        for name, element in value.items()
    }


def _field(name: str, value: Any, now: datetime, rules: Mapping[str, Rule]) -> Any:  # noqa: ANN401 - any JSON value
    if name in rules:
        return rules[name](value)
    if name in INSIDE and isinstance(value, str):
        return _inside(value, now, rules)
    return _rewritten(value, now, rules)


def _inside(text: str, now: datetime, rules: Mapping[str, Rule]) -> Any:  # noqa: ANN401 - any JSON value
    """Text that holds a payload, plain or in base64, with the payload rewritten."""
    if text[:1] in ("{", "["):
        return _text(text, now, rules)
    try:
        plain = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return _moved(text, now)
    if plain[:1] not in ("{", "["):
        return text
    return base64.b64encode(_text(plain, now, rules).encode()).decode()


def _same(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value


def _new(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return str(uuid.uuid4())


def _moved(value: Any, now: datetime) -> Any:  # noqa: ANN401 - any JSON value
    """A time of the samples' days as ``now``, a number as one; anything else as it is."""
    if isinstance(value, str) and value[:1] == "{":
        return _text(value, now, {})
    moment = read_time(value)
    if moment is None or not BEGAN <= moment < OVER:
        return value
    if isinstance(value, str) and not value.isdigit():
        return _written(now)
    # In milliseconds, so that two within a second are two.
    number = int(now.timestamp() * 1000)
    return str(number) if isinstance(value, str) else number


def _written(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

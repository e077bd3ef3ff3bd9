"""The samples of ``events/`` as if they happened now; ``inject`` and the local demo send them.

Sent as they lie there, with the times that they were written with, a second one is a duplicate.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[3] / "events"
#: Alertmanager's "still firing".
NEVER = "0001-01-01T00:00:00Z"
#: How an end that has not come begins: Alertmanager's, and the far one of a push.
NOT_YET = ("0001-", "2036-")
#: When it happened, in the words of the tools.
TIMES = ("startsAt", "endsAt", "started_at", "timestamp", "Timestamp", "time", "StateChangeTime",
         "created_at", "updated_at", "published_at", "pushed_at", "finished_at",
         "status_changed_at")  # fmt: skip
#: SNS carries what it delivers as text.
INSIDE = "Message"

Rule = Callable[[Any], Any]


def files() -> dict[str, Path]:
    """Every sample by its name: where it lies in ``events/``, without its suffix."""
    found = (path for path in EVENTS.rglob("*") if path.is_file())
    return {path.relative_to(EVENTS).with_suffix("").as_posix(): path for path in sorted(found)}


def read(sample: str, now: datetime, own: Mapping[str, Rule] | None = None) -> bytes:
    """The sample of that name, its times moved to ``now`` and its delivery a new one.

    ``own`` rewrites more fields by their name. Text has no fields: it happens when it arrives.
    """
    body = files()[sample].read_bytes()
    moment = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def moved(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            return value if value.startswith(NOT_YET) else moment
        # In milliseconds, so that two within a second are two.
        return int(now.timestamp() * 1000)

    rules = {**dict.fromkeys(TIMES, moved), "MessageId": lambda _: str(uuid.uuid4()), **(own or {})}
    return _rewritten_text(body, rules)


def _rewritten_text(text: bytes, rules: Mapping[str, Rule]) -> bytes:
    try:
        payload = json.loads(text)
    except ValueError:
        return text
    return json.dumps(_rewritten(payload, rules)).encode()


def _rewritten(value: Any, rules: Mapping[str, Rule]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_rewritten(element, rules) for element in value]
    if not isinstance(value, dict):
        return value
    return {name: _field(name, element, rules) for name, element in value.items()}


def _field(name: str, value: Any, rules: Mapping[str, Rule]) -> Any:  # noqa: ANN401 - any JSON value
    if name in rules:
        return rules[name](value)
    if name == INSIDE and isinstance(value, str):
        return _rewritten_text(value.encode(), rules).decode()
    return _rewritten(value, rules)

"""The sample payloads of ``events/`` as if they had happened now; ``demo`` sends them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local_stack import layout

#: Alertmanager's "still firing".
NEVER = "0001-01-01T00:00:00Z"


def read(sample: str, run: str, now: datetime) -> bytes:
    """The file ``sample`` of ``events/`` with its times moved to ``now`` and its place to ``run``.

    A fingerprint stays equal within a run, and differs between runs.
    """
    payload = json.loads((layout.REPOSITORY / "events" / f"{sample}.json").read_text())
    moment = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def moved(value: str) -> str:
        return value if value == NEVER else moment

    def own(value: str) -> str:
        return hashlib.sha256(f"{run}/{value}".encode()).hexdigest()[: len(value)]

    def here(_value: str) -> str:
        return run

    rules = {
        "startsAt": moved,
        "endsAt": moved,
        "timestamp": moved,
        "fingerprint": own,
        "cluster": here,
        "environment": here,
    }
    return json.dumps(_rewritten(payload, rules)).encode()


def _rewritten(value: Any, rules: Mapping[str, Callable[[str], str]]) -> Any:
    if isinstance(value, list):
        return [_rewritten(element, rules) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: rules[name](element) if name in rules else _rewritten(element, rules)
        for name, element in value.items()
    }

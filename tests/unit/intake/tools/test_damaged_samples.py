"""No reader fails on a field that is missing, null or of another kind."""

import json
from collections.abc import Iterator

import pytest

from responder.intake import parse
from samples import EVENTS, NOW

SAMPLES = sorted(path.relative_to(EVENTS).as_posix() for path in EVENTS.rglob("*.json"))
DEEPEST = 5
INSTEAD: tuple[object, ...] = (None, "", "x", 7, [], [None], {})


def damaged(value: object, depth: int = 0) -> Iterator[object]:
    """The value with each of its parts gone, and with each replaced by something else."""
    if depth == DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield from ({**value, name: other} for other in INSTEAD)
            yield from ({**value, name: worse} for worse in damaged(item, depth + 1))
    elif isinstance(value, list) and value:
        yield from ([other, *value[1:]] for other in INSTEAD)
        yield from ([worse, *value[1:]] for worse in damaged(value[0], depth + 1))


@pytest.mark.parametrize("name", SAMPLES)
def test_damage_costs_at_most_what_is_damaged(name: str) -> None:
    headers = {"Sentry-Hook-Resource": "issue"} if name.startswith("sentry/issue") else {}
    for value in damaged(json.loads((EVENTS / name).read_bytes())):
        for alert in parse(json.dumps(value).encode(), headers, received_at=NOW):
            assert not any("reader failed" in note for note in alert.truncated), value

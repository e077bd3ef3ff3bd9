"""What resolves between the two reads of a record's draft: pointers first, then incidents."""

from collections.abc import Sequence

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import Alert, Severity
from responder.incident import IncidentState, NoticeKind
from responder.ports import Key, Record


def resolved_meanwhile(desk: Desk, late: Alert, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record ``late`` by a worker that reads the pointer before a resolve, and all else after."""
    read, resolves = desk.store.read, [resolve("r", at=60)]

    def torn(keys: Sequence[Key]) -> dict[Key, Record]:
        found = read(keys)
        if resolves and any(key.id.startswith("pointer#") for key in keys):
            desk.record(resolves.pop())
        return found

    monkeypatch.setattr(desk.store, "read", torn)
    desk.record(late)
    assert not resolves


@pytest.mark.parametrize(
    "late",
    [
        alert("a2", at=0, title="disk full again"),
        alert("a2", at=-5),
        alert("a1", at=0, severity=Severity.CRITICAL),
    ],
    ids=["the same start", "an older repeat", "worse by now"],
)
def test_what_is_over_by_then_is_not_opened_again(
    late: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    desk.record(alert("a1", at=0))
    desk.later(minutes=2)
    resolved_meanwhile(desk, late, monkeypatch)
    incident = desk.incident()
    assert (incident.state, incident.firing) == (IncidentState.RESOLVED, 0)
    assert [notice.kind for notice in incident.notices] == [NoticeKind.RESOLVED]

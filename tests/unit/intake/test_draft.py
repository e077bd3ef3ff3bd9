"""Identities and bounds, the same for every tool."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from responder.alert import MAX_LABELS, Severity, Status
from responder.contracts import AlertMessage
from responder.intake import parse
from responder.intake.draft import Draft, Request, finish, identity
from samples import JSON, NOW

REQUEST = Request(headers={}, received_at=NOW)
DRAFT = Draft(
    source="tool",
    fingerprint="f",
    title="t",
    severity=Severity.HIGH,
    status=Status.FIRING,
    raw={},
    happened_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def id_of(**changes: object) -> str:
    return finish(replace(DRAFT, **changes), REQUEST).alert_id  # type: ignore[arg-type]


def test_the_alert_id_depends_on_source_fingerprint_status_and_time_alone() -> None:
    same = id_of()
    assert id_of(title="other", severity=Severity.LOW, message="m") == same
    others = {
        id_of(source="tool2"),
        id_of(fingerprint="g"),
        id_of(status=Status.RESOLVED),
        id_of(happened_at=datetime(2026, 11, 20, 0, 0, 1, tzinfo=UTC)),
        id_of(delivery_id="d"),
    }
    assert len(others | {same}) == 6


def test_the_delivery_id_stands_for_the_time() -> None:
    later = DRAFT.happened_at and DRAFT.happened_at + timedelta(minutes=1)
    assert id_of(delivery_id="d") == id_of(delivery_id="d", happened_at=later)


def test_parts_of_an_identity_cannot_be_shifted_into_each_other() -> None:
    assert identity("a", "b,c") != identity("a,b", "c") != identity('a","b', "c")


def test_a_time_far_ahead_is_not_believed() -> None:
    alert = finish(replace(DRAFT, happened_at=NOW + timedelta(days=400)), REQUEST)
    assert alert.event_at == NOW
    assert "too far ahead" in alert.truncated[0]


def test_everything_is_bounded_and_the_message_fits() -> None:
    wide = '\U0001f525"\\' * 15_000
    value = wide[:2_000]
    body = {
        "title": wide,
        "message": f"m{wide}",
        "service": wide,
        "resource": wide,
        "environment": wide,
        "id": wide,
        "rule": wide,
        "labels": {f"label{n}" * 50: value for n in range(200)},
        "links": {f"link{n}": "https://example.net/" + "a" * 1_900 for n in range(50)},
    }
    (alert,) = parse(json.dumps(body).encode(), JSON, received_at=NOW)
    assert len(AlertMessage(alert=alert).model_dump_json().encode()) <= 200_000
    assert len(alert.labels) <= MAX_LABELS
    cut = " ".join(alert.truncated)
    for field in ("title", "message", "service", "label"):
        assert field in cut


def test_incompressible_payloads_are_not_kept_raw() -> None:
    noise = "".join(random.Random(1).choices("0123456789abcdefghijklmnopqrstuvwxyz", k=200_000))
    (alert,) = parse(json.dumps({"title": "t", "message": noise}).encode(), JSON)
    assert alert.raw == ""
    assert any(note.startswith("raw:") for note in alert.truncated)


def test_characters_that_queues_refuse_are_removed() -> None:
    body = b'{"title": "a\\u0000b\\u001b[31mc\\ud800d", "labels": {"k\\u0007": "v\\ufffe"}}'
    (alert,) = parse(body, JSON)
    assert alert.title == "ab[31mcd"
    assert alert.labels == {"k": "v"}
    alert.model_dump_json().encode()


def test_a_request_beyond_the_limit_is_cut_visibly() -> None:
    body = json.dumps([{"title": "t", "id": str(n)} for n in range(10_001)]).encode()
    read = parse(body, JSON)
    assert len(read) == 10_000
    assert "1 more of this request cut" in read[-1].truncated[0]


def test_what_is_resolved_ended_when_its_tool_says_that_it_changed() -> None:
    resolved = replace(DRAFT, status=Status.RESOLVED)
    assert finish(resolved, REQUEST).ends_at == DRAFT.happened_at
    assert finish(replace(resolved, happened_at=None), REQUEST).ends_at is None
    assert finish(DRAFT, REQUEST).ends_at is None


def test_credentials_are_shown_neither_in_labels_nor_in_links() -> None:
    labels = {"token": "t0k", "DB_PASSWORD": "hunter2", "dedup_key": "k", "app": "shop"}
    links = {
        "source": "https://bob:hunter2@mon.example.net/a?id=7&api_token=t0k#x",
        "plain": "https://mon.example.net/@bob?id=7&monkey=1",
    }
    alert = finish(replace(DRAFT, labels=labels, links=links), REQUEST)
    hidden = "[removed by intake]"
    assert alert.labels == {"token": hidden, "DB_PASSWORD": hidden, "dedup_key": "k", "app": "shop"}
    assert alert.links == {
        "source": "https://mon.example.net/a?id=7&api_token=#x",
        "plain": "https://mon.example.net/@bob?id=7&monkey=1",
    }

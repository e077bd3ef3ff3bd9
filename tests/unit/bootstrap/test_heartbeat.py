"""The heartbeat function from its environment to the front door, with the key that it reads."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local_stack.loopback import Reply, Request
from responder.adapters import environment
from responder.bootstrap import heartbeat
from responder.ports import Key, Table
from responder.protocols import items
from responder.protocols.heartbeat import FRONT_DOOR
from responder.protocols.rollcall import ROLL, Roll
from serving import serving
from unit.bootstrap.house import House
from unit.bootstrap.test_start import app


class Keys:
    """API Gateway's keys; moto's need a package that nothing else does."""

    def get_api_key(self, apiKey: str, includeValue: bool) -> dict[str, str]:
        return {"value": f"the value of {apiKey}"}


class Logs:
    """Reception's log, with these acceptances and no others."""

    def __init__(self, *alert_ids: str) -> None:
        self._lines = [
            {"message": "Accepted", "alert_id": one, "source": "sentry"} for one in alert_ids
        ]

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, endTime: int, **_: Any) -> Iterator[dict[str, Any]]:
        lines = [json.dumps(line) for line in self._lines]
        yield {"events": [{"message": line, "timestamp": endTime} for line in lines]}


@contextmanager
def door(monkeypatch: pytest.MonkeyPatch, status: int) -> Iterator[list[Request]]:
    """A front door that answers so, and what it was sent."""
    taken: list[Request] = []

    def answer(request: Request) -> Reply:
        taken.append(request)
        return Reply(status)

    monkeypatch.setattr(environment, "apigateway", Keys)
    monkeypatch.setattr(environment, "logs", lambda: Logs("lost"))
    monkeypatch.setenv("RECEPTION_LOG_GROUP", "/aws/lambda/it-AlertReceptionFunction")
    monkeypatch.setenv("API_KEY_ID", "the-id")
    with serving(answer) as server:
        monkeypatch.setenv("WEBHOOK_URL", f"{server.url}/live/alerts")
        yield taken


@pytest.mark.parametrize(("status", "trouble"), [(202, None), (503, "503"), (403, "403")])
def test_a_beat_knocks_with_the_stacks_key_and_notes_a_refusal(
    house: House, monkeypatch: pytest.MonkeyPatch, status: int, trouble: str | None
) -> None:
    with door(monkeypatch, status) as taken:
        app("heartbeat").handler({}, None)
        (knock,) = taken
        assert knock.headers["x-api-key"] == "the value of the-id"
    assert knock.path == "/live/alerts"
    assert json.loads(knock.body)["source"] == "responder-synthetic"
    noted: Any = heartbeat.build()[0].store.read([Key(Table.STATE, FRONT_DOOR)])
    (record,) = noted.values()
    assert (trouble or "") in record.data.get("trouble", "")
    assert bool(record.data.get("trouble")) == bool(trouble)


@pytest.mark.parametrize("status", [202, 503])
def test_each_beat_calls_the_roll_of_what_was_accepted(
    house: House, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with door(monkeypatch, status):
        app("heartbeat").handler({}, None)
    assert missing() == ["lost"]


def test_the_roll_is_called_although_the_heartbeat_fails(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door(monkeypatch, 202):
        module = app("heartbeat")
        monkeypatch.setattr(type(module.PULSE), "beat", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            module.handler({}, None)
    assert missing() == ["lost"]


def test_the_heartbeats_count_is_told_although_lambda_ends_the_roll_call(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    with door(monkeypatch, 202):
        module = app("heartbeat")
        monkeypatch.setattr(
            type(module.PULSE), "beat", lambda _: module.TELEMETRY.count("HeartbeatArrived")
        )
        monkeypatch.setattr(
            type(module.ROLL_CALL), "call", lambda _: told.append(capsys.readouterr().out)
        )
        module.handler({}, None)
    assert "HeartbeatArrived" in told[0]


def missing() -> list[str]:
    """Who did not answer."""
    store: Any = heartbeat.build()[0].store
    roll = items.load(store, items.state_item(ROLL), Roll)
    assert roll is not None
    return [one.alert_id for one in roll.missing]

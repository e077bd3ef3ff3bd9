"""``responder logs`` and ``tail``: moto's groups are read, Logs Insights is played."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from examples import alert
from integration.cli_house import House, house_of
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.ports import Key, Table
from responder.protocols import items
from responder_cli.aws import Stack
from responder_cli.logs import reading
from responder_cli.logs.reading import Failed, Follower

NOW = utc_now().replace(microsecond=0)
ID = "v1:disk.prod.1"
FUNCTIONS = {"reception": "AlertReception", "analysis": "Analysis", "distribution": "Distribution"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("logs", tmp_path, Table.ALERTS, Table.INCIDENTS) as house:
        client = boto3.client("logs", region_name="eu-west-1")
        house.give("logs", client)
        for name in FUNCTIONS.values():
            group = f"/aws/lambda/it-{name}Function"
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="s")
        yield house


def say(house: House, function: str, step: str, seconds: float = 0, **fields: object) -> None:
    """A step that was logged so many seconds from now; what is negative has passed."""
    assert house.stack is not None
    at = int((utc_now() + timedelta(seconds=seconds)).timestamp() * 1000)
    message = json.dumps({"level": fields.pop("level", "INFO"), "message": step, **fields})
    house.stack.client("logs").put_log_events(
        logGroupName=f"/aws/lambda/it-{FUNCTIONS[function]}Function",
        logStreamName="s",
        logEvents=[{"timestamp": at, "message": message}],
    )


def incident_with_alert(house: House) -> None:
    house.opened(ID, first_alert_id="a1", first_received_at=NOW)
    for alert_id in ("a1", "a2"):
        one = alert(alert_id, received_at=NOW)
        house.recorded(AlertRecord(alert=one, signature="s", incident_id=ID))


def steps(house: House, *words: str) -> list[str]:
    return [one["step"] for one in house.json(*words)]


def test_an_alert_is_followed_through_all_functions_in_order(house: House) -> None:
    incident_with_alert(house)
    say(house, "distribution", "Card posted", -0.5, incident_id=ID, alert_id="a1")
    say(house, "reception", "Accepted", -2, alert_id="a1")
    say(house, "analysis", "Alert counted", -1, alert_id="a1", incident_id=ID)
    say(house, "reception", "Accepted another", -1.5, alert_id="a2")
    say(house, "distribution", "Another's card", -0.4, incident_id=f"{ID}0")
    assert steps(house, "a1") == ["Accepted", "Alert counted", "Card posted"]
    assert steps(house, ID) == ["Accepted", "Alert counted", "Card posted"]
    assert steps(house, "a2") == ["Accepted another", "Alert counted", "Card posted"]
    first = house.run("a1").stdout.splitlines()[0]
    assert first.endswith("reception    INFO     Accepted alert_id=a1")


@pytest.mark.parametrize("key", [items.alert_key("a1"), items.incident_item(ID)])
def test_an_alert_of_another_release_is_followed_by_its_own_name(house: House, key: Key) -> None:
    incident_with_alert(house)
    house.rewrite(key, alert={}, incident_id={})
    say(house, "reception", "Accepted", -2, alert_id="a1")
    say(house, "distribution", "Card posted", -1, incident_id=ID)
    done = house.run("a1", "--json")
    assert [one["step"] for one in json.loads(done.stdout)] == ["Accepted"]
    assert "Another release wrote" in done.stderr


def test_a_trace_is_found_by_its_own_name(house: House) -> None:
    say(house, "reception", "Accepted", -120, trace="Root=1-5f2c-0b1d")
    assert steps(house, "Root=1-5f2c-0b1d") == ["Accepted"]
    assert house.run("Root=1-5f2c-0b1d", "--since", "1m").exit_code == 4
    incident_with_alert(house)
    assert house.run("a1").exit_code == 1


@pytest.mark.parametrize("named", ['a" or 1', "a\\", "", "a\n| limit 1", "a`b"])
def test_what_is_no_id_never_gets_into_a_query(house: House, named: str) -> None:
    assert house.run(named).exit_code == 2


def test_hostile_logs_steer_no_terminal(house: House) -> None:
    say(house, "reception", "Accepted\x1b[2J", alert_id="abc", detail="\u202e")
    shown = house.run("abc").stdout
    assert "Accepted\\x1b[2J" in shown
    assert "\u202e" not in shown


def test_tail_shows_what_is_new_of_the_functions_asked_for(house: House) -> None:
    say(house, "reception", "Accepted", -3)
    say(house, "distribution", "Notice refused", -2, level="WARNING")
    say(house, "analysis", "Claude analysis", -600)
    house.command = "tail"
    told = house.run("--once", "--since", "1m")
    assert [line.split()[3] for line in told.stdout.splitlines()] == ["Accepted", "Notice"]
    (bad,) = house.run("--once", "--errors", "--json").stdout.splitlines()
    assert json.loads(bad)["step"] == "Notice refused"
    assert house.run("--once", "--function", "analysis").stdout == ""
    assert house.run("--once", "--function", "hook").exit_code == 0
    # Neither has logged yet: such a group may not even be there.
    assert house.run("--once", "--function", "heartbeat").exit_code == 0


def test_who_follows_is_told_each_event_once(house: House) -> None:
    assert house.stack is not None
    follower = Follower(house.stack, ("reception", "analysis"), NOW - timedelta(minutes=5))
    say(house, "reception", "one", -60)
    say(house, "analysis", "two", -30)
    assert [one.step for one in follower.news()] == ["one", "two"]
    assert follower.news() == []
    say(house, "analysis", "three")
    assert [one.step for one in follower.news()] == ["three"]


def insights(*answers: dict[str, Any], ends: bool = False) -> tuple[Stack, Stubber]:
    """Logs Insights as botocore knows it, which refuses parameters that AWS would refuse."""
    client = boto3.client("logs", region_name="eu-west-1", aws_access_key_id="x",
                          aws_secret_access_key="x")  # fmt: skip
    stub = Stubber(client)
    stub.add_response(
        "start_query",
        {"queryId": "q"},
        {
            "logGroupNames": [f"/aws/lambda/it-{name}Function" for name in FUNCTIONS.values()],
            "startTime": int(NOW.timestamp()),
            "endTime": int(NOW.timestamp()) + 61,
            "queryString": reading.query_of(["a1", "i1"]),
        },
    )
    for answer in answers:
        stub.add_response("get_query_results", answer, {"queryId": "q"})
    if ends:
        stub.add_response("stop_query", {"success": True}, {"queryId": "q"})
    stub.activate()
    return Stack("it", {"logs": client}.__getitem__, on_aws=True), stub


def row(function: str, at: str, message: dict[str, str]) -> list[dict[str, str]]:
    cells = {
        "@timestamp": at,
        "@log": f"111122223333:/aws/lambda/it-{FUNCTIONS[function]}Function",
        "@message": json.dumps(message),
    }
    return [{"field": name, "value": value} for name, value in cells.items()]


def ask(stack: Stack) -> list[tuple[datetime, str, str]]:
    end = NOW + timedelta(minutes=1)
    found = reading.search(stack, ["a1", "i1"], NOW, end, lambda _: None)
    return [(one.at, one.function, one.step) for one in found]


def test_on_aws_one_query_goes_through_all_three_functions() -> None:
    running = {"status": "Running", "results": []}
    rows = [
        row("distribution", "2026-11-21 12:00:01.250", {"message": "Card posted", "i": "i1"}),
        row("reception", "2026-11-21 12:00:00.000", {"message": "Accepted", "i": "a1"}),
        row("reception", "2026-11-21 12:00:00.000", {"message": "Another", "i": "a17"}),
    ]
    stack, stub = insights(running, {"status": "Complete", "results": rows})
    assert ask(stack) == [
        (datetime.fromisoformat("2026-11-21T12:00:00+00:00"), "reception", "Accepted"),
        (datetime.fromisoformat("2026-11-21T12:00:01.250+00:00"), "distribution", "Card posted"),
    ]
    stub.assert_no_pending_responses()


def test_a_query_that_fails_or_never_ends_is_said_and_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack, _ = insights({"status": "Failed", "results": []})
    with pytest.raises(Failed, match="Failed"):
        ask(stack)
    monkeypatch.setattr(reading, "QUERY_PATIENCE", timedelta(seconds=2))
    running = {"status": "Running", "results": []}
    stack, stub = insights(running, running, ends=True)
    with pytest.raises(Failed, match="did not answer"):
        ask(stack)
    stub.assert_no_pending_responses()

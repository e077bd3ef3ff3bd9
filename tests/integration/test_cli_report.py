"""``responder report`` on moto's tables and a local Slack: the alerts, the advice, the message."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert
from integration.cli_house import House, house_of
from integration.local_slack.calls import get
from local_stack import slack_server
from local_stack.loopback import Server
from responder.alert import Severity, Status
from responder.clock import utc_now
from responder.incident import AlertRecord, IncidentState
from responder.ports import Table
from responder.protocols import items
from responder_cli.aws import Stack
from unit.cli.stacks import Client, stack

TOKEN = "xoxb-report"
HOSTILE = "disk <!channel> *full* | `x` \x1b[31m<https://evil.example|pay>"
HOUR = timedelta(hours=1)


@pytest.fixture
def slack() -> Iterator[Server]:
    server = slack_server.start(pace=0, token=TOKEN, missing_channels=["C0GONE1"])
    yield server
    server.stop()


@pytest.fixture
def house(tmp_path: Path, slack: Server) -> Iterator[House]:
    with house_of("report", tmp_path, Table.ALERTS, Table.INCIDENTS, Table.STATE) as house:
        assert house.stack is not None
        house.stack = on(house.stack, slack)
        yield house


def on(found: Stack, slack: Server) -> Stack:
    """The stack with a Slack, and with metrics that tell a time to the card."""
    clients = {
        "dynamodb": found.client("dynamodb"),
        "cloudwatch": Client({"get_metric_data": metrics}),
        "secretsmanager": Client({"get_secret_value": {"SecretString": TOKEN}}),
    }
    return stack({"SecretPrefix": "it"}, clients, {"SlackApiUrl": f"{slack.url}/api/"})


def metrics(MetricDataQueries: list[dict[str, Any]], **_: object) -> dict[str, Any]:
    values = {"TimeToCard": 1.5, "AlertsCounted": 40.0, "CacheHits": 30.0, "CacheMisses": 10.0}
    results = []
    for query in MetricDataQueries:
        value = values.get(query["MetricStat"]["Metric"]["MetricName"])
        points = [] if value is None else [value]
        at = [utc_now() - HOUR][: len(points)]
        results.append({"Id": query["Id"], "Timestamps": at, "Values": points})
    return {"MetricDataResults": results}


def happened(
    house: House, title: str, *, episodes: int = 1, alerts: int = 4, **changes: Any
) -> None:
    """Incidents of one title, over after a minute each, and their alerts."""
    now = utc_now() - HOUR
    store = house.store(Table.ALERTS)
    for episode in range(1, episodes + 1):
        fields: dict[str, Any] = {
            "state": IncidentState.RESOLVED,
            "opened_at": now,
            "resolved_at": now + timedelta(minutes=1),
        }
        incident_id = f"v1:{title.split()[0]}|prod.{episode}"
        house.opened(incident_id, title=title, count=alerts, **(fields | changes))
        for number in range(alerts):
            one = alert(f"{incident_id}-{number}", title=title, received_at=now, service="db",
                        severity=changes.get("severity", Severity.HIGH),
                        status=Status.FIRING)  # fmt: skip
            record = AlertRecord(alert=one, signature="v1:x", incident_id=incident_id)
            store.write([items.write_of(items.alert_key(one.alert_id), record, 0, now)])


def test_alerts_are_counted_by_severity_and_by_what_their_titles_share(house: House) -> None:
    happened(house, "disk 91 % full", severity=Severity.CRITICAL)
    happened(house, "load of 12.5 on web-3", alerts=2)
    found = house.json("daily")
    assert found["accepted"] == {"CRITICAL": 4, "HIGH": 2}
    assert [(one["title"], one["alerts"]) for one in found["problems"]] == [
        ("disk 91 % full", 4),
        ("load of 12.5 on web-3", 2),
    ]
    assert found["served_from_cache"] == 0.75
    assert found["waits"][0]["median"] == 1.5


def test_what_is_over_at_once_is_noise_with_its_fix(house: House) -> None:
    happened(house, "disk full", episodes=5)
    happened(house, "load high", episodes=5, state=IncidentState.OPEN, resolved_at=None)
    (noise,) = house.json()["noisiest"]
    assert noise["title"] == "disk full"
    assert "wait for 2 minutes" in noise["fix"]


def test_an_old_alert_is_in_no_report_of_the_day(house: House) -> None:
    happened(house, "disk full")
    old = alert("old", received_at=utc_now() - timedelta(days=2))
    record = AlertRecord(alert=old, signature="v1:x")
    write = items.write_of(items.alert_key("old"), record, 0, utc_now())
    house.store(Table.ALERTS).write([write])
    assert house.json("daily")["accepted"] == {"HIGH": 4}
    assert house.json("weekly")["accepted"] == {"HIGH": 5}


def test_an_incident_that_another_version_wrote_is_left_out(house: House) -> None:
    happened(house, "disk full", alerts=1)
    house.rewrite(items.incident_item("v1:disk|prod.1"), state="unheard of")
    found = house.json()
    (problem,) = found["problems"]
    assert problem["incidents"] == []
    assert found["unreadable"] == 1


def test_an_alert_that_another_version_wrote_is_counted_and_told(house: House) -> None:
    happened(house, "disk full", alerts=1)
    key = items.alert_key("v1:disk|prod.1-0")
    house.rewrite(key, alert={"status": "acknowledged"})
    found = house.json()
    assert [(one["alerts"], one["incidents"]) for one in found["problems"]] == [(1, [])]
    assert found["unreadable"] == 1
    assert "written by another release" in " ".join(house.run().output.split())


@pytest.mark.parametrize("words", [(), ("--markdown",)])
def test_hostile_titles_steer_neither_terminal_nor_markdown(
    house: House, words: tuple[str, ...]
) -> None:
    happened(house, HOSTILE, episodes=4)
    done = house.run("weekly", *words)
    assert done.exit_code == 0, done.output
    assert "\x1b[31m" not in done.output
    if words:
        assert "disk \\<!channel\\> \\*full\\* \\| \\`x\\`" in done.output


def test_it_is_posted_once_within_slacks_rules_after_a_yes(house: House, slack: Server) -> None:
    for number in range(20):
        happened(house, f"{chr(97 + number)}-{HOSTILE}", episodes=3, alerts=4)
    assert house.run("weekly", "--slack", "alerts", answer="n\n").exit_code == 1
    done = house.run("weekly", "--slack", "alerts", answer="y\n")
    assert done.exit_code == 0, done.output
    page = get(slack, "/api/page")
    assert page["refusals"] == []
    (message,) = page["messages"]
    assert len(message["blocks"]) <= 50
    said = json.dumps(message["blocks"])
    assert "<!channel>" not in said
    assert "<https://evil" not in said
    assert "Weekly report of it" in said


def test_a_dry_run_posts_nothing_and_prints_the_message(house: House, slack: Server) -> None:
    happened(house, "disk full")
    done = house.run("daily", "--slack", "#alerts", "--dry-run")
    assert json.loads(done.stdout)["blocks"][0]["type"] == "header"
    assert get(slack, "/api/page")["messages"] == []


def test_a_channel_that_slack_does_not_know_is_told(house: House) -> None:
    done = house.run("daily", "--slack", "C0GONE1", "--yes")
    assert done.exit_code == 3
    assert "channel_not_found" in done.output


@pytest.mark.parametrize(
    "words", [("--dry-run",), ("--json", "--markdown"), ("--json", "--slack", "a")]
)
def test_options_that_do_not_go_together_are_refused(house: House, words: tuple[str, ...]) -> None:
    assert house.run("daily", *words).exit_code == 2

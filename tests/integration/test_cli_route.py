"""``responder route`` on moto's DynamoDB, and without any stack at all."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.cli_house import House, house_of
from responder.alert import Severity
from responder.clock import utc_now
from responder.incident import IncidentState
from responder.ports import Table
from responder.protocols.versions import ROUTES
from samples import EVENTS

PAYMENTS = {
    "routes": [{"name": "payments", "match": ["service=~pay.*"], "channel": "payments"}],
    "tests": [{"facts": {"service": "pay-api", "severity": "HIGH"}, "channel": "#payments"}],
}
FAILING = PAYMENTS | {"tests": [{"facts": {"service": "pay-api", "severity": "HIGH"}}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("route", tmp_path, Table.INCIDENTS, Table.STATE) as house:
        yield house


@pytest.fixture
def nowhere(tmp_path: Path) -> House:
    """No stack: whoever asks for one fails."""
    return House("route", None, tmp_path)


def opened(house: House, name: str, **changes: Any) -> None:
    house.opened(name, **({"due_at": utc_now() + timedelta(days=6)} | changes))


def test_samples_and_the_files_own_tests_need_no_stack(nowhere: House) -> None:
    match = {"match": ["source=alertmanager", "severity=CRITICAL"], "mentions": ["here"]}
    file = nowhere.file({"routes": [match, {"channel": "C0123ABC", "minimum_severity": "HIGH"}]})
    found = {one["of"]: one for one in nowhere.json("test", file)["alerts"]}
    critical = found["alertmanager/firing"]
    assert critical["route"] == "route 1"
    assert critical["why"] == "route 1: source=alertmanager severity=CRITICAL"
    assert critical["channel"].startswith("SlackCriticalChannel")
    assert critical["mentions"] == ["here"]
    other = found["generic/with_id_labels_and_link"]
    assert (other["channel"], other["held"]) == ("C0123ABC", True)
    assert other["why"] == "route 2: matches everything"


def test_an_alert_of_ones_own_can_be_tried(nowhere: House) -> None:
    payload = EVENTS / "alertmanager" / "firing.json"
    (found,) = nowhere.json("test", nowhere.file(PAYMENTS), "--alert", str(payload))["alerts"]
    assert (found["of"], found["why"]) == (str(payload), "no route matches")


def test_a_failing_test_says_what_was_expected_and_what_came(nowhere: House) -> None:
    for command in ("test", "check"):
        done = nowhere.run(command, nowhere.file(FAILING))
        assert done.exit_code == 1
        assert "Test 1 failed: service=pay-api severity=HIGH" in done.output
        assert "expected HIGH to SlackChannel" in done.output
        assert "came     HIGH to #payments (payments: service=~pay.*)" in done.output
        assert "0 of 1 tests of the file pass." in done.output
    told = json.loads(nowhere.run("test", nowhere.file(FAILING), "--json").stdout)
    assert (told["failed"], told["tests"][0]["passed"]) == (1, False)


def test_quiet_hours_are_tried_at_any_moment(nowhere: House) -> None:
    hours = {"at": "22:00", "lasts": "8h", "zone": "Europe/Berlin"}
    quiet = {"channel": "#a", "quiet_hours": [hours]}
    facts = {"facts": {"severity": "LOW"}, "channel": "#a"}
    night, noon = "2026-11-21T03:00+01:00", "2026-11-21T12:00+01:00"
    tests = [{**facts, "at": night, "held": True}, {**facts, "at": noon}, facts]
    file = nowhere.file({"routes": [quiet], "tests": tests})
    assert nowhere.json("check", file)["failed"] == 0

    def held(at: str) -> set[str]:
        found = nowhere.json("test", file, "--at", at)["alerts"]
        return {one["held_for"] for one in found if one["severity"] == "MEDIUM"}

    assert held("2026-11-21T02:00:00") == {"quiet_hours"}
    assert held("2026-11-21T11:00:00") == {""}
    table = nowhere.run("test", file, "--at", "2026-11-21T02:00")
    assert "held (quiet_hours)" in " ".join(table.output.split())


@pytest.mark.parametrize("at", ["9999-12-31T23:00", "0001-01-01"])
def test_a_moment_that_no_hours_can_be_reckoned_around_is_wrong_usage(
    nowhere: House, at: str
) -> None:
    hours = {"at": "22:00", "lasts": "8h", "zone": "Asia/Tokyo"}
    done = nowhere.run("test", nowhere.file({"routes": [{"quiet_hours": [hours]}]}), "--at", at)
    assert done.exit_code == 2
    assert f"'{at}' is not in the years 2000 to 2999" in done.stderr


def test_a_time_zone_that_is_none_is_refused(nowhere: House) -> None:
    hours = {"at": "22:00", "lasts": "8h", "zone": "Berlin"}
    done = nowhere.run("check", nowhere.file({"routes": [{"quiet_hours": [hours]}]}))
    assert done.exit_code == 1
    assert "route 1: 'Berlin' is no time zone" in done.output


def test_a_test_can_expect_that_an_incident_is_held(nowhere: House) -> None:
    quiet = {"channel": "#a", "minimum_severity": "HIGH"}
    facts = {"facts": {"severity": "LOW"}, "channel": "#a"}
    passing = {"routes": [quiet], "tests": [{**facts, "held": True}]}
    assert nowhere.json("check", nowhere.file(passing))["failed"] == 0
    failing = nowhere.run("check", nowhere.file({"routes": [quiet], "tests": [facts]}))
    assert failing.exit_code == 1
    assert "came     LOW to #a, held" in failing.output


def test_a_test_can_expect_a_severity(nowhere: House) -> None:
    rating = {"match": ["title=~db-.*"], "severity": "CRITICAL"}
    facts = {"facts": {"title": "db-1", "severity": "LOW"}}
    passing = {"severities": [rating], "tests": [{**facts, "rated": "CRITICAL"}]}
    assert nowhere.json("check", nowhere.file(passing))["failed"] == 0
    failing = nowhere.run("check", nowhere.file({"severities": [rating], "tests": [facts]}))
    assert failing.exit_code == 1
    assert "came     CRITICAL to SlackCriticalChannel" in failing.output


def test_samples_are_tried_with_the_severity_that_they_are_given(nowhere: House) -> None:
    file = {"severities": [{"match": ["source=cloudwatch"], "severity": "CRITICAL"}]}
    payload = EVENTS / "cloudwatch" / "sns_alarm.json"
    (found,) = nowhere.json("test", nowhere.file(file), "--alert", str(payload))["alerts"]
    assert found["severity"] == "CRITICAL"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ({"routes": [{"match": ["servise=a"]}]}, "route 1, match 1: there is no"),
        ({"routes": [{"chanel": "#a"}]}, "route 1: unknown field chanel (did you mean channel?)"),
        ({"routes": [{}, {}]}, "route 1 matches everything"),
        ('{"routes": [], "routes": []}', "written twice: routes"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(nowhere: House, content: object, said: str) -> None:
    done = nowhere.run("check", nowhere.file(content))
    assert done.exit_code == 1
    assert said in done.output


def test_the_open_incidents_of_a_stack_are_tried(house: House) -> None:
    opened(house, "a|.1", service="pay-api")
    opened(house, "b|.1", service="search", severity=Severity.CRITICAL)
    opened(house, "c|.1", service="pay-api", state=IncidentState.RESOLVED)
    opened(house, "d|.1", service="pay-api", synthetic=True)
    found = house.json("test", house.file(PAYMENTS), "--stored")["alerts"]
    assert {one["of"]: one["channel"] for one in found} == {
        "a|.1": "#payments",
        "b|.1": "SlackCriticalChannel (else SlackChannel)",
    }


def test_routes_are_applied_after_a_look_and_a_yes(house: House) -> None:
    opened(house, "a|.1", service="pay-api")
    opened(house, "b|.1", service="search")
    file = house.file(PAYMENTS)
    assert house.run("apply", file, answer="n\n").exit_code == 1
    assert ROUTES.load(house.store(Table.STATE)).number == 0
    done = house.run("apply", file, answer="y\n")
    assert done.exit_code == 0, done.output
    assert "1 of 2 open incidents would be routed differently if they opened now." in done.output
    assert " ".join(done.output.split()).count("SlackChannel → #payments") == 1
    assert "Version 1 is active; obeyed within 30 seconds." in done.output
    active = ROUTES.load(house.store(Table.STATE))
    assert (active.number, active.routes[0].channel, bool(active.by)) == (1, "#payments", True)
    assert house.json("apply", file, "--yes") == {"version": 2, "changed": []}


def test_a_file_whose_tests_fail_is_not_applied(house: House) -> None:
    done = house.run("apply", house.file(FAILING), "--yes")
    assert done.exit_code == 1
    assert "nothing is changed" in done.output
    assert ROUTES.load(house.store(Table.STATE)).number == 0


def test_what_is_shown_can_be_applied_again_and_older_versions_come_back(house: House) -> None:
    assert house.json("show") == {"severities": [], "routes": [], "tests": []}
    assert "No routes" in house.run("show").output
    house.run("apply", house.file(PAYMENTS), "--yes")
    shown = house.run("show", "--json").stdout
    house.run("apply", house.file({"routes": [{"channel": "#all"}]}), "--yes")
    assert house.json("use", "1") == {"version": 1}
    assert "service=~pay.*" in house.run("show").output
    assert house.run("show", "--json").stdout == shown
    assert house.json("apply", house.file(shown), "--yes")["version"] == 3
    assert house.json("show", "2")["routes"] == [{"channel": "#all"}]
    assert house.run("use", "0").exit_code == 0
    assert house.json("show") == {"severities": [], "routes": [], "tests": []}


def test_show_tells_what_a_route_asks_for_and_nothing_else(house: House) -> None:
    again = {"match": ["service=a"], "channel": "#a", "renotify_after": "4h"}
    house.run("apply", house.file({"routes": [again]}), "--yes")
    (line,) = [one for one in house.run("show").output.splitlines() if "#a" in one]
    assert line.split() == ["1", "service=a", "#a", "4h"]
    house.run("apply", house.file({"routes": [{"minimum_severity": "HIGH"}]}), "--yes")
    shown = house.run("show").output
    assert "HIGH" in shown
    assert "SlackChannel; CRITICAL: SlackCriticalChannel (else SlackChannel)" in shown


def test_unknown_versions_are_refused(house: House) -> None:
    assert house.run("use", "4").exit_code == 4
    assert house.run("show", "4").exit_code == 4

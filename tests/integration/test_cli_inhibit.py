"""``responder inhibit`` on moto's DynamoDB."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from integration.cli_house import House, house_of
from responder.alert import Severity
from responder.clock import utc_now
from responder.errors import Reason
from responder.ports import Table
from responder.protocols.inhibiting import MAX_LISTS
from responder_cli.inhibit import inhibit

RULES: dict[str, Any] = {
    "rules": [
        {
            "name": "node",
            "why": "the node explains its pods",
            "source": ["rule=NodeDown"],
            "target": ["rule=~Pod.*"],
            "equal": ["label.node"],
        }
    ],
    "tests": [
        {
            "cause": {"rule": "NodeDown", "label.node": "n1"},
            "symptom": {"rule": "PodDown", "label.node": "n1"},
            "muted_by": "node",
        },
        {
            "cause": {"rule": "NodeDown", "label.node": "n1"},
            "symptom": {"rule": "PodDown", "label.node": "n2"},
        },
    ],
}
EMPTY: dict[str, Any] = {"rules": [], "tests": []}
WRONG = {"tests": [RULES["tests"][1] | {"muted_by": "node"}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("inhibit", tmp_path, Table.STATE, Table.INCIDENTS) as house:
        yield house


def opened(house: House, name: str, minutes: int, **changes: Any) -> None:
    now = utc_now()
    fields = {
        "rule": name,
        "title": f"{name} of n1",
        "labels": {"node": "n1"},
        "opened_at": now - timedelta(minutes=minutes),
        "due_at": now + timedelta(hours=20),
    }
    house.opened(f"{name}|{minutes}.1", **(fields | changes))


def test_rules_are_applied_shown_and_kept_in_versions(house: House) -> None:
    assert json.loads(house.run("show").stdout) == EMPTY
    applied = house.run("apply", house.file(RULES), "--yes")
    assert applied.exit_code == 0, applied.output
    assert "Version 1 is active" in applied.stdout
    shown = json.loads(house.run("show").stdout)
    assert (shown["number"], shown["rules"]) == (1, RULES["rules"])
    assert shown["by"]
    assert house.json("show") == shown
    assert house.run("apply", house.file(house.run("show").stdout), "--yes").exit_code == 0
    assert json.loads(house.run("show").stdout)["number"] == 2
    assert json.loads(house.run("show", "1").stdout)["number"] == 1
    assert house.run("show", "3").exit_code == 4
    assert house.run("use", "1", "--yes").exit_code == 0
    assert json.loads(house.run("show").stdout)["number"] == 1


def test_a_file_whose_tests_fail_is_not_applied(house: House) -> None:
    done = house.run("apply", house.file(RULES | WRONG), "--yes")
    assert done.exit_code == 1
    assert "Test 1 failed: node should mute, no rule does" in done.output
    assert json.loads(house.run("show").stdout) == EMPTY


def test_tests_ask_no_stack(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(RULES))
    passed = CliRunner().invoke(inhibit, ["test", str(file)])
    assert (passed.exit_code, passed.stdout) == (0, "2 of 2 tests of the file pass.\n")
    file.write_text(json.dumps(RULES | WRONG))
    failed = CliRunner().invoke(inhibit, ["test", str(file), "--json"])
    assert failed.exit_code == 1
    assert json.loads(failed.stdout) == [
        {"test": 1, "passed": False, "expected": "node", "came": ""}
    ]


def test_a_check_says_what_would_be_muted_of_what_is_open(house: House) -> None:
    opened(house, "NodeDown", 30)
    opened(house, "PodDown", 20)
    opened(house, "PodSlow", 40)
    opened(house, "PodLost", 10, severity=Severity.CRITICAL)
    opened(house, "PodOver", 5, state="resolved")
    opened(house, "PodFar", 5, labels={"node": "n2"})
    found = json.loads(house.run("check", house.file(RULES), "--json").stdout)
    assert found == [
        {
            "incident_id": "PodDown|20.1",
            "title": "PodDown of n1",
            "severity": "HIGH",
            "rule": "node",
            "cause": "NodeDown of n1",
        }
    ]
    told = house.run("check", house.file(RULES)).stdout
    assert "Of 5 open incidents these rules would mute 1." in told
    assert json.loads(house.run("show").stdout) == EMPTY


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_check_of_a_file_whose_tests_fail_fails(house: House, form: tuple[str, ...]) -> None:
    done = house.run("check", house.file(RULES | WRONG), *form)
    assert done.exit_code == 1
    assert "1 of the file's own 1 tests failed" in done.stderr


def muted(house: House, *rules: dict[str, Any]) -> int:
    """How many of the open incidents these rules would mute."""
    file = house.file({"rules": rules, "tests": []})
    return len(json.loads(house.run("check", file, "--json").stdout))


@pytest.mark.parametrize(("earlier", "found"), [(MAX_LISTS - 1, 1), (MAX_LISTS, 0)])
def test_a_check_knows_how_many_rules_one_cause_may_have(
    house: House, earlier: int, found: int
) -> None:
    (node,) = RULES["rules"]
    others = [
        node | {"name": f"n{number}", "target": [f"rule=Other{number}"]}
        for number in range(earlier)
    ]
    opened(house, "NodeDown", 10)
    opened(house, "PodDown", 5)
    assert muted(house, *others, node) == found


def test_a_check_knows_that_a_cause_that_nobody_sees_mutes_nothing(house: House) -> None:
    opened(house, "NodeDown", 10, held=Reason.STORM.value)
    opened(house, "PodDown", 5)
    assert muted(house, *RULES["rules"]) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ({"rules": [{"name": "node"}]}, "rule 1, why: is missing"),
        ({"rules": [RULES["rules"][0] | {"equal": ["node"]}]}, "there is no field 'node'"),
        ({"rules": [], "tests": [{"cause": {"a": "b"}, "symptom": {"rule": "c"}}]},
         "there is no field 'a'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "test", "apply"])
def test_what_is_wrong_with_a_file_is_said(
    house: House, command: str, content: object, said: str
) -> None:
    done = house.run(command, house.file(content))
    assert done.exit_code == 1
    assert said in done.output

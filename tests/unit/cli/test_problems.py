"""What is wrong with a file or an option is told in the words of who wrote it."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from responder.policy.inhibition import Inhibitions
from responder.policy.routes import Routes
from responder.signature import Rules
from responder_cli import documents
from responder_cli.main import cli

WRONG = {
    "routes": [
        {"chanel": "#a", "mentions": ["@bob"], "match": ["title=~(", "servise=x"]},
        {"name": 3, "minimum_severity": "BAD"},
    ],
    "tests": [{"channel": "#a"}],
    "rutes": [],
}


def said(file: Path, content: object, model: type[Routes | Inhibitions | Rules]) -> list[str]:
    file.write_text(json.dumps(content))
    with pytest.raises(click.ClickException) as refused:
        documents.read(file, model)
    return refused.value.message.removeprefix(f"{file}:").strip().splitlines()


def test_each_problem_of_a_file_has_a_line_with_its_place(tmp_path: Path) -> None:
    lines = said(tmp_path / "routes.json", WRONG, Routes)
    found = {line.strip() for line in lines}
    assert {
        "route 1: unknown field chanel (did you mean channel?)",
        "route 1, match 1: '(' is no expression of RE2: missing ): (",
        "route 2, name: must be a string, not 3",
        "test 1, facts: is missing",
        "unknown field rutes (did you mean routes?)",
    } <= found
    assert any(line.startswith("route 1, match 2: there is no field 'servise'") for line in found)
    assert any(line.startswith("route 1, mention 1: '@bob' is no mention") for line in found)
    assert len(lines) == 8
    assert not any("Value error" in line or "^" in line or "Input" in line for line in lines)


def test_one_problem_stands_beside_the_file(tmp_path: Path) -> None:
    assert said(tmp_path / "f", {"rules": [{"why": "x", "source": "*"}]}, Rules)[0].startswith(
        "rule 1, why: must have at least 3 characters"
    )
    assert said(tmp_path / "f", {"rules": [{"name": "a b"}]}, Inhibitions)[0].startswith(
        "rule 1, name: 'a b' must be 1 to 64 letters"
    )


def test_what_is_no_document_at_all_is_told(tmp_path: Path) -> None:
    assert said(tmp_path / "f", [], Routes) == ["must be an object, written {…}"]


def test_a_mistyped_command_means_the_nearest_alone() -> None:
    done = CliRunner().invoke(cli, ["heatlh"])
    assert done.exit_code == 2
    assert "Did you mean 'health'?" in done.stderr


def test_a_local_stack_that_is_down_is_told_with_what_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "x")
    set_ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1", **keys}
    for name, value in set_.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("responder_cli.aws.ATTEMPTS", 1)
    done = CliRunner().invoke(cli, ["dlq", "list"])
    assert (done.exit_code, "make local" in done.stderr) == (3, True), done.stderr


def test_who_has_no_region_is_told_of_the_local_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    done = CliRunner().invoke(cli, ["dlq", "list"])
    assert done.exit_code == 3
    assert "source .local/stack.env" in done.stderr

"""GitHub's workflows: what they may do, in which order they do it, and whose code they run."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
NAMES = ("ci", "deploy")
PINNED = re.compile(r"[\w-]+/[\w.-]+@[0-9a-f]{40}")


def workflow(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return found


def jobs(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = workflow(name)["jobs"]
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in jobs(name).values() for step in job.get("steps", [])]


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_by_its_commit(name: str) -> None:
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_reading_is_allowed_unless_a_job_says_so(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}


def test_only_the_deploying_jobs_can_ask_for_a_role_each_in_its_environment() -> None:
    asking = {
        name: job["environment"]
        for name, job in (jobs("ci") | jobs("deploy")).items()
        if job.get("permissions", {}).get("id-token") == "write"
    }
    assert asking == {"staging": "staging", "production": "production"}
    for name in asking:
        assert jobs("deploy")[name]["permissions"] == {"contents": "read", "id-token": "write"}


def test_production_comes_after_staging_after_the_tests() -> None:
    found = jobs("deploy")
    assert found["production"]["needs"] == "staging"
    assert found["staging"]["needs"] == "test"
    assert found["test"]["uses"] == "./.github/workflows/ci.yml"
    assert found["test"]["if"] == "vars.DEPLOY == 'true'"
    assert workflow("deploy")["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize(("job", "environment"), [("staging", "staging"), ("production", "prod")])
def test_credentials_come_after_the_build_and_right_before_the_deployment(
    job: str, environment: str
) -> None:
    *_, build, credentials, deploy = jobs("deploy")[job]["steps"]
    assert build["run"] == "make venv build"
    assert credentials["uses"].startswith("aws-actions/configure-aws-credentials@")
    assert deploy["run"] == (
        f"scripts/responder deploy --environment {environment} --skip-tests --yes"
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_strangers_gets_into_a_shell(name: str) -> None:
    assert all("${{" not in step.get("run", "") for step in steps(name))
    trigger = workflow(name)[True]  # YAML reads the key `on` as a truth.
    assert "pull_request_target" not in trigger


def test_checkouts_leave_no_token_behind() -> None:
    checkouts = [
        step
        for name in NAMES
        for step in steps(name)
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkouts
    assert all(one["with"] == {"persist-credentials": False} for one in checkouts)


def test_the_role_is_for_one_repositorys_jobs_in_one_environment() -> None:
    template = yaml_parse((ROOT / ".github" / "deploy-role.yaml").read_text())
    role = template["Resources"]["DeployRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    wanted = trust["Condition"]["StringEquals"]
    assert wanted["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert wanted["token.actions.githubusercontent.com:sub"] == {
        "Fn::Sub": "repo:${Repository}:environment:${Environment}"
    }
    (policy,) = role["Policies"]
    actions = [
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
    ]
    assert not any(action.endswith("*") for action in actions)


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]

"""The runbook's blocks that no emulator runs: each call is one that its program takes."""

import subprocess
from collections.abc import Mapping
from typing import Any

import boto3
import click
import pytest
from botocore import xform_name
from botocore.stub import Stubber

from documents import COMMANDS, EXCEPTIONS, ROOT, RUNBOOK, Block, blocks, calls
from local_stack import layout, samconfig
from responder_cli.main import cli
from template.deployed import source

BLOCKS = {
    block.name: block
    for block in blocks(RUNBOOK.read_text(encoding="utf-8"))
    if block.info == COMMANDS and block.name in EXCEPTIONS
}
SERVICES = {"deploy": "codedeploy"}
#: What each call of the AWS CLI must ask, and what AWS answers. ``DEPLOYMENT_ID`` stays as it is.
ASKED: Mapping[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    ("deploy", "list-deployments"): (
        {"includeOnlyStatuses": ["InProgress"]},
        {"deployments": ["d-1"]},
    ),
    ("deploy", "stop-deployment"): (
        {"deploymentId": "DEPLOYMENT_ID", "autoRollbackEnabled": True},
        {"status": "Pending"},
    ),
}
SCRIPTS = ("deploy.sh", "tests/integration-tests.sh", "tests/smoke-tests.sh")


def fenced(block: Block) -> str:
    """A block as a document of its own."""
    return f"```{block.info}\n{block.text}```\n"


def of(program: str) -> list[list[str]]:
    """Every call of a program in the exceptions."""
    return [words for block in BLOCKS.values() for words in calls(fenced(block), program)]


def parameters(words: list[str]) -> dict[str, Any]:
    """What the AWS CLI makes of a call's options, by AWS's own model of the operation."""
    service, operation, *rest = words
    client = boto3.client(SERVICES.get(service, service), region_name="us-east-1")  # type: ignore[call-overload]
    name = client.meta.method_to_api_mapping[operation.replace("-", "_")]
    members = client.meta.service_model.operation_model(name).input_shape.members
    by_option = {f"--{xform_name(one, '-')}": one for one in members}
    found: dict[str, Any] = {}
    for index, word in enumerate(rest):
        if not word.startswith("--"):
            continue
        member = by_option[word]
        following = [one for one in rest[index + 1 : index + 2] if not one.startswith("--")]
        kind = members[member].type_name
        found[member] = True if kind == "boolean" else following if kind == "list" else following[0]
    return found


def test_every_exception_is_looked_at_here() -> None:
    programs = ("aws", "sam", "responder", *SCRIPTS)
    for block in BLOCKS.values():
        known = sum(len(list(calls(fenced(block), one.split("/")[-1]))) for one in programs)
        made = block.text.count("make build")
        lines = [one for one in block.text.replace("\\\n", "").splitlines() if one.strip()]
        assert known + made == len(lines), block.name


@pytest.mark.parametrize("words", of("aws"), ids=" ".join)
def test_aws_is_asked_with_the_right_parameters(words: list[str]) -> None:
    service, operation = words[:2]
    wanted, answer = ASKED[service, operation]
    client = boto3.client(
        SERVICES.get(service, service),  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with Stubber(client) as stub:
        stub.add_response(operation.replace("-", "_"), dict(answer), dict(wanted))
        getattr(client, operation.replace("-", "_"))(**parameters(words))
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("words", of("deploy.sh"), ids=" ".join)
def test_deploy_sh_is_called_as_the_command_line_takes_it(words: list[str]) -> None:
    command = cli.get_command(click.Context(cli), "deploy")
    assert command is not None
    context = command.make_context("deploy", list(words))
    environment = context.params["environment"]
    assert samconfig.setting(environment, "stack_name") == f"mcp-incident-responder-{environment}"


@pytest.mark.parametrize("name", SCRIPTS[1:])
def test_a_script_wants_its_environment(name: str) -> None:
    done = subprocess.run([ROOT / name], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "which environment" in done.stderr
    assert {words[0] for words in of(name.split("/")[-1])} <= {"dev", "staging", "prod"}


@pytest.mark.parametrize("words", of("sam"), ids=" ".join)
def test_sam_takes_its_options_and_the_template_its_parameters(words: list[str]) -> None:
    told = subprocess.run(
        [layout.SAM, words[0], "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (one for one in words if one.startswith("--")):
        assert option in told
    for name, _, value in (one.partition("=") for one in words if "=" in one):
        assert value in source()["Parameters"][name]["AllowedValues"]
    if "--config-env" in words:
        environment = words[words.index("--config-env") + 1]
        assert samconfig.setting(environment, "capabilities")

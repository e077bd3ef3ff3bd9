"""``responder doctor``: each thing that is missing is told with the command that mends it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner

from responder_cli.aws import Stack
from responder_cli.doctor import account, machine
from responder_cli.doctor.plan import Plan, plan_of
from responder_cli.health.verdict import Finding, Verdict
from responder_cli.main import cli
from template.deployed import parameters
from unit.cli.stacks import Client, refusal

PROD = plan_of("prod")
DEV = plan_of("dev")
#: As it was before CRITICAL alerts had a queue of their own.
LESS = plan_of("prod", {"AnalysisReserved": "12"})
REGION = "us-east-1"
ABSENT = refusal("ResourceNotFoundException")


def raising(error: Exception) -> Any:
    def call(**_: object) -> object:
        raise error

    return call


class Sts(Client):
    """Who we are, and where."""

    class meta:
        region_name = REGION


def aws(stack: Mapping[str, Any] | None, **answers: Any) -> Stack:
    """An account; ``stack`` is what CloudFormation says of ours, None where there is none."""
    secrets = answers.get("secrets", raising(ABSENT))
    clients: dict[str, Any] = {
        "sts": Sts({"get_caller_identity": {"Account": "1", "Arn": "arn:me"}}),
        "cloudformation": Client(
            {
                "describe_stacks": {"Stacks": [stack]}
                if stack
                else raising(refusal("ValidationError"))
            }
        ),
        "lambda": Client(
            {"get_account_settings": {"AccountLimit": answers.get("limit", limit(1000))}}
        ),
        "dynamodb": Client({"describe_table": answers.get("tables", raising(ABSENT))}),
        "secretsmanager": Client(
            {"describe_secret": answers.get("described", secrets), "get_secret_value": secrets}
        ),
        "apigateway": Client({"get_account": {"cloudwatchRoleArn": answers.get("role", "")}}),
        "s3": Client({"head_bucket": answers.get("bucket", {})}),
    }
    return Stack("it", clients.__getitem__)


def limit(total: int, free: int | None = None) -> dict[str, int]:
    return {
        "ConcurrentExecutions": total,
        "UnreservedConcurrentExecutions": total if free is None else free,
    }


def found(stack: Stack, plan: Plan = DEV, bucket: str | None = None) -> dict[str, Finding]:
    return {one.component: one for one in account.findings(stack, plan, REGION, bucket)}


PREFIX = {"OutputKey": "SecretPrefix", "OutputValue": "it"}
LANE = {"OutputKey": "CriticalProcessingQueueUrl", "OutputValue": "q"}


#: States of a stack that was never made: it has parameters, and no outputs.
UNMADE = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")


def deployed(state: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    described = {"StackStatus": state, "Parameters": given({"CriticalLane": "true"})}
    return described | ({} if state in UNMADE else {"Outputs": [PREFIX, LANE]}) | more


def given(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def test_a_fresh_account_lacks_nothing_for_a_small_stack() -> None:
    advice = found(aws(None))
    assert {one.verdict for one in advice.values()} == {Verdict.OK}
    assert "not there yet" in advice["stack"].reason


def test_without_credentials_nothing_else_is_asked() -> None:
    stack = aws(None)
    stack._clients["sts"] = Sts({"get_caller_identity": raising(NoCredentialsError())})
    advice = found(stack)
    assert list(advice) == ["credentials"]
    assert advice["credentials"].verdict is Verdict.FAILING


def test_a_region_that_is_not_the_configured_one_is_told() -> None:
    findings = account.findings(aws(None), DEV, "eu-west-1", None)
    (told,) = (one for one in findings if one.component == "region")
    assert (told.verdict, "--region eu-west-1" in told.mend) == (Verdict.FAILING, True)


@pytest.mark.parametrize(
    ("state", "verdict", "mend"),
    [
        ("UPDATE_COMPLETE", Verdict.OK, ""),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.OK, ""),
        ("UPDATE_IN_PROGRESS", Verdict.FAILING, "describe-stack-events"),
        ("ROLLBACK_COMPLETE", Verdict.FAILING, "delete-stack"),
        ("ROLLBACK_FAILED", Verdict.FAILING, "delete-stack"),
        ("CREATE_FAILED", Verdict.FAILING, "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", Verdict.FAILING, "continue-update-rollback"),
        ("UPDATE_FAILED", Verdict.FAILING, "cloudformation rollback-stack"),
        ("DELETE_FAILED", Verdict.FAILING, "describe-stack-events"),
        ("IMPORT_ROLLBACK_FAILED", Verdict.FAILING, "describe-stack-events"),
    ],
)
def test_a_stack_that_takes_no_deployment_is_told(state: str, verdict: Verdict, mend: str) -> None:
    told = found(aws(deployed(state)))["stack"]
    assert told.verdict is verdict
    assert mend in told.mend


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_a_stack_that_takes_no_deployment_is_not_asked_for_what_only_a_whole_one_has(
    state: str,
) -> None:
    told = found(aws(deployed(state)), PROD)
    assert not {"CRITICAL lane", "secrets", "slack secret", "names"} & told.keys()


def test_a_change_set_that_nobody_carried_out_makes_no_stack() -> None:
    advice = found(aws(deployed("REVIEW_IN_PROGRESS"), tables={"Table": {}}), PROD)
    assert advice["stack"].verdict is Verdict.OK
    assert "not there yet" in advice["stack"].reason
    assert advice["names"].verdict is Verdict.FAILING


def test_a_stack_without_an_output_of_ours_ends_one_check_only() -> None:
    advice = found(aws(deployed(Outputs=[LANE])), PROD)
    assert advice["secrets"].reason == "could not be checked: stack it has no output SecretPrefix"
    assert advice["CRITICAL lane"].verdict is Verdict.OK


def test_aws_commands_that_mend_lead_to_the_account_that_was_looked_at() -> None:
    left: dict[str, Any] = {"tables": {"Table": {}}, "secrets": {}, "limit": limit(10)}
    for stack in (aws(None, **left), aws(deployed("ROLLBACK_COMPLETE")), aws(deployed())):
        stack.region, stack.profile = REGION, "me"
        told = [one.mend for one in account.findings(stack, PROD, REGION, None) if one.mend]
        assert told
        for mend in told:
            assert mend.count("aws ") == mend.count(f" --region {REGION} --profile me")


@pytest.mark.parametrize(
    ("outputs", "has", "wanted", "verdict", "mend"),
    [
        ([], "", "false", Verdict.OK, ""),
        ([], "", "true", Verdict.FAILING, "--environment dev --parameter CriticalLane=false"),
        ([LANE], "false", "false", Verdict.WARNING, "dev --parameter CriticalLane=true"),
        ([LANE], "true", "true", Verdict.OK, ""),
    ],
)
def test_the_queue_of_critical_alerts_is_made_before_it_is_used(
    outputs: list[dict[str, str]], has: str, wanted: str, verdict: Verdict, mend: str
) -> None:
    has_now = given({"CriticalLane": has} if has else {})
    stack = aws(deployed(Outputs=[PREFIX, *outputs], Parameters=has_now))
    told = found(stack, plan_of("dev", {"CriticalLane": wanted}))["CRITICAL lane"]
    assert told.verdict is verdict
    assert told.mend.endswith(mend)


@pytest.mark.parametrize(
    ("account_limit", "plan", "there", "verdict"),
    [
        (limit(1000), PROD, None, Verdict.OK),
        (limit(143), PROD, None, Verdict.OK),
        (limit(142), PROD, None, Verdict.FAILING),
        (limit(1000, 110), PROD, None, Verdict.FAILING),
        # What it reserves is taken already, what it takes more is not.
        (limit(143, 100), PROD, PROD, Verdict.OK),
        (limit(143, 105), PROD, LESS, Verdict.OK),
        (limit(142, 104), PROD, LESS, Verdict.FAILING),
        (limit(1000, 110), PROD, DEV, Verdict.FAILING),
        # An account that was made smaller does not hinder who takes less.
        (limit(90, 60), LESS, PROD, Verdict.OK),
        (limit(10), DEV, None, Verdict.WARNING),
        (limit(39), DEV, None, Verdict.OK),
    ],
)
def test_concurrency_is_held_against_what_the_stack_reserves_or_uses(
    account_limit: dict[str, int], plan: Plan, there: Plan | None, verdict: Verdict
) -> None:
    stack = deployed(Parameters=given(there.parameters)) if there else None
    told = found(aws(stack, limit=account_limit), plan)["concurrency"]
    assert told.verdict is verdict
    assert ("L-B99A9384" in told.mend) is (verdict is not Verdict.OK)


def test_what_an_earlier_stack_left_is_in_the_way_of_a_first_deployment_only() -> None:
    left = {"tables": {"Table": {}}, "secrets": {"DeletedDate": "yesterday"}}
    told = [
        one
        for one in account.findings(aws(None, **left), PROD, REGION, None)
        if one.component == "names"
    ]
    assert len(told) == 4 + 6
    assert all(one.verdict is Verdict.FAILING for one in told)
    assert any("restore-secret --secret-id mcp-responder/sources" in one.mend for one in told)
    assert "names" not in found(aws(deployed(), tables={"Table": {}}))


def test_a_log_role_that_would_be_replaced_or_is_missing_is_told() -> None:
    name = "API Gateway's log role"
    assert found(aws(None, role="arn:theirs"))[name].verdict is Verdict.WARNING
    keeping = Plan("dev", {**DEV.parameters, "ApiGatewayLogsRole": "keep"})
    assert found(aws(None), keeping)[name].verdict is Verdict.FAILING
    assert found(aws(None, role="arn:ours"), keeping)[name].verdict is Verdict.OK


def test_a_bucket_of_another_account_is_told() -> None:
    stranger = aws(None, bucket=raising(refusal("403")))
    assert found(stranger, bucket="b")["bucket"].verdict is Verdict.FAILING
    mine = aws(None)
    assert found(mine, bucket="b")["bucket"].verdict is Verdict.OK
    assert mine.client("s3").asked("head_bucket") == [{"Bucket": "b", "ExpectedBucketOwner": "1"}]


def test_a_deployed_stack_is_asked_for_its_secrets_and_its_protection() -> None:
    empty = found(aws(deployed(), described={}), PROD)
    assert empty["slack secret"].mend == "scripts/responder secrets set slack-bot-token --stack it"
    assert empty["claude secret"].mend == "scripts/responder secrets set anthropic-key --stack it"
    assert empty["termination protection"].verdict is Verdict.WARNING
    filled = found(
        aws(deployed(EnableTerminationProtection=True), secrets={"SecretString": "x"}), PROD
    )
    assert {one.verdict for one in filled.values()} == {Verdict.OK}


def test_what_may_not_be_asked_is_said_and_stops_nothing() -> None:
    stack = aws(None)
    stack._clients["lambda"] = Client({"get_account_settings": raising(refusal("AccessDenied"))})
    advice = found(stack)
    assert "could not be checked" in advice["concurrency"].reason
    assert "names" in advice


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_plan_is_the_templates_defaults_below_samconfigs_values(environment: str) -> None:
    plan = plan_of(environment)
    assert plan.parameters == parameters(environment)
    assert plan.unknown == ()


def test_what_a_deployment_is_given_goes_before_samconfigs_values() -> None:
    plan = plan_of("prod", {"ReserveConcurrency": "false", "Misspelt": "1"})
    assert not plan.is_on("ReserveConcurrency")
    assert plan.unknown == ("Misspelt",)


def test_a_parameter_that_the_template_does_not_know_is_told(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("\nParameters:\n  LogLevel:\n    Default: INFO\n\nMappings:\n")
    plan = plan_of("dev", template=template)
    assert plan.unknown == ("DailyBudgetUsd", "DeletionProtection")
    (told,) = (one for one in machine.findings(plan) if one.component == "samconfig.toml [dev]")
    assert told.verdict is Verdict.FAILING


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("aws-cli/2.23.6 Python/3.13.0 Linux/6", Verdict.OK),
        ("aws-cli/2.9.19 Python/3.11 Linux/6", Verdict.WARNING),
        ("aws-cli/1.45.11 Python/3.11", Verdict.OK),
        ("aws-cli/1.28.1 Python/3.11", Verdict.WARNING),
        ("", Verdict.WARNING),
    ],
)
def test_an_aws_cli_that_is_too_old_is_told(said: str, verdict: Verdict) -> None:
    assert machine._aws_cli(said).verdict is verdict


def test_a_tool_that_is_not_there_or_fails_says_nothing() -> None:
    assert machine.said(["responder-has-no-such-tool"]) == ""
    assert machine.said(["false"]) == ""
    assert machine.said(["echo", "2.1"]) == "2.1"


def test_the_environment_names_the_stack_unless_it_is_named() -> None:
    asked: list[str] = []

    def connect(name: str, *_: object) -> Stack:
        stack = aws(None)
        stack.other = lambda other: asked.append(other) or stack  # type: ignore[method-assign, assignment, func-returns-value]
        return stack

    done = CliRunner().invoke(cli, ["doctor", "--environment", "dev", "--json"], obj=connect)
    assert asked == ["mcp-incident-responder-dev"]
    assert {"component", "verdict", "reason", "mend"} == set(json.loads(done.stdout)[0])
    CliRunner().invoke(cli, ["doctor", "--stack", "mine"], obj=connect)
    assert asked == ["mcp-incident-responder-dev"]


@pytest.mark.parametrize(("environment", "told"), [("dev", False), ("prod", True)])
def test_a_stack_name_of_another_environment_is_told(environment: str, told: bool) -> None:
    def connect(name: str, *_: object) -> Stack:
        stack = aws(None)
        stack.name = name
        return stack

    done = CliRunner().invoke(
        cli,
        ["doctor", "--environment", environment, "--json"],
        obj=connect,
        env={"STACK_NAME": "mcp-incident-responder-dev"},
    )
    first = json.loads(done.stdout)[0]
    assert (first["component"] == "stack's name") is told
    assert ("unset STACK_NAME" in first["mend"]) is told

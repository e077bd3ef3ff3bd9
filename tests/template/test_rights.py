"""Least privilege: each role in the template has the rights of ``rights`` and no other."""

import pytest

from template import deployed
from template.deployed import Json, referred, resources, stack
from template.rights import ALLOWED

#: Actions that have no resources: AWS's service authorization reference lists none for them.
WITHOUT_RESOURCES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}

_WORKSPACE = "${AWS::Partition}:aws-external-anthropic:${Region}:${AWS::AccountId}:workspace/"
_PROFILE = "${AWS::Partition}:bedrock:${Region}:${AWS::AccountId}:inference-profile/"
_MODEL = "${AWS::Partition}:bedrock:*::foundation-model/"
INVOKE = {"bedrock:InvokeModel"}
#: What a role may do only where the condition holds: how Claude is reached.
ALLOWED_IF: dict[str, dict[str, set[str]]] = {
    "ThroughPlatform": {
        f"arn:{_WORKSPACE}${{ClaudeWorkspace}}": {"aws-external-anthropic:CreateInference"},
    },
    "ThroughBedrock": {
        f"arn:{_MODEL}${{BedrockIdSmall}}": INVOKE,
        f"arn:{_MODEL}${{BedrockIdLarge}}": INVOKE,
        f"arn:{_PROFILE}${{BedrockProfile}}.${{BedrockIdSmall}}": INVOKE,
        f"arn:{_PROFILE}${{BedrockProfile}}.${{BedrockIdLarge}}": INVOKE,
    },
}


def granted(role: Json, condition: str = "") -> dict[str, set[str]]:
    rights: dict[str, set[str]] = {}
    for policy in role.get("Policies", []):
        for statement in deployed.statements(policy["PolicyDocument"]):
            assert statement["Effect"] == "Allow"
            if statement.get("Condition", "") != condition:
                continue
            for resource in statement["Resource"]:
                if resource == "*":
                    assert set(statement["Action"]) <= WITHOUT_RESOURCES
                    continue
                text = resource.get("Fn::Sub", "")
                text = text[0] if isinstance(text, list) else text
                name = text if text.startswith("arn:") else referred(resource)
                rights.setdefault(name, set()).update(statement["Action"])
    return rights


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_may_do_what_its_function_does_and_no_more(role: str) -> None:
    assert granted(resources("AWS::IAM::Role")[role]) == ALLOWED[role]


@pytest.mark.parametrize("condition", ALLOWED_IF)
def test_only_analysis_asks_claude_and_only_the_chosen_way(condition: str) -> None:
    for name, role in resources("AWS::IAM::Role").items():
        expected = ALLOWED_IF[condition] if name == "AnalysisRole" else {}
        assert granted(role, condition) == expected


def test_a_role_depends_on_nothing_but_the_way_to_claude() -> None:
    found = {
        statement["Condition"]
        for role in resources("AWS::IAM::Role").values()
        for policy in role.get("Policies", [])
        for statement in deployed.statements(policy["PolicyDocument"])
        if "Condition" in statement
    }
    assert found == set(ALLOWED_IF)


def test_each_function_has_a_role_of_its_own_and_no_managed_policy() -> None:
    functions = resources("AWS::Lambda::Function").values()
    roles = [referred(function["Role"]) for function in functions]
    assert sorted(roles) == sorted(ALLOWED)
    for role in ALLOWED:
        assert "ManagedPolicyArns" not in resources("AWS::IAM::Role")[role]


def test_the_role_that_remains_is_api_gateways_own() -> None:
    assert set(resources("AWS::IAM::Role")) - set(ALLOWED) == {"ApiGatewayLogsAccountRole"}
    canary = resources("AWS::IAM::Role", stack("Canary10Percent10Minutes"))
    assert set(canary) - set(ALLOWED) == {"ApiGatewayLogsAccountRole", "CodeDeployServiceRole"}


def test_no_action_is_a_wildcard() -> None:
    for role in resources("AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in deployed.statements(policy["PolicyDocument"]):
                assert not [action for action in statement["Action"] if "*" in action]

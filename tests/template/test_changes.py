"""The rule by which deployments of the account come in, and what it may do."""

import json

import pytest

from responder.intake.changes.registry import TELLERS
from responder.intake.draft import Request
from samples import NOW, sample
from template import deployed
from template.deployed import Json, referred, resources

RULE = "AlertReceptionFunctionDeploymentChange"


def rule() -> Json:
    return resources("AWS::Events::Rule")[RULE]


def test_one_stack_of_an_account_takes_its_deployments() -> None:
    assert rule()["State"] == {"Ref": "ChangeRule"}
    assert {e: deployed.parameters(e)["ChangeRule"] for e in deployed.ENVIRONMENTS} == {
        "local": "ENABLED",
        "dev": "DISABLED",
        "staging": "DISABLED",
        "prod": "ENABLED",
    }


def test_it_forwards_nothing_but_what_is_read() -> None:
    pattern = rule()["EventPattern"]
    assert set(pattern) == {"source", "detail-type"}
    request = Request(headers={}, received_at=NOW)
    for source, kind in zip(pattern["source"], pattern["detail-type"], strict=True):
        event = {"source": source, "detail-type": kind, "detail": {}}
        assert any(one.matches(event, request) for one in TELLERS)


@pytest.mark.parametrize("name", ["cloudformation/update_started", "codedeploy/failed"])
def test_the_samples_would_pass(name: str) -> None:
    event, pattern = json.loads(sample(f"{name}.json")), rule()["EventPattern"]
    assert all(event[field] in allowed for field, allowed in pattern.items())


def test_what_it_cannot_deliver_is_kept() -> None:
    (target,) = rule()["Targets"]
    assert referred(target["DeadLetterConfig"]["Arn"]) == "RuleFailureQueue"
    policy = resources("AWS::SQS::QueuePolicy")["RuleFailureQueuePolicy"]["PolicyDocument"]
    allow = next(s for s in deployed.statements(policy) if s["Effect"] == "Allow")
    may = {referred(arn) for arn in allow["Condition"]["ArnEquals"]["aws:SourceArn"]}
    # Nobody misses an event of the clock: the tick's, the heartbeat's.
    assert may == {name for name in resources("AWS::Events::Rule") if "Reception" in name}


def test_only_this_rule_may_call_for_it() -> None:
    (permission,) = (
        one
        for one in resources("AWS::Lambda::Permission").values()
        if one["SourceArn"] == {"Fn::GetAtt": [RULE, "Arn"]}
    )
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["Action"] == "lambda:InvokeFunction"

"""Queues, topics, tables and secrets: what must hold so that nothing is lost."""

import pytest

from template import deployed
from template.deployed import ENVIRONMENTS, referred, resources, stack

PAIRS = {
    "ProcessingQueue": ("ProcessingDeadLetterQueue", "Analysis"),
    "CriticalProcessingQueue": ("ProcessingDeadLetterQueue", "Analysis"),
    "AnalysisQueue": ("AnalysisDeadLetterQueue", "Analysis"),
    "DistributionQueue": ("DistributionDeadLetterQueue", "Distribution"),
    "CriticalQueue": ("CriticalDeadLetterQueue", "Distribution"),
}
FAILURES = ("SnsFailureQueue", "RuleFailureQueue", "AsyncFailureQueue")
FOURTEEN_DAYS = 14 * 24 * 3600


def test_these_are_all_the_queues() -> None:
    dead = {dead for dead, _ in PAIRS.values()}
    assert set(resources("AWS::SQS::Queue")) == {*PAIRS, *dead, *FAILURES}


@pytest.mark.parametrize("queue", PAIRS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_visibility_is_the_functions_timeout_and_ten_seconds(queue: str, environment: str) -> None:
    function = PAIRS[queue][1]
    given = resources("AWS::SQS::Queue")[queue]["VisibilityTimeout"]["Ref"]
    timeout = resources("AWS::Lambda::Function")[f"{function}Function"]["Timeout"]["Ref"]
    values = deployed.parameters(environment)
    assert int(values[given]) == int(values[timeout]) + 10


@pytest.mark.parametrize("queue", PAIRS)
def test_each_queue_has_its_dead_letter_queue_and_nobody_else_may_use_that(queue: str) -> None:
    queues = resources("AWS::SQS::Queue")
    redrive = queues[queue]["RedrivePolicy"]
    dead = referred(redrive["deadLetterTargetArn"])
    assert (dead, redrive["maxReceiveCount"]) == (PAIRS[queue][0], 6)
    allowed = queues[dead]["RedriveAllowPolicy"]
    assert allowed["redrivePermission"] == "byQueue"
    names = [queues[one]["QueueName"]["Fn::Sub"] for one in PAIRS if PAIRS[one][0] == dead]
    sources = ["$" + source["Fn::Sub"].rpartition(":$")[2] for source in allowed["sourceQueueArns"]]
    assert sources == names


@pytest.mark.parametrize("queue", [*(dead for dead, _ in PAIRS.values()), *FAILURES])
def test_dead_letters_are_kept_for_the_longest_time(queue: str) -> None:
    given = resources("AWS::SQS::Queue")[queue]
    assert given["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert given["RedriveAllowPolicy"]["redrivePermission"] in {"byQueue", "denyAll"}


@pytest.mark.parametrize("queue", resources("AWS::SQS::Queue"))
def test_every_queue_is_encrypted_and_refuses_plain_http(queue: str) -> None:
    assert resources("AWS::SQS::Queue")[queue]["SqsManagedSseEnabled"] is True
    policies = [
        policy["PolicyDocument"]
        for policy in resources("AWS::SQS::QueuePolicy").values()
        if {"Ref": queue} in policy["Queues"]
    ]
    # A queue has one policy: a second resource would silently replace the first.
    (policy,) = policies
    denied = [s for s in deployed.statements(policy) if s["Effect"] == "Deny"]
    assert [(s["Principal"], s["Action"], s["Condition"]) for s in denied] == [
        ("*", ["sqs:*"], {"Bool": {"aws:SecureTransport": "false"}})
    ]


@pytest.mark.parametrize("topic", ["AlarmIntakeTopic", "AlarmTopic"])
def test_topics_take_alarms_of_this_account_over_tls_only(topic: str) -> None:
    (policy,) = (
        p["PolicyDocument"]
        for p in resources("AWS::SNS::TopicPolicy").values()
        if p["Topics"] == [{"Ref": topic}]
    )
    allow, deny = deployed.statements(policy)
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_the_topic_of_notices_is_for_this_stacks_role_over_tls_only() -> None:
    policy = resources("AWS::SNS::TopicPolicy")["NoticeTopicPolicy"]
    (deny,) = deployed.statements(policy["PolicyDocument"])
    assert (deny["Effect"], deny["Principal"], deny["Action"], deny["Condition"]) == (
        "Deny",
        "*",
        ["sns:Publish"],
        {"Bool": {"aws:SecureTransport": "false"}},
    )


@pytest.mark.parametrize(
    ("topic", "parameter"), [("AlarmTopic", "AlarmEmail"), ("NoticeTopic", "NoticeEmail")]
)
def test_nobody_is_mailed_unless_an_address_is_given(topic: str, parameter: str) -> None:
    mailed = [
        resource
        for resource in stack()["Resources"].values()
        if resource["Type"] == "AWS::SNS::Subscription"
        and resource["Properties"]["TopicArn"] == {"Ref": topic}
        and resource["Properties"]["Protocol"] == "email"
    ]
    (subscription,) = mailed
    assert subscription["Properties"]["Endpoint"] == {"Ref": parameter}
    empty = stack()["Conditions"][subscription["Condition"]]
    assert empty == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
    assert {deployed.parameters(e)[parameter] for e in ENVIRONMENTS} == {""}


def test_what_sns_and_the_rule_cannot_deliver_is_kept() -> None:
    (subscription,) = (
        s for s in resources("AWS::SNS::Subscription").values() if s["Protocol"] == "lambda"
    )
    assert referred(subscription["RedrivePolicy"]["deadLetterTargetArn"]) == "SnsFailureQueue"
    (target,) = resources("AWS::Events::Rule")["AlertReceptionFunctionAlarmStateChange"]["Targets"]
    assert referred(target["DeadLetterConfig"]["Arn"]) == "RuleFailureQueue"
    for queue, service in (("SnsFailureQueue", "sns"), ("RuleFailureQueue", "events")):
        policy = resources("AWS::SQS::QueuePolicy")[f"{queue}Policy"]["PolicyDocument"]
        allow = next(s for s in deployed.statements(policy) if s["Effect"] == "Allow")
        assert allow["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert allow["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_tables_are_those_of_the_runbook() -> None:
    keys = {}
    for table in resources("AWS::DynamoDB::Table").values():
        name = table["TableName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        keys[name] = [key["AttributeName"] for key in table["KeySchema"]]
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
        recovery = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert recovery is (name != "analysis-cache")
    assert keys == {
        "alerts": ["alert_id"],
        "analysis-cache": ["error_signature"],
        "incidents": ["id"],
        "state": ["id"],
    }


def test_indexes_are_those_that_the_code_and_the_runbook_query() -> None:
    tables = resources("AWS::DynamoDB::Table")
    (history,) = tables["AlertsTable"]["GlobalSecondaryIndexes"]
    assert history["IndexName"] == "timestamp-index"
    assert [key["AttributeName"] for key in history["KeySchema"]] == ["severity", "timestamp"]
    assert history["Projection"]["NonKeyAttributes"] == ["title", "source", "service", "status"]
    (due,) = tables["IncidentsTable"]["GlobalSecondaryIndexes"]
    assert due["IndexName"] == "due-index"
    assert [key["AttributeName"] for key in due["KeySchema"]] == ["due_shard", "due_at"]
    types = {
        a["AttributeName"]: a["AttributeType"]
        for table in tables.values()
        for a in table["AttributeDefinitions"]
    }
    assert (types["timestamp"], types["due_at"]) == ("N", "N")


def test_production_refuses_to_lose_its_tables() -> None:
    given = {e: deployed.parameters(e)["DeletionProtection"] for e in ENVIRONMENTS}
    assert given == {"local": "false", "dev": "false", "staging": "false", "prod": "true"}


def test_secrets_are_created_empty_under_the_runbooks_names() -> None:
    secrets = resources("AWS::SecretsManager::Secret").values()
    names = {secret["Name"]["Fn::Sub"][0] for secret in secrets}
    assert names == {
        "${Prefix}/slack-webhook",
        "${Prefix}/slack-bot-token",
        "${Prefix}/slack-test-webhook",
        "${Prefix}/anthropic-key",
        "${Prefix}/sources",
        "${Prefix}/notice-webhook",
    }
    for secret in secrets:
        assert set(secret) == {"Name", "Description"}
    prefixes = {e: deployed.parameters(e)["SecretPrefix"] for e in ENVIRONMENTS}
    assert prefixes == {"local": "mcp-responder", "dev": "", "staging": "", "prod": "mcp-responder"}


def test_no_parameter_or_variable_could_carry_a_secret() -> None:
    assert not [p for p in stack()["Parameters"].values() if p.get("NoEcho")]
    for function in resources("AWS::Lambda::Function").values():
        for name, value in function["Environment"]["Variables"].items():
            if name.endswith("_SECRET"):
                assert value["Fn::GetAtt"][1] == "Id"


def test_logs_are_kept_thirty_days() -> None:
    kept = {g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup").values()}
    assert kept == {30}


def test_what_holds_data_says_what_happens_to_it() -> None:
    kinds = {
        "AWS::SQS::Queue",
        "AWS::DynamoDB::Table",
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
    }
    held = [r for r in stack()["Resources"].values() if r["Type"] in kinds]
    assert len(held) == 28
    assert {(r["DeletionPolicy"], r["UpdateReplacePolicy"]) for r in held} == {("Delete", "Retain")}

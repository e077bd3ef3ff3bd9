"""What a template says, the emulator does: tables, API, concurrency, alarms, and one mapping."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from integration.emulator_patches.asking import Client, eventually, total


def test_templates_set_expiry_and_recovery_of_tables(
    client: Client, outputs: Mapping[str, str]
) -> None:
    table = outputs["TableName"]
    expiry = client("dynamodb").describe_time_to_live(TableName=table)
    backups = client("dynamodb").describe_continuous_backups(TableName=table)

    assert expiry["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "ttl",
    }
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_copy_of_a_table_says_what_it_is_of(client: Client, outputs: Mapping[str, str]) -> None:
    dynamodb, source = client("dynamodb"), outputs["TableName"]
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName="copied", UseLatestRestorableTime=True
    )

    summary = dynamodb.describe_table(TableName="copied")["Table"]["RestoreSummary"]
    described = dynamodb.describe_table(TableName=source)["Table"]
    assert summary["SourceTableArn"] == described["TableArn"]
    assert datetime.now(UTC) - summary["RestoreDateTime"] < timedelta(minutes=5)
    assert "RestoreSummary" not in described


def test_templates_set_binary_media_types(client: Client, outputs: Mapping[str, str]) -> None:
    api = client("apigateway").get_rest_api(restApiId=outputs["ApiId"])

    assert api["binaryMediaTypes"] == ["*/*", "image/png"]


def test_templates_set_reserved_concurrency(client: Client, outputs: Mapping[str, str]) -> None:
    reserved = client("lambda").get_function_concurrency(FunctionName=outputs["FunctionName"])

    assert reserved["ReservedConcurrentExecutions"] == 2


def test_alarms_over_expressions_can_be_deployed(
    client: Client, outputs: Mapping[str, str]
) -> None:
    found = client("cloudwatch").describe_alarms(AlarmNames=[outputs["AlarmName"]])

    assert [alarm["StateValue"] for alarm in found["MetricAlarms"]] == ["INSUFFICIENT_DATA"]


def test_a_queue_reaches_its_function_which_may_send_batches_and_is_counted(
    client: Client, outputs: Mapping[str, str]
) -> None:
    """A concurrency from a parameter, ``sqs:SendMessage`` for a batch, and AWS/Lambda metrics."""
    mapping = client("lambda").get_event_source_mapping(UUID=outputs["MappingId"])
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}

    client("sqs").send_message(QueueUrl=outputs["InUrl"], MessageBody="hello")

    received = client("sqs").receive_message(QueueUrl=outputs["OutUrl"], WaitTimeSeconds=20)
    assert [message["Body"] for message in received["Messages"]] == ["hello"]
    name = outputs["FunctionName"]
    assert eventually(lambda: total(client, "AWS/Lambda", "Invocations", FunctionName=name) == 1)
    assert total(client, "AWS/Lambda", "Errors", FunctionName=name) == 0

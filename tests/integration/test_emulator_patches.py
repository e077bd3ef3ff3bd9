"""Every patch of the emulator, seen from outside by a client as a person would miss it."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from bare_emulator import emulated
from local_stack import deploying
from local_stack.servers import Emulator

TEMPLATE = Path(__file__).with_name("emulator_stack.yaml")
PATIENCE_SECONDS = 40.0
ONLY_THE_FIRST_STARTS = """
import os, pathlib, time
begun = pathlib.Path(os.environ["BEGUN"])
if begun.exists():
    os._exit(1)
def handler(event, context):
    begun.touch()
    time.sleep(4)
    return "not disturbed"
"""

TWO_AT_ONCE = """
import os, pathlib, time
met = pathlib.Path(os.environ["MET"])
def handler(event, context):
    (met / str(os.getpid())).touch()
    while len(list(met.iterdir())) < 2:
        time.sleep(0.01)
    return os.getpid(), os.path.realpath(__file__)
"""

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with emulated(tmp_path_factory) as emulator:
        yield _clients(emulator)


@pytest.fixture(scope="module")
def outputs(client: Client) -> Mapping[str, str]:
    formation = client("cloudformation")
    formation.create_stack(
        StackName="patches", TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    formation.get_waiter("stack_create_complete").wait(
        StackName="patches", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    found = formation.describe_stacks(StackName="patches")["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def test_log_events_have_ids_to_tell_them_apart(client: Client) -> None:
    group = logged(client, "one", "two")

    events = client("logs").filter_log_events(logGroupName=group)["events"]

    assert len({event["eventId"] for event in events}) == 2


def test_embedded_metrics_become_metrics(client: Client) -> None:
    directive = {
        "Namespace": "Embedded",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "Accepted", "Unit": "Count"}],
    }
    document = {"_aws": {"CloudWatchMetrics": [directive]}, "service": "s", "Accepted": [2, 3]}

    logged(client, json.dumps(document), json.dumps(document), '{"_aws": "no directive"}')

    assert total(client, "Embedded", "Accepted", service="s") == 10


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


def test_queues_report_their_depth_and_age(client: Client) -> None:
    url = queue(client, "depth")
    for _ in range(3):
        client("sqs").send_message(QueueUrl=url, MessageBody="waits")

    def newest(metric: str) -> float:
        return most(client, "AWS/SQS", metric, QueueName=url.rsplit("/", 1)[-1])

    assert eventually(lambda: newest("ApproximateNumberOfMessagesVisible") == 3)
    assert eventually(lambda: newest("ApproximateAgeOfOldestMessage") >= 5)


def test_dead_letters_move_back_with_their_attributes(client: Client) -> None:
    work, dead = dead_lettered(client, "the message")

    client("sqs").start_message_move_task(SourceArn=arn(client, dead))

    message = client("sqs").receive_message(
        QueueUrl=work, WaitTimeSeconds=10, MessageAttributeNames=["All"]
    )["Messages"][0]
    assert message["Body"] == "the message"
    assert message["MessageAttributes"]["reason"]["StringValue"] == "because"
    task = client("sqs").list_message_move_tasks(SourceArn=arn(client, dead))["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_dead_letters_move_to_another_queue_when_asked(client: Client) -> None:
    _, dead = dead_lettered(client, "elsewhere")
    other = queue(client, "other")

    client("sqs").start_message_move_task(
        SourceArn=arn(client, dead), DestinationArn=arn(client, other)
    )

    received = client("sqs").receive_message(QueueUrl=other, WaitTimeSeconds=10)
    assert [message["Body"] for message in received["Messages"]] == ["elsewhere"]


def test_only_a_dead_letter_queue_can_be_moved_from(client: Client) -> None:
    plain = arn(client, queue(client, "plain"))

    with pytest.raises(ClientError, match="Dead Letter Queue"):
        client("sqs").start_message_move_task(SourceArn=plain)


def test_a_dead_letter_queue_names_its_sources(client: Client) -> None:
    work, dead = dead_lettered(client, "any")

    found = client("sqs").list_dead_letter_source_queues(QueueUrl=dead)

    assert found["queueUrls"] == [work]


def test_an_alarm_minds_its_own_dimensions_and_recovers_without_data(client: Client) -> None:
    mine, other = alarm(client, "mine"), alarm(client, "other")

    client("cloudwatch").put_metric_data(
        Namespace="Alarms",
        MetricData=[{"MetricName": "Errors", "Dimensions": dimension("mine"), "Value": 9}],
    )

    assert eventually(lambda: state(client, mine) == "ALARM")
    assert state(client, other) != "ALARM"
    assert eventually(lambda: state(client, mine) == "OK")


def test_an_alarm_s_change_of_state_reaches_eventbridge(client: Client) -> None:
    url, name = queue(client, "events"), alarm(client, "told")
    rule = unique("rule")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [name]}}
    client("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": arn(client, url)}])

    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")

    received = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
    event = json.loads(received["Messages"][0]["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["state"]["reason"] == "by hand"
    assert event["resources"][0].endswith(f":alarm:{name}")


def test_a_process_that_dies_at_its_start_ends_no_other(
    client: Client, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    functions, begun = client("lambda"), tmp_path / "begun"
    variables = {"BEGUN": str(begun)}
    create(functions, outputs, "only-the-first-starts", ONLY_THE_FIRST_STARTS, variables)

    def invoke() -> Any:
        answer = functions.invoke(FunctionName="only-the-first-starts")
        return json.load(answer["Payload"])

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(invoke)
        assert eventually(begun.exists)
        assert "errorMessage" in invoke()
        assert first.result() == "not disturbed"


def test_all_processes_of_a_function_have_their_code_from_one_place(
    client: Client, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    functions = client("lambda")
    create(functions, outputs, "two-at-once", TWO_AT_ONCE, {"MET": str(tmp_path)})

    def invoke() -> Any:
        return json.load(functions.invoke(FunctionName="two-at-once")["Payload"])

    with ThreadPoolExecutor(2) as pool:
        (one, its_code), (other, others_code) = (
            found.result() for found in [pool.submit(invoke) for _ in range(2)]
        )
    assert one != other
    assert its_code == others_code


def test_who_invokes_is_told_the_report(client: Client, outputs: Mapping[str, str]) -> None:
    answer = client("lambda").invoke(
        FunctionName=outputs["FunctionName"], LogType="Tail", Payload='{"Records": []}'
    )
    *_, report = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert report.startswith("REPORT RequestId: ")
    assert "Max Memory Used: " in report


def test_code_is_told_to_be_where_the_emulator_serves_it(
    client: Client, outputs: Mapping[str, str]
) -> None:
    """``test_cli_on_emulator`` follows the address."""
    found = client("lambda").get_function(FunctionName=outputs["FunctionName"])
    assert found["Code"]["Location"].startswith("https://")


def create(
    functions: Any,
    outputs: Mapping[str, str],
    name: str,
    code: str,
    variables: Mapping[str, str],
) -> None:
    role = functions.get_function_configuration(FunctionName=outputs["FunctionName"])["Role"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", code)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role,
        Timeout=20,
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": dict(variables)},
    )


def _clients(emulator: Emulator) -> Client:
    made: dict[str, Any] = {}

    def one(service: str) -> Any:
        if service not in made:
            made[service] = deploying.client(service, emulator.endpoint, emulator.bundle)
        return made[service]

    return one


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within what the emulator's clock needs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.5)
    return False


def logged(client: Client, *lines: str) -> str:
    group = unique("/test/log")
    now = int(time.time() * 1000)
    client("logs").create_log_group(logGroupName=group)
    client("logs").create_log_stream(logGroupName=group, logStreamName="s")
    client("logs").put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": line} for line in lines],
    )
    return group


def _points(client: Client, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Any:
    now = datetime.now(UTC)
    return client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "Maximum"],
    )["Datapoints"]


def total(client: Client, namespace: str, metric: str, **dimensions: str) -> float:
    return float(sum(point["Sum"] for point in _points(client, namespace, metric, dimensions)))


def most(client: Client, namespace: str, metric: str, **dimensions: str) -> float:
    points = _points(client, namespace, metric, dimensions)
    return float(max((point["Maximum"] for point in points), default=0))


def queue(client: Client, name: str, **attributes: str) -> str:
    made = client("sqs").create_queue(QueueName=unique(name), Attributes=attributes)
    return str(made["QueueUrl"])


def arn(client: Client, url: str) -> str:
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def dead_lettered(client: Client, body: str) -> tuple[str, str]:
    """A queue and its dead-letter queue, in which one message lies that failed once."""
    dead = queue(client, "dead")
    policy = {"deadLetterTargetArn": arn(client, dead), "maxReceiveCount": 1}
    work = queue(client, "work", RedrivePolicy=json.dumps(policy), VisibilityTimeout="0")
    client("sqs").send_message(
        QueueUrl=work,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "because"}},
    )
    assert client("sqs").receive_message(QueueUrl=work, WaitTimeSeconds=5)["Messages"]
    assert "Messages" not in client("sqs").receive_message(QueueUrl=work)
    return work, dead


def dimension(value: str) -> list[dict[str, str]]:
    return [{"Name": "which", "Value": value}]


def alarm(client: Client, which: str) -> str:
    name = unique(which)
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Alarms",
        MetricName="Errors",
        Dimensions=dimension(which),
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return name


def state(client: Client, name: str) -> str:
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found[0]["StateValue"])

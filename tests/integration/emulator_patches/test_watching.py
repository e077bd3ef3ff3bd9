"""Log lines, metrics and alarms: what tells operators how a stack is."""

import json
import time

from integration.emulator_patches.asking import (
    Client,
    arn,
    eventually,
    most,
    queue,
    total,
    unique,
)


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


def test_queues_report_their_depth_and_age(client: Client) -> None:
    url = queue(client, "depth")
    for _ in range(3):
        client("sqs").send_message(QueueUrl=url, MessageBody="waits")

    def newest(metric: str) -> float:
        return most(client, "AWS/SQS", metric, QueueName=url.rsplit("/", 1)[-1])

    assert eventually(lambda: newest("ApproximateNumberOfMessagesVisible") == 3)
    assert eventually(lambda: newest("ApproximateAgeOfOldestMessage") >= 5)


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

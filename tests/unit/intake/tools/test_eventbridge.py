"""Events of AWS's services and of one's own applications, over EventBridge and SNS."""

import json
from typing import Any

import pytest

from responder.alert import Severity, Status
from responder.intake.registry import read
from samples import JSON, NOW, only, sample
from unit.intake.tools.expected import FIRING, HIGH, INFO, MEDIUM, RESOLVED, at, differs

ECS = "123456789012/eu-west-1/aws.ecs"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ecs_task_stopped", {
            "title": "ECS Task State Change: checkout", "severity": HIGH, "status": FIRING,
            "service": "checkout", "event_at": at("09:30:00"), "starts_at": at("09:30:00"),
            "rule": "ECS Task State Change", "native_id": "service:checkout",
            "message": "Essential container in task exited\nContainer app: exit code 137 "
            "OutOfMemoryError: Container killed due to memory usage\n"
            "Container log-router: exit code 0",
        }),
        ("ecs_deployment_failed", {
            "title": "ECS Deployment State Change: checkout", "severity": HIGH, "status": FIRING,
            "service": "checkout",
            "resource": "arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout",
        }),
        ("ec2_stopped", {
            "title": "EC2 Instance State-change Notification: i-0abc123", "severity": MEDIUM,
            "status": FIRING, "message": "State: stopped",
            "resource": "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc123",
            "links": {"console": "https://eu-west-1.console.aws.amazon.com/ec2/home"
                      "?region=eu-west-1#InstanceDetails:instanceId=i-0abc123"},
        }),
        ("rds_failover", {
            "title": "RDS DB Instance Event: orders", "severity": HIGH, "status": FIRING,
            "service": "orders-db", "message": "A Multi-AZ failover has started.",
        }),
        ("rds_shutdown_by_sns", {
            "title": "RDS DB Instance Event: orders", "status": FIRING,
            "message": "DB instance shutdown", "event_at": at("09:29:41"),
            "links": {"source": "https://console.aws.amazon.com/rds/home?region=eu-west-1"
                      "#dbinstance:id=orders"},
        }),
        ("autoscaling_launch_failed", {
            "title": "EC2 Instance Launch: web", "severity": HIGH, "status": FIRING,
            "service": "web",
        }),
        ("codepipeline_failed", {
            "title": "CodePipeline Pipeline Execution State Change: checkout-release",
            "severity": MEDIUM, "status": FIRING, "service": "checkout-release",
            "message": "State: FAILED",
        }),
        ("codebuild_failed", {
            "title": "CodeBuild Build State Change: checkout-tests", "status": FIRING,
            "links": {"source": "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
                      "#logEvent:group=/aws/codebuild/checkout-tests"},
        }),
        ("backup_failed", {
            "title": "Backup Job State Change: orders", "status": FIRING,
            "message": "The instance is not in state available.",
        }),
        ("trusted_advisor", {
            "title": "Trusted Advisor Check Item Refresh Notification: Service Limits",
            "severity": HIGH, "status": FIRING,
            "message": "Usage is above 80 percent of the limit",
        }),
        ("step_functions_timed_out", {
            "title": "Step Functions Execution Status Change: settle", "severity": HIGH,
            "status": FIRING, "service": "settle", "message": "State: TIMED_OUT",
        }),
        ("lambda_gave_up", {
            "title": "Lambda Function Invocation Result: settle-orders", "severity": HIGH,
            "service": "settle-orders", "message": "upstream timed out\nRetriesExhausted",
        }),
        ("own_application", {
            "title": "OrderFailed: orders", "severity": Severity.CRITICAL, "status": FIRING,
            "service": "orders", "message": "The payment provider does not answer",
            "links": {"source": "https://shop.example.com/orders/o-1"},
        }),
        ("own_application_fires", {
            "title": "Heater Alarm: Boiler 7", "severity": HIGH, "native_id": "heater-7",
            "message": "Water at 104 degrees",
        }),
    ],
)  # fmt: skip
def test_an_event_is_understood(name: str, expected: dict[str, Any]) -> None:
    alert = only(f"eventbridge/{name}.json")
    assert alert.source == "eventbridge"
    assert alert.scope.account == "123456789012"
    assert differs(alert, expected) == {}


@pytest.mark.parametrize(
    ("firing", "resolved"),
    [
        ("ec2_stopped", "ec2_running_again"),
        ("codepipeline_failed", "codepipeline_succeeded"),
        ("rds_shutdown_by_sns", "rds_restarted"),
        ("autoscaling_launch_failed", "autoscaling_launched_by_sns"),
        ("own_application_fires", "own_application_resolves"),
    ],
)
def test_the_end_meets_the_trouble(firing: str, resolved: str) -> None:
    begun, ended = only(f"eventbridge/{firing}.json"), only(f"eventbridge/{resolved}.json")
    assert (begun.status, ended.status) == (FIRING, RESOLVED)
    assert begun.fingerprint == ended.fingerprint
    assert begun.title == ended.title
    assert begun.event_at < ended.event_at == ended.ends_at


@pytest.mark.parametrize("name", ["codepipeline_started", "ecs_task_running"])
def test_a_step_on_the_way_is_no_alert(name: str) -> None:
    parcel = read(sample(f"eventbridge/{name}.json"), JSON, received_at=NOW)
    assert (parcel.alerts, parcel.not_alerts) == ((), 1)


def event(name: str, **detail: object) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(sample(f"eventbridge/{name}.json"))
    value["detail"].update(detail)
    return value


def read_one(value: dict[str, Any], tool: str | None = None) -> Any:
    (alert,) = read(json.dumps(value).encode(), JSON, tool, received_at=NOW).alerts
    return alert


@pytest.mark.parametrize(
    ("code", "reason", "exit_code", "severity"),
    [
        ("ServiceSchedulerInitiated", "Scaling activity initiated by deployment", 0, INFO),
        ("UserInitiated", "Task stopped by user", None, INFO),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks", 0, HIGH),
        ("TaskFailedToStart", "CannotPullContainerError", None, HIGH),
        ("SpotInterruption", "Your Spot Task was interrupted.", 0, MEDIUM),
    ],
)
def test_a_task_that_was_meant_to_stop_is_no_trouble(
    code: str, reason: str, exit_code: int | None, severity: Severity
) -> None:
    containers = [{"name": "app", "exitCode": exit_code}]
    alert = read_one(
        event("ecs_task_stopped", stopCode=code, stoppedReason=reason, containers=containers)
    )
    assert (alert.status, alert.severity) == (Status.FIRING, severity)


def test_the_same_service_of_two_clusters_or_regions_is_two() -> None:
    here = read_one(event("ecs_task_stopped"))
    other = read_one(event("ecs_task_stopped", clusterArn="arn:aws:ecs:eu-west-1:1:cluster/two"))
    elsewhere = read_one(event("ecs_task_stopped") | {"region": "us-east-1"})
    assert len({alert.fingerprint for alert in (here, other, elsewhere)}) == 3


def test_a_failover_and_a_shutdown_of_one_database_are_two() -> None:
    shutdown = read_one(event("rds_restarted", EventID="RDS-EVENT-0004"))
    assert shutdown.fingerprint == only("eventbridge/rds_restarted.json").fingerprint
    assert shutdown.fingerprint != only("eventbridge/rds_failover.json").fingerprint


@pytest.mark.parametrize("state", ["SUCCEEDED", "resolved", "Ok"])
def test_one_s_own_event_ends_where_it_says_so(state: str) -> None:
    assert read_one(event("own_application_fires", status=state)).status is RESOLVED


@pytest.mark.parametrize("state", ["running", "started", "completed", "", None, 7])
def test_whatever_else_one_s_own_event_says_fires(state: object) -> None:
    assert read_one(event("own_application_fires", status=state)).status is FIRING


def test_a_detail_without_known_words_is_told_whole_but_for_its_secrets() -> None:
    value = event("own_application")
    value["detail"] = {"orderId": "o-1", "password": "sample-secret"}
    alert = read_one(value)
    assert alert.title == "OrderFailed"
    assert '"orderId": "o-1"' in alert.message
    assert "sample-secret" not in alert.model_dump_json()


def test_a_route_to_eventbridge_does_not_hide_a_deployment() -> None:
    body = sample("cloudformation/update_complete.json")
    parcel = read(body, JSON, "eventbridge", received_at=NOW)
    assert [change.source for change in parcel.changes] == ["cloudformation"]


@pytest.mark.parametrize("tool", [None, "eventbridge", "grafana", "cloudwatch"])
def test_the_route_does_not_matter(tool: str | None) -> None:
    alert = only("eventbridge/ecs_task_stopped.json", tool)
    assert (alert.source, alert.fingerprint[: len(ECS)]) == ("eventbridge", ECS)

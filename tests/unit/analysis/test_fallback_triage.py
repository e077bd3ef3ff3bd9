from datetime import timedelta
from typing import Any

import pytest

from responder.alert import Scope, Severity, Status
from responder.analysis.fallback import triage, with_reason
from responder.analysis.schema import CATEGORIES
from responder.analysis.verdict import Analysis, Confidence
from unit.analysis.examples import NOW, alert


def triaged(reason: str = "", **changes: Any) -> Analysis:
    return triage(alert(**changes), reason=reason, now=NOW)


def commands(**changes: Any) -> list[str]:
    return [check.command for check in triaged(**changes).checks if check.command]


def test_it_never_pretends_to_be_claude() -> None:
    found = triaged("timeout")
    assert (found.made_by, found.tier, found.fallback_reason) == ("fallback", "fallback", "timeout")
    assert found.is_fallback
    assert found.confidence is Confidence.LOW
    assert found.causes == ()
    assert found.severity_opinion is None
    assert (found.cost_usd, found.prompt_version) == (0, "")
    assert "claude" not in found.model_dump_json().lower()


def test_it_says_only_what_the_card_does_not_show_beside_it() -> None:
    found = triaged(event_at=NOW, received_at=NOW, starts_at=None)
    assert found.headline == "orders: DiskWillFillIn4Hours"
    assert found.summary == "By its words: disk. No cause is known yet."
    unrecognised = triaged(title="Foo", rule="", message="", labels={}, event_at=NOW)
    assert unrecognised.summary == "No cause is known yet."


@pytest.mark.parametrize(("seconds", "late"), [(119, False), (120, True)])
def test_an_alert_that_came_late_says_how_late(seconds: int, late: bool) -> None:
    began = NOW - timedelta(seconds=seconds)
    found = triaged(starts_at=began, event_at=began, received_at=NOW)
    assert ("It reached us 2 min after it began." in found.summary) is late
    over = triaged(status=Status.RESOLVED, starts_at=began, event_at=NOW, received_at=NOW)
    assert "reached us" not in over.summary


def test_the_reason_can_be_given_later_and_nothing_else_changes() -> None:
    first = triaged()
    assert with_reason(first, "budget_spent") == triaged("budget_spent")
    assert first.fallback_reason == ""


def test_the_same_alert_gives_the_same_triage() -> None:
    assert triaged() == triaged()


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("HighCPU on web-3", "cpu"),
        ("CPUThrottlingHigh", "cpu"),
        ("KubeContainerOOMKilled", "memory"),
        ("HostOutOfMemory", "memory"),
        ("KubePersistentVolumeFillingUp", "disk"),
        ("NodeFilesystemAlmostOutOfSpace", "disk"),
        ("p99 latency above 2 s", "latency"),
        ("HTTP 5xx error rate > 5%", "errors"),
        ("Lambda throttles", "errors"),
        ("DNS lookups fail with NXDOMAIN", "network"),
        ("TLS certificate expires in 3 days", "certificate"),
        ("PostgreSQL replication lag", "database"),
        ("Too many connections on RDS", "database"),
        ("Kafka consumer lag", "queue"),
        ("ApproximateAgeOfOldestMessage high on orders queue", "queue"),
        ("Rollout stuck: ImagePullBackOff", "deployment"),
        ("GuardDuty: UnauthorizedAccess", "security"),
        ("InstanceDown", "availability"),
        ("KubePodCrashLooping", "availability"),
        ("Foo is weird", "other"),
    ],
)
def test_the_category_comes_from_the_words(title: str, category: str) -> None:
    found = triaged(title=title, rule="", message="", labels={}, service="")
    assert found.category == category
    assert found.category in CATEGORIES
    assert 2 <= len(found.checks) <= 5


def test_labels_of_kubernetes_give_commands_that_can_be_run() -> None:
    labels = {"namespace": "shop", "pod": "cart-7d9-x2", "container": "cart"}
    assert commands(labels=labels) == [
        "kubectl -n shop describe pod cart-7d9-x2",
        "kubectl -n shop logs cart-7d9-x2 -c cart --tail=100",
    ]
    assert "kubectl -n shop rollout history deployment/cart" in commands(
        labels={"namespace": "shop", "deployment": "cart"}
    )
    assert commands(labels={"node": "ip-10-0-0-1.ec2.internal"}) == [
        "kubectl describe node ip-10-0-0-1.ec2.internal"
    ]


@pytest.mark.parametrize(
    ("labels", "command"),
    [
        ({"FunctionName": "f"}, "aws logs tail /aws/lambda/f --since 30m --region eu-central-1"),
        (
            {"DBInstanceIdentifier": "orders-db"},
            "aws rds describe-events --source-type db-instance --source-identifier orders-db "
            "--duration 60 --region eu-central-1",
        ),
        (
            {"QueueName": "jobs"},
            "aws sqs get-queue-url --queue-name jobs --region eu-central-1",
        ),
        (
            {"InstanceId": "i-1"},
            "aws ec2 describe-instance-status --include-all-instances --instance-ids i-1 "
            "--region eu-central-1",
        ),
        ({"name": "nginx.service"}, "systemctl status nginx.service"),
        ({"mountpoint": "/var"}, "df -h /var"),
    ],
)
def test_labels_of_aws_and_of_machines_give_commands(labels: dict[str, str], command: str) -> None:
    assert commands(labels=labels) == [command]


def test_an_alarms_history_is_offered_with_its_name_quoted() -> None:
    found = commands(source="cloudwatch", rule="Orders: 5xx 'high'", labels={}, scope=Scope())
    assert found == [
        "aws cloudwatch describe-alarm-history --alarm-name 'Orders: 5xx '\"'\"'high'\"'\"'' "
        "--history-item-type StateUpdate --max-items 10"
    ]


def test_the_namespace_of_cloudwatch_is_not_one_of_kubernetes() -> None:
    assert commands(labels={"namespace": "AWS/Lambda"}) == []


def test_a_certificate_alert_shows_how_to_read_the_certificate() -> None:
    labels = {"instance": "https://shop.example.com"}
    found = commands(title="Certificate expires", rule="", message="", labels=labels)
    assert found == [
        "openssl s_client -connect shop.example.com:443 -servername shop.example.com "
        "</dev/null | openssl x509 -noout -subject -dates"
    ]


@pytest.mark.parametrize(
    "value",
    ["--kubeconfig=/tmp/x", "-rf", "~root", "a\nb", "x" * 300, "", "a\u2028b", "\x1b[2Jx"],
)
def test_a_value_that_is_no_plain_name_gives_no_command(value: str) -> None:
    labels = {"namespace": value, "pod": value, "FunctionName": value, "QueueName": value}
    assert commands(labels=labels, source="cloudwatch", rule=value) == []


@pytest.mark.parametrize("value", ["x; rm -rf /", "$(reboot)", "`id`", "a b", "a'b", "x | sh"])
def test_a_value_that_means_something_to_a_shell_is_quoted(value: str) -> None:
    import shlex

    (command,) = commands(labels={"QueueName": value})
    assert shlex.split(command)[4] == value


def test_hostile_text_stays_short_and_visible() -> None:
    found = triaged(title="t" * 5000 + "\u202e", message="m\x00" * 50_000, service="s" * 5000)
    assert len(found.headline) <= 150
    assert len(found.summary) <= 100


def test_an_alert_of_which_nothing_is_known_still_has_a_headline_and_checks() -> None:
    found = triaged(
        title="", rule="", message="", service="", labels={}, scope=Scope(), source="",
        unknown_format=True, severity=Severity.INFO,
    )  # fmt: skip
    assert found.headline
    assert found.summary.endswith("No cause is known yet.")
    assert len(found.checks) == 2


def test_a_sender_whose_clock_is_ahead_does_not_make_time_negative() -> None:
    ahead = triaged(event_at=NOW + timedelta(hours=1)).summary
    assert "The sender's clock is 1 h ahead of ours." in ahead
    assert "reached us" not in ahead
    assert "clock" not in triaged(event_at=NOW + timedelta(seconds=5)).summary

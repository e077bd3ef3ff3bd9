"""What makes two alerts one problem, and what keeps two problems apart."""

import json
import subprocess
import sys

import pytest

from responder.alert import Alert, Scope, Severity, Status
from responder.intake import parse
from responder.signature import signature
from samples import NOW, alerts, only, sample


def alertmanager(**labels: str) -> Alert:
    """The firing sample with other labels, in its text, too."""
    text = sample("alertmanager/firing.json").decode()
    if instance := labels.get("instance"):
        text = text.replace("10.0.3.17:8080", instance)
    group = json.loads(text)
    group["alerts"][0]["labels"].update(labels)
    (alert,) = parse(json.dumps(group).encode(), {}, received_at=NOW)
    return alert


def key(alert: Alert) -> str:
    return signature(alert).key


def test_keys_name_their_version() -> None:
    version, _, digest = key(alertmanager()).partition(":")
    assert version == "v1"
    assert len(digest) == 24


def test_a_hundred_alerts_that_differ_in_instance_are_one_problem() -> None:
    instances = [f"10.0.{n}.{n}:90{n:02}" for n in range(50)]
    instances += [f"web-{n}.shop.svc:8080" for n in range(50)]
    assert len({key(alertmanager(instance=instance)) for instance in instances}) == 1


@pytest.mark.parametrize(
    ("label", "value"),
    [("severity", "warning"), ("cluster", "us-2"), ("env", "staging"), ("pod", "checkout-x4v9b"),
     ("node", "ip-10-1"), ("request_id", "abc"), ("team", "payments")],
)  # fmt: skip
def test_what_varies_between_copies_does_not_split(label: str, value: str) -> None:
    assert key(alertmanager(**{label: value})) == key(alertmanager())


@pytest.mark.parametrize(
    ("label", "value"),
    [("alertname", "CheckoutSlow"), ("job", "billing"), ("namespace", "lab"), ("queue", "mail")],
)
def test_rule_service_and_identity_labels_split(label: str, value: str) -> None:
    assert key(alertmanager(**{label: value})) != key(alertmanager())


def test_pods_are_cut_to_their_owner() -> None:
    owners = ["api-7d9f8b6c5-x4v9b", "api-bcdfg", "api-3", "api-28337073-x4v9b"]
    assert len({key(alertmanager(pod=pod)) for pod in owners}) == 1
    assert key(alertmanager(pod="worker-3")) != key(alertmanager(pod="api-3"))


def test_firing_and_resolved_share_the_signature() -> None:
    assert key(only("alertmanager/firing.json")) == key(only("alertmanager/resolved.json"))
    assert key(only("cloudwatch/raw_alarm.json")) == key(only("cloudwatch/ok.json"))


def test_an_alarm_without_data_is_a_problem_of_its_own() -> None:
    no_data = only("cloudwatch/insufficient_data.json")
    assert key(no_data) != key(only("cloudwatch/raw_alarm.json"))


def test_transport_does_not_matter() -> None:
    assert key(only("cloudwatch/sns_alarm.json")) == key(only("cloudwatch/eventbridge_alarm.json"))
    assert key(only("prometheus/push.json")) == key(only("alertmanager/firing.json"))


def test_neither_severity_nor_scope_takes_part() -> None:
    alert = only("generic/firing.json")
    other = alert.model_copy(
        update={
            "severity": Severity.LOW,
            "status": Status.RESOLVED,
            "scope": Scope(account="9", region="r", cluster="c", environment="e"),
        }
    )
    assert key(other) == key(alert)


def test_the_order_of_labels_does_not_matter() -> None:
    alert = alertmanager(a="x", b="y")
    turned = alert.model_copy(update={"labels": dict(reversed(alert.labels.items()))})
    assert key(turned) == key(alert)


def test_fields_cannot_be_shifted_into_each_other() -> None:
    alert = only("generic/firing.json")
    first = alert.model_copy(update={"service": "a", "rule": 'b","c'})
    second = alert.model_copy(update={"service": 'a","b', "rule": "c"})
    assert key(first) != key(second)


def test_identifiers_in_a_rules_name_do_not_split_and_codes_do() -> None:
    alarm = only("cloudwatch/raw_alarm.json")

    def named(rule: str) -> str:
        return key(alarm.model_copy(update={"rule": rule}))

    assert named("cpu i-0abc12345def") == named("cpu i-0fff12345def")
    assert named("orders-api-5xx") != named("orders-api-4xx")


def test_exit_codes_and_error_numbers_split() -> None:
    keys = {
        key(alerts_with_message(f"container terminated with exit code {code}")) for code in (1, 137)
    }
    assert len(keys) == 2


def alerts_with_message(message: str) -> Alert:
    return only("generic/firing.json").model_copy(update={"message": message})


def test_the_explanation_says_what_was_kept_and_what_was_ignored() -> None:
    line = signature(alertmanager(pod="checkout-x4v9b")).explanation
    assert "\n" not in line
    for said in (
        "rule CheckoutErrorRateHigh",
        "service checkout",
        "namespace=shop",
        "labels (scope) cluster, env",
        "labels (varies) instance",
        "severity",
    ):
        assert said in line


def test_the_explanation_is_bounded_whatever_the_labels_are() -> None:
    labels = {f"label{chr(97 + n % 26)}{n}": "value" * 100 for n in range(60)}
    alert = only("generic/firing.json").model_copy(update={"labels": labels, "rule": "r" * 400})
    assert len(signature(alert).explanation) <= 600


def test_every_process_computes_the_same_key() -> None:
    code = (
        "from samples import alerts\n"
        "from responder.signature import signature\n"
        "print(signature(alerts('alertmanager/firing.json')[0]).key)"
    )
    found = {
        subprocess.run(  # our own code in a fresh interpreter
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {key(alerts("alertmanager/firing.json")[0])}

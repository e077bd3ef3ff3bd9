"""Tools that watch logs and metrics as services: each sample as it is to be understood."""

from typing import Any
from urllib.parse import urlencode

import pytest

from responder.intake.registry import read
from responder.raw import unpack
from samples import NOW, only, sample
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    LOW,
    MEDIUM,
    RESOLVED,
    at,
    body,
    ends,
    parcel,
    told,
)

EXPECTED: dict[str, dict[str, Any]] = {
    "graylog/event.json": {
        "source": "graylog", "title": "Many failed logins", "severity": HIGH, "status": FIRING,
        "service": "sshd", "event_at": at("09:22:04.556"), "fingerprint": "671a28a0/root",
    },
    "graylog/event_of_another_key.json": {"severity": LOW, "fingerprint": "671a28a0/admin"},
    "graylog/event_with_nulls.json": {"severity": MEDIUM, "title": "Many failed logins"},
    "graylog/alarm_callback.json": {
        "title": "Errors of the shop", "status": FIRING, "event_at": at("09:22:05"),
        "message": "Stream had 2 messages in the last 1 minutes",
    },
    "sumo-logic/critical.json": {
        "source": "sumo-logic", "title": "High CPU of the API", "severity": CRITICAL,
        "status": FIRING, "service": "api", "event_at": at("09:21:10"),
        "native_id": "0000000000046AD5",
    },
    "sumo-logic/resolved_critical.json": {
        "title": "High CPU of the API", "severity": CRITICAL, "status": RESOLVED,
        "ends_at": at("09:41:10"),
    },
    "sumo-logic/warning.json": {"severity": MEDIUM, "status": FIRING},
    "sumo-logic/missing_data_lower_case.json": {
        "title": "Heartbeat of the batch", "severity": MEDIUM, "status": FIRING, "message": "",
    },
    "sumo-logic/scheduled_search.json": {
        "title": "Errors of the shop", "status": FIRING, "event_at": at("09:15:05"),
    },
    "coralogix/trigger.json": {
        "source": "coralogix", "title": "Errors of the checkout", "severity": CRITICAL,
        "status": FIRING, "service": "checkout", "resource": "payments",
        "event_at": at("09:22:56.254"), "fingerprint": "2980ce54addeaebc",
    },
    "coralogix/resolve.json": {
        "severity": CRITICAL, "status": RESOLVED, "ends_at": at("09:42:56.254"),
    },
    "coralogix/without_dedup_key.json": {"fingerprint": "49a4afb5-9231/pod-8"},
    "axiom/open.json": {
        "source": "axiom", "title": "High CPU", "severity": MEDIUM, "status": FIRING,
        "service": "api", "event_at": at("09:21:03"), "native_id": "Rxg89nIwu9Ww",
    },
    "axiom/closed.json": {"title": "High CPU", "status": RESOLVED, "ends_at": at("09:31:03")},
    "axiom/match.json": {
        "title": "A login as root", "severity": CRITICAL, "service": "sshd", "resource": "bastion",
    },
    "dash0/critical.json": {
        "source": "dash0", "title": "Errors of the checkout", "severity": CRITICAL,
        "status": FIRING, "service": "checkout", "rule": "CheckoutErrors",
        "event_at": at("09:17:17.474101"), "resource": "checkout-7d9",
    },
    "dash0/degraded.json": {"severity": MEDIUM, "status": FIRING},
    "dash0/resolved.json": {"status": RESOLVED, "ends_at": at("09:24:17.474101")},
    "logzio/severe.json": {
        "source": "logzio", "title": "Errors of the checkout", "severity": CRITICAL,
        "status": FIRING, "service": "checkout", "event_at": at("09:20:00"), "fingerprint": "551",
    },
    "logzio/low_without_id.json": {"severity": LOW, "fingerprint": "Errors of the checkout"},
    "papertrail/events.json": {
        "source": "papertrail", "title": "Timeouts of the card provider", "severity": MEDIUM,
        "status": FIRING, "service": "checkout", "event_at": at("09:21:10"),
    },
    "papertrail/critical_line.json": {"severity": CRITICAL, "resource": "web-1"},
    "papertrail/counts.json": {"severity": MEDIUM, "event_at": NOW},
    "loggly/alert.json": {
        "source": "loggly", "title": "Many 500s", "severity": MEDIUM, "status": FIRING,
        "message": "225 hits\nGET /pay 500\nGET /pay 500",
    },
    "loggly/alert_without_hits.json": {"message": "3 hits"},
}  # fmt: skip

test_what_is_told_is_understood = told(EXPECTED)

test_the_end_meets_the_trigger = ends(
    [
        ("sumo-logic/critical.json", "sumo-logic/resolved_critical.json"),
        ("coralogix/trigger.json", "coralogix/resolve.json"),
        ("axiom/open.json", "axiom/closed.json"),
        ("dash0/critical.json", "dash0/resolved.json"),
    ]
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("axiom/open.json", "axiom/open_of_another_group.json"),
        ("sumo-logic/critical.json", "sumo-logic/warning.json"),
        ("graylog/event.json", "graylog/event_of_another_key.json"),
        ("loggly/alert.json", "loggly/another_account.json"),
    ],
)
def test_what_can_stand_alone_has_a_fingerprint_of_its_own(one: str, other: str) -> None:
    assert only(one).fingerprint != only(other).fingerprint


def test_an_issue_that_gets_worse_is_told_again() -> None:
    degraded, critical = only("dash0/degraded.json"), only("dash0/critical.json")
    assert degraded.fingerprint == critical.fingerprint
    assert degraded.alert_id != critical.alert_id


def test_typed_labels_and_runbooks_of_dash0() -> None:
    alert = only("dash0/critical.json")
    assert (alert.scope.environment, alert.labels["retries"]) == ("prod", "3")
    assert set(alert.links) == {"source", "rule", "runbook"}


@pytest.mark.parametrize("kind", ["ResolvedWarning", "resolvedmissingdata", "Resolved_Critical"])
def test_every_resolved_kind_of_sumo_logic_is_resolved(kind: str) -> None:
    (alert,) = parcel(body("sumo-logic/critical.json") | {"TriggerType": kind}).alerts
    assert alert.status is RESOLVED


def test_placeholders_that_coralogix_did_not_fill_are_absent() -> None:
    alert = only("coralogix/trigger.json")
    assert alert.labels == {
        "team": "shop", "application": "checkout", "subsystem": "payments", "env": "prod",
    }  # fmt: skip
    assert set(alert.links) == {"source", "logs"}


def test_an_action_that_nobody_knows_is_of_unknown_format_and_fires() -> None:
    (alert,) = parcel(body("axiom/open.json") | {"action": "Melted"}).alerts
    assert (alert.unknown_format, alert.status) == (True, FIRING)


def test_papertrails_form_holds_the_same_search() -> None:
    form = urlencode({"payload": sample("papertrail/events.json").decode()}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    (alert,) = read(form, headers, received_at=NOW).alerts
    assert alert.alert_id == only("papertrail/events.json").alert_id


def test_the_token_in_a_body_of_logzio_is_kept_nowhere() -> None:
    alert = only("logzio/severe.json")
    assert "s3cr3t" not in alert.model_dump_json()
    assert "s3cr3t" not in unpack(alert.raw)

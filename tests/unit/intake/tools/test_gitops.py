"""Argo CD and Flux: a failure is one alert, and the success ends it, whichever reader it had."""

import json
from typing import Any

import pytest

from responder.alert import Severity, Status
from responder.change import ChangeState
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, only, sample

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
FLUX = {"Gotk-Component": "tf-controller"}


def body(name: str) -> dict[str, Any]:
    value = json.loads(sample(f"{name}.json"))
    assert isinstance(value, dict)
    return value


def parcel(value: object, tool: str | None = None, headers: dict[str, str] = JSON) -> Parcel:
    return read(json.dumps(value).encode(), headers, tool, received_at=NOW)


@pytest.mark.parametrize("tool", [None, "argocd", "argo-cd"])
def test_every_trouble_of_an_application_is_one_alert_that_its_recovery_ends(
    tool: str | None,
) -> None:
    names = ("sync_failed", "degraded", "recovered")
    failed, degraded, well = (parcel(body(f"argocd/{name}"), tool) for name in names)
    found = [parcel.alerts[0] for parcel in (failed, degraded, well)]
    assert [alert.status for alert in found] == [FIRING, FIRING, RESOLVED]
    assert {(alert.source, alert.fingerprint) for alert in found} == {
        ("argocd", found[0].fingerprint)
    }
    assert [len(parcel.alerts) for parcel in (failed, degraded, well)] == [1, 1, 1]
    assert found[0].event_at < found[1].event_at < found[2].event_at


def test_a_recovery_without_a_time_is_never_older_than_the_trouble() -> None:
    value = body("argocd/recovered")
    del value["argocd"]["at"]
    (well,) = parcel(value).alerts
    assert well.event_at == NOW


def test_a_degraded_application_is_told_with_its_severity_and_place() -> None:
    alert = only("argocd/degraded.json")
    assert (alert.title, alert.severity) == ("checkout: health is Degraded", Severity.HIGH)
    assert (alert.scope.cluster, alert.scope.environment) == ("prod-eu-1", "production")
    assert alert.message == ""


def test_the_sync_of_a_degraded_application_is_a_change() -> None:
    value = body("argocd/degraded")
    value["argocd"]["phase"] = "Running"
    found = parcel(value)
    assert [change.state for change in found.changes] == [ChangeState.STARTED]
    assert found.alerts == ()


def test_an_application_as_a_whole_is_understood() -> None:
    degraded, healthy = (
        only("argocd/whole_app_degraded.json"),
        only("argocd/whole_app_healthy.json"),
    )
    assert (degraded.title, degraded.service) == ("basket: health is Degraded", "basket")
    assert (degraded.status, healthy.status) == (FIRING, RESOLVED)
    assert degraded.fingerprint == healthy.fingerprint
    assert degraded.event_at < healthy.event_at == healthy.ends_at


@pytest.mark.parametrize("tool", [None, "argocd"])
def test_a_flat_body_is_understood(tool: str | None) -> None:
    alert = only("argocd/flat_sync_failed.json", tool)
    assert (alert.title, alert.status) == ("basket: sync failed", FIRING)
    assert alert.links == {"source": "https://argocd.example.com/applications/basket"}
    well = body("argocd/flat_sync_failed") | {
        "operation_phase": "Succeeded",
        "sync_status": "Synced",
    }
    (ended,) = parcel(well, tool).alerts
    assert (ended.status, ended.fingerprint) == (RESOLVED, alert.fingerprint)


@pytest.mark.parametrize(
    ("health", "sync", "phase", "status", "severity"),
    [
        ("Missing", "OutOfSync", "", FIRING, Severity.MEDIUM),
        ("Unknown", "Unknown", "Succeeded", FIRING, Severity.MEDIUM),
        ("Healthy", "OutOfSync", "", FIRING, Severity.MEDIUM),
        ("Degraded", "Synced", "Running", FIRING, Severity.HIGH),
        ("Healthy", "Synced", "", RESOLVED, Severity.HIGH),
        ("Healthy", "OutOfSync", "Error", FIRING, Severity.HIGH),
    ],
)
def test_states_of_an_application(
    health: str, sync: str, phase: str, status: Status, severity: Severity
) -> None:
    value = {"app": "basket", "healthStatus": health, "syncStatus": sync, "phase": phase}
    (alert,) = parcel(value).alerts
    assert (alert.status, alert.severity, alert.unknown_format) == (status, severity, False)


@pytest.mark.parametrize(
    ("health", "phase"), [("Progressing", "Succeeded"), ("Missing", "Running")]
)
def test_a_sync_that_goes_on_is_no_alert(health: str, phase: str) -> None:
    value = {"app": "basket", "healthStatus": health, "syncStatus": "OutOfSync", "phase": phase}
    assert parcel(value, "argocd") == Parcel(not_alerts=1)


@pytest.mark.parametrize("tool", [None, "flux"])
def test_flux_is_read_as_changes_on_its_own_route_too(tool: str | None) -> None:
    failed, upgraded = (
        parcel(body(f"flux/{name}"), tool) for name in ("upgrade_failed", "upgraded")
    )
    assert [len(found.changes) for found in (failed, upgraded)] == [1, 1]
    assert failed.alerts[0].fingerprint == upgraded.alerts[0].fingerprint
    assert failed.alerts[0].severity is Severity.HIGH


def test_another_controllers_failure_is_ended_by_its_success() -> None:
    failed = only("flux/another_controller_failed.json")
    assert failed.title == "network: reconciliation of Terraform failed"
    assert (failed.status, failed.service) == (FIRING, "network")
    good = body("flux/another_controller_succeeded")
    for found in (parcel(good, headers=FLUX), parcel(good, "flux")):
        (ended,) = found.alerts
        assert (ended.status, ended.fingerprint) == (RESOLVED, failed.fingerprint)


def test_a_good_event_of_who_knows_whom_ends_nothing() -> None:
    (alert,) = parcel(body("flux/another_controller_succeeded")).alerts
    assert (alert.status, alert.unknown_format) == (FIRING, True)


def test_a_reconciliation_that_goes_on_is_no_alert() -> None:
    value = body("flux/another_controller_succeeded") | {"reason": "ProgressingWithRetry"}
    assert parcel(value, headers=FLUX) == Parcel(not_alerts=1)


@pytest.mark.parametrize(
    ("word", "status", "title"),
    [
        ("Degraded", FIRING, "basket: health is Degraded"),
        ("on-sync-failed", FIRING, "basket: sync failed"),
        ("sync_failed", FIRING, "basket: sync failed"),
        ("OutOfSync", FIRING, "basket: sync status is OutOfSync"),
        ("on-deployed", RESOLVED, "basket: sync succeeded"),
        ("Healthy", RESOLVED, "basket: health is Healthy"),
    ],
)
def test_one_word_says_which_state_it_is_on_the_route(
    word: str, status: Status, title: str
) -> None:
    (alert,) = parcel({"app": "basket", "status": word}, "argocd").alerts
    assert (alert.status, alert.title, alert.unknown_format) == (status, title, False)

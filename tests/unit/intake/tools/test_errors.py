"""Trackers of errors: each sample as it is to be understood."""

from typing import Any

import pytest

from responder.intake.registry import Parcel
from samples import NOW, alerts, only
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    MEDIUM,
    RESOLVED,
    at,
    body,
    parcel,
    told,
)

CART = "TypeError: cart is undefined"
EXPECTED: dict[str, dict[str, Any]] = {
    "rollbar/new_item.json": {
        "source": "rollbar", "title": CART, "severity": HIGH, "status": FIRING,
        "event_at": at("09:20:00"), "native_id": "272505123", "resource": "web-1",
        "links": {"source": "https://rollbar.example/item/uuid/?uuid=aa"},
    },
    "rollbar/resolved_item.json": {
        "title": CART, "status": RESOLVED, "severity": HIGH, "ends_at": at("10:20:00"),
    },
    "rollbar/reactivated_item_with_words.json": {"status": FIRING, "severity": CRITICAL},
    "rollbar/occurrence.json": {"severity": CRITICAL, "message": "cart is undefined"},
    "bugsnag/first_exception.json": {
        "source": "bugsnag", "title": "NoMethodError: undefined method 'total' for nil",
        "severity": HIGH, "status": FIRING, "service": "checkout", "event_at": at("09:20:00"),
        "fingerprint": "acc1/prj1/err1",
    },
    "bugsnag/fixed.json": {"status": RESOLVED, "event_at": NOW},
    "bugsnag/reopened.json": {
        "status": FIRING, "severity": MEDIUM, "event_at": at("11:20:00"),
        "starts_at": at("09:20:00"),
    },
    "bugsnag/project_spiking.json": {
        "title": "checkout: Spike in errors detected", "status": FIRING, "severity": HIGH,
        "fingerprint": "acc1/prj1/projectSpiking",
    },
    "raygun/new_error.json": {
        "source": "raygun", "title": CART, "severity": HIGH, "status": FIRING,
        "service": "storefront", "event_at": at("09:21:36"), "starts_at": at("09:20:00"),
    },
    "raygun/resolved.json": {"title": CART, "status": RESOLVED, "ends_at": at("10:49:36")},
    "raygun/reoccurred.json": {"status": FIRING, "event_at": at("12:00:00")},
    "airbrake/error.json": {
        "source": "airbrake", "title": "RuntimeError: You are all out of stock", "severity": HIGH,
        "status": FIRING, "service": "checkout", "event_at": at("09:20:00"),
        "message": "[PROJECT_ROOT]/app/pay.rb:35",
    },
    "airbrake/warning.json": {"severity": MEDIUM},
    "airbrake/without_class.json": {"message": "", "fingerprint": "1111/37463546"},
    "honeybadger/occurred.json": {
        "source": "honeybadger", "title": "NoMethodError: undefined method 'total' for nil",
        "severity": CRITICAL, "status": FIRING, "service": "checkout", "event_at": at("09:20:00"),
    },
    "honeybadger/resolved.json": {"status": RESOLVED, "event_at": NOW},
    "honeybadger/down.json": {
        "title": "Storefront is down", "severity": HIGH, "status": FIRING,
        "event_at": at("09:20:00"), "resource": "Storefront",
    },
    "honeybadger/up.json": {
        "title": "Storefront is down", "status": RESOLVED, "ends_at": at("09:40:00"),
    },
    "honeybadger/check_in_missing.json": {
        "title": "check-in Nightly backup is missing", "severity": HIGH, "event_at": NOW,
    },
    "honeybadger/certificate.json": {
        "title": "certificate of Storefront expires", "severity": MEDIUM,
    },
    "appsignal/exception.json": {
        "source": "appsignal", "title": "ActionView::Template::Error: undefined method",
        "severity": HIGH, "status": FIRING, "service": "storefront",
    },
    "appsignal/performance.json": {
        "title": "CartController#show is slow", "severity": MEDIUM, "resource": "web-1",
    },
}  # fmt: skip

test_what_is_told_is_understood = told(EXPECTED)


@pytest.mark.parametrize(
    "names",
    [
        ("rollbar/new_item", "rollbar/occurrence", "rollbar/resolved_item"),
        ("bugsnag/first_exception", "bugsnag/reopened", "bugsnag/fixed"),
        ("raygun/new_error", "raygun/reoccurred", "raygun/resolved"),
        ("honeybadger/occurred", "honeybadger/resolved"),
        ("honeybadger/down", "honeybadger/up"),
    ],
)
def test_all_events_of_an_error_are_one_thing(names: tuple[str, ...]) -> None:
    found = [only(f"{name}.json") for name in names]
    assert len({alert.fingerprint for alert in found}) == 1
    assert len({alert.alert_id for alert in found}) == len(names)


@pytest.mark.parametrize(
    "name",
    [
        "rollbar/deploy",
        "bugsnag/release",
        "raygun/ignored",
        "honeybadger/commented",
        "appsignal/marker",
    ],
)
def test_what_is_no_error_is_no_alert(name: str) -> None:
    assert alerts(f"{name}.json") == []
    assert parcel(body(f"{name}.json")) == Parcel(not_alerts=1)


@pytest.mark.parametrize("kind", ["CommentAdded", "AssignedToUser"])
def test_what_people_say_of_an_error_is_no_alert(kind: str) -> None:
    assert parcel(body("raygun/resolved.json") | {"eventType": kind}) == Parcel(not_alerts=1)


def test_an_error_tells_its_environment() -> None:
    assert only("rollbar/new_item.json").scope.environment == "production"
    assert only("bugsnag/first_exception.json").scope.environment == "production"
    assert only("raygun/new_error.json").scope.environment == "staging"


def test_a_certificate_that_expires_is_not_the_outage_of_its_site() -> None:
    certificate, down = only("honeybadger/certificate.json"), only("honeybadger/down.json")
    assert certificate.fingerprint != down.fingerprint


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rollbar/new_item", {"event_name": "reopened_item"}),
        ("bugsnag/first_exception", {"trigger": {"type": "errorStateManualChange"}}),
        ("honeybadger/occurred", {"event": "unresolved"}),
    ],
)
def test_what_a_person_reopens_is_newer_than_what_was_resolved(
    name: str, change: dict[str, object]
) -> None:
    (alert,) = parcel(body(f"{name}.json") | change).alerts
    assert (alert.status, alert.event_at) == (FIRING, NOW)

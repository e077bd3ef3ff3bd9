"""Checks of sites from outside: UptimeRobot, Pingdom, StatusCake, Site24x7, updown, Freshping."""

import json

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from responder.raw import unpack
from samples import JSON, NOW, alerts, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, nothing, read_as, same_problem

SHOP = "https://shop.example.net"


@pytest.mark.parametrize("name", ["uptimerobot/down.json", "uptimerobot/down.form.txt"])
def test_uptimerobot_is_read_as_json_and_as_a_form(name: str) -> None:
    firing = read_as(
        name,
        source="uptimerobot",
        title="Shop",
        message="HTTP 503 - Service Unavailable",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="781234",
        resource=SHOP,
        links={"monitor": SHOP},
        event_at=BROKE,
        starts_at=BROKE,
    )
    same_problem(firing, read_as("uptimerobot/up.json", event_at=MENDED, ends_at=MENDED))


def test_uptimerobot_up_does_not_end_an_expiring_certificate() -> None:
    expiry = read_as(
        "uptimerobot/ssl_expiry.json",
        title="Shop: SSL expiry",
        severity=Severity.MEDIUM,
        status=Status.FIRING,
    )
    assert expiry.fingerprint != only("uptimerobot/up.json").fingerprint


@pytest.mark.parametrize("tool", [None, "uptimerobot", "uptime-robot", "grafana"])
def test_uptimerobot_is_read_by_names_of_the_users_own(tool: str | None) -> None:
    read_as("uptimerobot/own_names.json", tool, title="Web server", message="Host Is Unreachable")


@pytest.mark.parametrize(("kind", "count"), [("98", 0), ("99", 0), ("Down", 1), (1, 1)])
def test_uptimerobots_paused_and_started_monitors_are_no_alerts(kind: object, count: int) -> None:
    body = {**json.loads(sample("uptimerobot/down.json")), "alertType": kind}
    parcel = read(json.dumps(body).encode(), JSON)
    assert (len(parcel.alerts), parcel.not_alerts) == (count, 1 - count)


def test_pingdoms_state_changes() -> None:
    firing = read_as(
        "pingdom/down.json",
        source="pingdom",
        title="Shop",
        message="DNS error\nNon-recoverable failure in name resolution\nCall the shop team",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="2048467",
        resource="shop.example.net",
        labels={"shop": "true", "eu": "true", "check_type": "HTTP"},
        links={"check": f"{SHOP}/"},
        event_at=BROKE,
    )
    same_problem(
        firing, read_as("pingdom/up.json", message="OK\nCall the shop team", ends_at=MENDED)
    )
    read_as("pingdom/transaction_failing.json", severity=Severity.LOW, status=Status.FIRING)


def test_pingdoms_beepmanager_tells_of_the_same_check() -> None:
    firing, resolved = (
        only("pingdom/beepmanager_assign.json"),
        only("pingdom/beepmanager_close.json"),
    )
    same_problem(firing, resolved)
    assert firing.fingerprint == only("pingdom/down.json").fingerprint
    inside = json.dumps({"message": sample("pingdom/beepmanager_assign.json").decode()})
    (alert,) = parse(inside.encode(), JSON, received_at=NOW)
    assert alert.alert_id == firing.alert_id


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"tags": ["severity:critical"]}, Severity.CRITICAL),
        ({"tags": ["p3"]}, Severity.MEDIUM),
        ({"tags": {"critical": "no"}}, Severity.HIGH),
        ({"tags": ["page", "info"]}, Severity.HIGH),
        ({"importance_level": None}, Severity.HIGH),
    ],
)
def test_a_tag_overrides_pingdoms_importance(
    changes: dict[str, object], severity: Severity
) -> None:
    body = {**json.loads(sample("pingdom/down.json")), **changes}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert alert.severity is severity


def test_statuscakes_form_and_its_token() -> None:
    firing = read_as(
        "statuscake/down.form.txt",
        source="statuscake",
        title="Shop",
        message="Status code 503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="6612",
        resource=SHOP,
        labels={"shop": "true", "prod": "true"},
        links={"test": SHOP},
        event_at=NOW.replace(microsecond=0),
    )
    same_problem(firing, only("statuscake/up.form.txt"))
    assert "5f2d4e6a" not in firing.model_dump_json() + unpack(firing.raw)
    other = only("statuscake/down_without_an_id.json")
    assert other.fingerprint not in ("", firing.fingerprint)


def test_site24x7() -> None:
    firing = read_as(
        "site24x7/down.json",
        source="site24x7",
        title="Shop",
        message="HTTP error 503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="318000000147007",
        service="checkout",
        resource=SHOP,
        event_at=BROKE,
    )
    assert firing.labels["team"] == "shop"
    assert firing.links["dashboard"].startswith("https://www.site24x7.com/")
    same_problem(firing, read_as("site24x7/up.json", ends_at=MENDED))
    read_as("site24x7/trouble.form.txt", severity=Severity.MEDIUM, message="CPU above 90 %")
    nothing("site24x7/maintenance.json")
    numbered = {**json.loads(sample("site24x7/down.json")), "STATUS": 2}
    (trouble,) = parse(json.dumps(numbered).encode(), JSON)
    assert trouble.severity is Severity.MEDIUM


def test_updowns_events_are_alerts_one_by_one() -> None:
    firing = read_as(
        "updown/down.json",
        source="updown",
        title="Shop",
        message="503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        resource=SHOP,
        event_at=BROKE,
        starts_at=BROKE,
    )
    same_problem(
        firing, read_as("updown/up.json", starts_at=BROKE, ends_at=MENDED, event_at=MENDED)
    )
    down, other, certificate = alerts("updown/several.json")
    assert down.alert_id == firing.alert_id
    assert other.title == "https://api.example.net"
    assert (certificate.title, certificate.severity) == (
        "Shop: certificate expiry",
        Severity.MEDIUM,
    )
    assert len({alert.fingerprint for alert in (down, other, certificate)}) == 3
    assert read(sample("updown/several.json"), JSON).not_alerts == 1


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("check.still_down", "check.up"),
        ("check.ssl_invalid", "check.ssl_valid"),
        ("check.ssl_expiration", "check.ssl_renewed"),
    ],
)
def test_updowns_pairs_meet(broken: str, mended: str) -> None:
    element = json.loads(sample("updown/down.json"))[0]
    (firing,) = parse(json.dumps([{**element, "event": broken}]).encode(), JSON)
    (resolved,) = parse(json.dumps({**element, "event": mended}).encode(), JSON)
    assert (firing.fingerprint, firing.title) == (resolved.fingerprint, resolved.title)
    assert (firing.status, resolved.status) == ("firing", "resolved")


def test_freshping() -> None:
    firing = read_as(
        "freshping/reporting_error.json",
        source="freshping",
        title="Shop home page",
        message="Reporting Error (HTTP status 521)",
        severity=Severity.HIGH,
        service="Shop",
        resource=SHOP,
        event_at=BROKE,
    )
    same_problem(firing, read_as("freshping/available.json", ends_at=MENDED))
    other = read_as("freshping/not_responding.json", status=Status.FIRING)
    assert other.fingerprint != firing.fingerprint


def test_gatus_by_our_template() -> None:
    firing = read_as(
        "gatus/triggered.json",
        source="gatus",
        title="public/shop",
        message="health check of the shop\n❌ - `[STATUS] == 200`",
        severity=Severity.HIGH,
        service="shop",
        resource=f"{SHOP}/health",
    )
    same_problem(firing, only("gatus/resolved.json"))
    alone = read_as("gatus/triggered_without_a_group.json", title="shop")
    assert "context deadline exceeded" in alone.message

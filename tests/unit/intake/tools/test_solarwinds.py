"""SolarWinds, whose names are the users' copies of its variables."""

import json

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import JSON, NOW, sample
from unit.intake.tools.expecting import BROKE, MENDED, read_as, same_problem

DETAILS = "https://orion.example.net/Orion/NetPerfMon/ActiveAlertDetails.aspx?NetObject=AAT:318"


@pytest.mark.parametrize("route", [None, "solarwinds", "orion", "grafana"])
def test_a_trigger_and_its_reset(route: str | None) -> None:
    firing = read_as(
        "solarwinds/trigger.json",
        route,
        source="solarwinds",
        title="Node is down on core-sw-1",
        message="core-sw-1 does not answer to pings.",
        rule="Node is down",
        severity=Severity.CRITICAL,
        service="core-sw-1",
        resource="core-sw-1",
        native_id="318",
        links={"alert": DETAILS},
        event_at=BROKE,
        starts_at=BROKE,
    )
    reset = read_as("solarwinds/reset.json", route, event_at=MENDED, ends_at=MENDED)
    same_problem(firing, reset)


def test_a_volume_by_the_names_of_variables() -> None:
    read_as(
        "solarwinds/volume_by_variables.json",
        title="Volume nearly full on /var",
        severity=Severity.HIGH,
        status=Status.FIRING,
        service="/var",
        resource="db-1",
        fingerprint="12/db-1//var",
        event_at=NOW.replace(microsecond=0),
    )


def test_one_definition_fires_for_each_of_its_objects() -> None:
    fields = json.loads(sample("solarwinds/volume_by_variables.json"))
    told = [{**fields, "NodeName": node} for node in ("db-1", "db-2")]
    first, second = parse(json.dumps(told).encode(), JSON, received_at=NOW)
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("name", ["AlertObjectID", "AlertDetailsURL", "EntityCaption", "NodeName",
                                  "Severity", "timestamp", "event_type"])  # fmt: skip
@pytest.mark.parametrize("value", [None, {}, [], 7])
def test_a_field_that_is_not_there_costs_that_field(name: str, value: object) -> None:
    fields = json.loads(sample("solarwinds/trigger.json")) | {name: value}
    (alert,) = parse(json.dumps(fields).encode(), JSON, "solarwinds", received_at=NOW)
    assert alert.rule == "Node is down"
    assert not any("reader failed" in note for note in alert.truncated)

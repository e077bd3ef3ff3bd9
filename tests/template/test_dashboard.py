"""The dashboard has what the operators' runbooks name, and every alarm leads to its section."""

import re
from typing import Any

import pytest

from template import deployed
from template.deployed import ROOT, Json, resources
from template.test_watching import CANARY_ONLY, alarms, dashboard

RUNBOOK = ROOT / "docs" / "runbook.md"
#: The widgets of the original runbook, and their metrics.
WIDGETS = {
    "Lambda Health": {"Invocations", "Errors", "Throttles"},
    "Queue Health": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "DynamoDB Usage": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
}
#: The thresholds that the operators' runbooks name, by the widget that has what they are about.
THRESHOLDS = {
    "Lambda Health: errors and throttles": {5, 10},
    "Lambda Health: error rate (percent)": {5, 10},
    "Analysis cache: hit rate (percent), and what was found (right)": {60},
    "Queue Health: dead letters": {1, 50, 100},
    "Queue Health: waiting": {10, 20},
    "Queue Health: age of the oldest (s)": {120, 600, 900},
    "Accepted to card, to analysis (seconds)": {2, 10, 20, 25, 30},
    "API: availability (percent)": {90, 95},
    "API: latency p95 (ms)": {2000},
    "Heartbeat: arrived, missed by reason, seconds to its card (right)": {1},
}


def widgets() -> dict[str, Json]:
    """The properties of every widget that has a title, by it."""
    every = (widget["properties"] for widget in dashboard()["widgets"])
    return {one["title"]: one for one in every if "title" in one}


@pytest.mark.parametrize("title", WIDGETS)
def test_the_original_runbooks_widgets_are_there(title: str) -> None:
    shown = {
        metric[1]
        for name, widget in widgets().items()
        if name.startswith(f"{title}: ")
        for metric in widget["metrics"]
        if isinstance(metric[0], str)
    }
    assert WIDGETS[title] <= shown


@pytest.mark.parametrize("title", THRESHOLDS)
def test_a_threshold_is_a_line_where_its_metric_is(title: str) -> None:
    lines = widgets()[title]["annotations"]["horizontal"]
    assert {line["value"] for line in lines} == THRESHOLDS[title]
    assert all(line["label"] for line in lines)


def test_age_lines_are_those_of_the_alarms() -> None:
    lines = widgets()["Queue Health: age of the oldest (s)"]["annotations"]["horizontal"]
    ages = [a for a in alarms().values() if a.get("MetricName") == "ApproximateAgeOfOldestMessage"]
    assert {line["value"] for line in lines} == {alarm["Threshold"] for alarm in ages}


def test_no_widget_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        place = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert taken.isdisjoint(place), widget
        assert max(x for x, _ in place) < 24
        taken |= place


def test_ids_are_each_once_in_their_widget() -> None:
    for title, widget in widgets().items():
        options: list[dict[str, Any]] = [m[-1] for m in widget.get("metrics", []) if m]
        ids = [one["id"] for one in options if isinstance(one, dict) and "id" in one]
        assert len(ids) == len(set(ids)), title


def test_the_dashboard_shows_every_alarm_but_those_of_a_roll_out() -> None:
    named = {arn.partition(":alarm:")[2] for arn in widgets()["Alarms"]["alarms"]}
    assert named == {
        alarm["AlarmName"]["Fn::Sub"] for name, alarm in alarms().items() if name not in CANARY_ONLY
    }


def anchors() -> set[str]:
    """The runbook's headings as the hosts of repositories link to them."""
    headings = re.findall(r"^#+ (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", resources("AWS::CloudWatch::Alarm"))
def test_an_alarm_leads_to_its_section_of_the_runbook(name: str) -> None:
    said = alarms()[name]["AlarmDescription"]["Fn::Sub"]
    _, found, anchor = said.partition("; ${RunbookUrl}#")
    assert found
    assert anchor in anchors()
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert len(said) + 500 < 1024


@pytest.mark.parametrize("environment", deployed.ENVIRONMENTS)
def test_the_runbook_has_an_address(environment: str) -> None:
    assert deployed.parameters(environment)["RunbookUrl"]

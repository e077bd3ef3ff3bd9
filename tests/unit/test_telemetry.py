"""What a function prints: log lines at once, as JSON, and metrics at the flush."""

import json
import uuid
from typing import Any

import pytest

from responder.adapters.telemetry import MAX_VALUES, PrintedTelemetry


class House:
    """A telemetry of a service of its own, and what it has printed since the last look."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.service = f"test-{uuid.uuid4().hex}"
        self.telemetry = PrintedTelemetry("it", self.service, "7")
        self.telemetry.flush()
        self.lines()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


def test_a_line_carries_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    house = House(capsys)
    house.telemetry.info("Card posted", alert_id="a1", incident_id="i1", trace="t")
    (line,) = house.lines()
    assert (line["level"], line["message"]) == ("INFO", "Card posted")
    assert line["service"] == house.service
    assert (line["alert_id"], line["incident_id"], line["trace"]) == ("a1", "i1", "t")


def test_a_warning_without_an_exception_has_no_stack_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(capsys)
    house.telemetry.warning("Slack not reached", detail="500")
    (line,) = house.lines()
    assert (line["level"], line["detail"]) == ("WARNING", "500")
    assert "exception" not in line


def test_a_warning_within_a_handler_has_the_stack_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(capsys)
    try:
        raise ValueError("odd")
    except ValueError:
        house.telemetry.warning("Item failed")
    (line,) = house.lines()
    assert "ValueError: odd" in line["exception"]


def test_metrics_wait_for_the_flush_and_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    house = House(capsys)
    house.telemetry.count("AlertsCounted")
    house.telemetry.count("AlertsCounted", 2)
    house.telemetry.seconds("TimeToCard", 1.5)
    assert house.lines() == []
    house.telemetry.flush()
    (line,) = house.lines()
    assert sum(line["AlertsCounted"]) == 3
    assert line["TimeToCard"] == [1.5]
    house.telemetry.flush()
    assert house.lines() == []


def told(line: dict[str, Any], metric: str) -> tuple[str, dict[str, str], float]:
    """Where a metric is found (namespace and dimensions), and its value."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (names,) = directive["Dimensions"]
    value = line[metric][0] if isinstance(line[metric], list) else line[metric]
    return directive["Namespace"], {name: line[name] for name in names}, value


@pytest.mark.parametrize("named", [{"reason": "paced"}, {"tier": "small"}])
def test_a_metric_with_a_reason_or_tier_is_told_at_once(
    capsys: pytest.CaptureFixture[str], named: dict[str, str]
) -> None:
    house = House(capsys)
    house.telemetry.count("Waits", 0.5, **named)
    (line,) = house.lines()
    service = {"service": house.service}
    assert told(line, "Waits") == ("MCPResponder/it", {**service, **named}, 0.5)


@pytest.mark.parametrize("reason", ["no_key", "analysis_off", "budget_spent"])
def test_a_fallback_that_an_operator_chose_says_nothing_against_a_version(
    capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    house = House(capsys)
    house.telemetry.count("FallbackAnalyses", reason=reason)
    (line,) = house.lines()
    assert told(line, "FallbackAnalyses")[1] == {"service": house.service, "reason": reason}


def test_what_a_canary_is_judged_by_is_also_told_by_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(capsys)
    service = {"service": house.service}
    house.telemetry.count("FallbackAnalyses", reason="timeout")
    by_version, by_reason = house.lines()
    name = "FallbackAnalyses"
    assert told(by_version, name) == ("MCPResponder/it", {**service, "version": "7"}, 1)
    assert told(by_reason, name) == ("MCPResponder/it", {**service, "reason": "timeout"}, 1)
    house.telemetry.flush()
    (in_all,) = house.lines()
    assert told(in_all, name) == ("MCPResponder/it", service, 1)
    house.telemetry.count("FailedItems")
    house.telemetry.flush()
    by_version, in_all = house.lines()
    name = "FailedItems"
    assert told(by_version, name) == ("MCPResponder/it", {**service, "version": "7"}, 1)
    assert told(in_all, name) == ("MCPResponder/it", service, 1)


def test_no_text_of_a_tool_keeps_a_line_from_being_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(capsys)
    house.telemetry.info("Accepted", source="half a \ud83d", since=object())
    (line,) = house.lines()
    assert line["source"] == "half a \ud83d"


def test_no_line_has_more_values_of_a_metric_than_cloudwatch_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    house = House(capsys)
    for _ in range(MAX_VALUES + 1):
        house.telemetry.seconds("TimeToCard", 1.0)
    house.telemetry.flush()
    assert [len(line["TimeToCard"]) for line in house.lines()] == [MAX_VALUES, 1]

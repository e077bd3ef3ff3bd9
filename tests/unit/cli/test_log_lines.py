"""What a person sees of an event in the functions' logs."""

import json

import pytest

from responder_cli.logs.lines import read

AT = 1_795_288_380_955


def test_a_step_is_told_with_its_fields_and_without_the_loggers_own() -> None:
    event = {
        "level": "INFO", "location": "info:54", "message": "Card posted", "service": "distribution",
        "timestamp": "2026-11-21 19:13:00,955+0000", "xray_trace_id": "1-6", "incident_id": "i1",
        "seconds": 1.5,
    }  # fmt: skip
    line = read("distribution", AT, json.dumps(event))
    assert line is not None
    assert (
        line.words() == "19:13:00.955 distribution INFO     Card posted incident_id=i1 seconds=1.5"
    )
    assert not line.is_bad


@pytest.mark.parametrize(
    "event",
    [
        {"_aws": {"Timestamp": 1}, "CardsPosted": [1.0]},
        {"time": "…", "type": "platform.start", "record": {"requestId": "r"}},
        {"time": "…", "type": "platform.runtimeDone", "record": {"status": "success"}},
        {"time": "…", "type": "platform.report", "record": {"status": "timeout"}},
        "START RequestId: 8f Version: 3",
        "\n",
    ],
)
def test_metrics_and_ordinary_ends_are_no_news(event: object) -> None:
    assert read("analysis", AT, event if isinstance(event, str) else json.dumps(event)) is None


@pytest.mark.parametrize(
    ("event", "step", "details"),
    [
        (
            {"type": "platform.runtimeDone", "record": {"status": "timeout", "requestId": "r"}},
            "invocation ended: timeout",
            {"requestId": "r"},
        ),
        (
            {"log_level": "ERROR", "errorMessage": "boom", "errorType": "ValueError",
             "stackTrace": ["…"], "requestId": "r"},
            "boom",
            {"requestId": "r", "error": "ValueError"},
        ),
        (
            {"level": "WARNING", "message": "Item failed", "exception": "Traceback …",
             "exception_name": "KeyError", "error": "x"},
            "Item failed",
            {"error": "KeyError"},
        ),
        ("2026-11-21 Task timed out after 75.00 seconds", None, {}),
    ],
)  # fmt: skip
def test_what_a_person_should_look_at_is_bad(
    event: object, step: str | None, details: dict[str, str]
) -> None:
    message = event if isinstance(event, str) else json.dumps(event)
    line = read("analysis", AT, message)
    assert line is not None
    assert line.is_bad
    assert line.step == (step or message)
    assert line.details == details

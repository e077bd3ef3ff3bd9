"""One event of CloudWatch Logs as one line: time, function, level, step and its details."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from responder_cli import console

#: What a line carries beside its step: told otherwise here, or of no use to a person.
_NOISE = {
    "level", "log_level", "location", "message", "timestamp", "service", "xray_trace_id",
    "function_name", "function_memory_size", "function_arn", "function_request_id", "cold_start",
    "sampling_rate", "exception", "exception_name", "stack_trace", "stackTrace", "errorMessage",
    "errorType",
}  # fmt: skip
_BAD = frozenset({"WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"})
#: Lambda's own word for an end that is none of a handler's. JSON log format:
#: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
_ENDED = "platform.runtimeDone"


@dataclass(frozen=True)
class Line:
    """A step that a function logged. ``details`` are its fields, in their order."""

    at: datetime
    function: str
    level: str
    step: str
    details: Mapping[str, Any]

    @property
    def is_bad(self) -> bool:
        """Whether a person should look at it."""
        return self.level in _BAD

    def words(self) -> str:
        """For a person."""
        told = (f"{name}={console.flat(value)}" for name, value in self.details.items())
        at = f"{self.at:%H:%M:%S}.{self.at.microsecond // 1000:03}"
        return " ".join((at, f"{self.function:12}", f"{self.level:8}", self.step, *told)).rstrip()

    def document(self) -> dict[str, Any]:
        """For a machine."""
        return {
            "at": self.at,
            "function": self.function,
            "level": self.level,
            "step": self.step,
            **{name: value for name, value in self.details.items() if name != "at"},
        }

    @property
    def style(self) -> str:
        """Its colour."""
        if self.level in ("WARN", "WARNING"):
            return console.STYLES["warning"]
        return console.STYLES["failing"] if self.is_bad else ""


def read(function: str, at_milliseconds: int, message: str) -> Line | None:
    """An event as a line; None for metrics and for what Lambda says of every invocation."""
    at = datetime.fromtimestamp(at_milliseconds / 1000, UTC)
    try:
        given = json.loads(message)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return _plain(at, function, message)
    if "_aws" in given:
        return None
    kind = str(given.get("type", ""))
    if kind.startswith("platform."):
        return _platform(at, function, kind, given.get("record"))
    level = str(given.get("level") or given.get("log_level") or "INFO").upper()
    step = str(given.get("message") or given.get("errorMessage") or "")
    details = {name: value for name, value in given.items() if name not in _NOISE}
    if raised := given.get("exception_name") or given.get("errorType"):
        details["error"] = raised
    return Line(at, function, level, step, details)


def _plain(at: datetime, function: str, message: str) -> Line | None:
    """Text that is no JSON: of a runtime that died, or of an emulator."""
    text = message.strip()
    if text.startswith(("START ", "END ", "REPORT ", "INIT_START ")) or not text:
        return None
    bad = "Task timed out" in text or "Traceback" in text or text.startswith("[ERROR]")
    return Line(at, function, "ERROR" if bad else "INFO", text, {})


def _platform(at: datetime, function: str, kind: str, record: object) -> Line | None:
    """Only an invocation that did not end as it should is news."""
    known = record if isinstance(record, dict) else {}
    status = str(known.get("status", "success"))
    if kind != _ENDED or status == "success":
        return None
    details = {name: known[name] for name in ("requestId", "errorType") if known.get(name)}
    return Line(at, function, "ERROR", f"invocation ended: {status}", details)

"""How a process builds its function, once, and which events its handler takes."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from bench import imports
from bench.inside import records

from responder import settings
from responder.adapters import environment
from responder.bootstrap import analysis, distribution, heartbeat, reception
from unit.bootstrap.house import NO_FAILURES, House

FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.mark.parametrize(
    ("build", "variable"),
    [
        (reception.build, "SOURCES_SECRET"),
        (analysis.build, "CACHE_TABLE"),
        (distribution.build, "SLACK_CHANNEL"),
        (heartbeat.build, "STATE_TABLE"),
    ],
)
def test_a_missing_variable_fails_the_start_by_name(
    house: House, monkeypatch: pytest.MonkeyPatch, build: Any, variable: str
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(settings.SettingsError, match=variable):
        build()


def test_a_function_is_built_once_per_process(house: House) -> None:
    assert analysis.build() is analysis.build()


def test_outside_lambda_the_function_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_VERSION", raising=False)
    assert environment.function_version() == ("unknown", "unknown")


def app(name: str) -> ModuleType:
    """The handler's module as Lambda loads it."""
    spec = importlib.util.spec_from_file_location(f"{name}_app", FUNCTIONS / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "queue"), [("analysis", "it-analysis"), ("distribution", "it-critical")]
)
def test_a_handler_takes_batches_and_checks_and_refuses_the_rest(
    house: House, name: str, queue: str
) -> None:
    handler = app(name).handler
    assert handler({"Records": records(queue, "{")}, None) == NO_FAILURES
    assert "state" in handler({"synthetic": "pre-traffic"}, None)
    with pytest.raises(ValueError, match="neither"):
        handler({}, None)


def test_the_tick_is_an_event_of_the_analysis_function(house: House) -> None:
    assert app("analysis").handler({"tick": True}, None) == {}


def test_analysis_starts_without_the_intake_that_writes_heartbeats() -> None:
    modules = imports.function("analysis").modules
    assert "responder.protocols.heartbeat" in modules
    assert not [name for name in modules if name.startswith("responder.intake")]

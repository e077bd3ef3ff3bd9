"""The pre-traffic hook: one bad version holds back the deployment, and CodeDeploy always hears."""

import importlib.util
import io
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from template.deployed import ROOT

EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hook_app", ROOT / "functions/hook/app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Versions:
    """Versions under test; an exception is raised, a text is a function's error."""

    def __init__(self, **troubles: Exception | str) -> None:
        self.troubles = troubles
        self.asked: list[str] = []

    def ask(self, version: str) -> Mapping[str, Any]:
        self.asked.append(version)
        match self.troubles.get(version):
            case Exception() as error:
                raise error
            case str() as error:
                return {"FunctionError": "Unhandled", "Payload": io.BytesIO(error.encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(b"{}")}


def verdict(hook: ModuleType, versions: Versions, names: list[str]) -> list[tuple[str, ...]]:
    told: list[tuple[str, ...]] = []
    hook.judge(EVENT, names, versions.ask, lambda *what: told.append(what))
    return told


def test_versions_that_answer_get_traffic(hook: ModuleType) -> None:
    versions = Versions()
    assert verdict(hook, versions, ["a:2", "b:2", "c:2"]) == [("d-1", "e-1", "Succeeded")]
    assert versions.asked == ["a:2", "b:2", "c:2"]


@pytest.mark.parametrize(
    "trouble",
    ["Settings are wrong", TimeoutError("no answer"), PermissionError("not allowed")],
)
def test_one_version_in_trouble_holds_back_the_deployment(
    hook: ModuleType, trouble: Exception | str
) -> None:
    versions = Versions(b=trouble)
    assert verdict(hook, versions, ["a", "b", "c"]) == [("d-1", "e-1", "Failed")]
    assert versions.asked == ["a", "b", "c"]


def test_no_version_to_try_is_no_success(hook: ModuleType) -> None:
    assert verdict(hook, Versions(), []) == [("d-1", "e-1", "Failed")]


def test_the_functions_trouble_is_in_the_log(
    hook: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    verdict(hook, Versions(a="Settings are wrong"), ["a"])
    assert "a failed: Settings are wrong" in caplog.text

"""``responder rollback``: which aliases move where, what it refuses, and what it asks of AWS."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from responder_cli.aws import FUNCTIONS, Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = 60 * 24


class Lambda(Client):
    """Functions whose versions were published so many minutes ago, by their short names."""

    def __init__(self, versions: Mapping[str, Mapping[int, int]], **changes: Any) -> None:
        self.live = {short: max(numbers) for short, numbers in versions.items()}
        self.live |= changes.pop("live", {})
        self._versions = versions
        self._weights: dict[str, float] = changes.pop("weights", {})
        failing: str = changes.pop("failing", "")

        def invoke(FunctionName: str, **_: object) -> dict[str, Any]:
            if failing and FunctionName.endswith(failing):
                return {"FunctionError": "Unhandled", "Payload": BytesIO(b"boom \x1b[2J")}
            return {}

        super().__init__(
            {
                "get_alias": self._alias,
                "get_paginator": Client({"paginate": self._pages}),
                "invoke": invoke,
                "update_alias": {},
            }
        )

    def _alias(self, FunctionName: str, **_: object) -> dict[str, Any]:
        live = self.live[FunctionName.rpartition("-")[2]]
        routing = {"AdditionalVersionWeights": self._weights}
        return {"FunctionVersion": str(live), "RevisionId": f"r{live}", "RoutingConfig": routing}

    def _pages(self, FunctionName: str) -> list[dict[str, Any]]:
        published = {
            str(number): NOW - timedelta(minutes=minutes)
            for number, minutes in self._versions[FunctionName.rpartition("-")[2]].items()
        }
        every = {"$LATEST": NOW, **published}
        return [
            {"Versions": [{"Version": number, "LastModified": _as_lambda(at)}]}
            for number, at in every.items()
        ]

    @property
    def moved(self) -> dict[str, str]:
        return {
            one["FunctionName"].rpartition("-")[2]: one["FunctionVersion"]
            for one in self.asked("update_alias")
        }


def _as_lambda(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def run(client: Client, *words: str, answer: str = "", codedeploy: Any = None) -> Result:
    application: Any = refusal("ValidationError")
    if codedeploy is not None:
        application = {"StackResourceDetail": {"PhysicalResourceId": "app"}}

    def resource(**_: object) -> Any:
        if isinstance(application, Exception):
            raise application
        return application

    described: dict[str, Any] = {"Stacks": [{"Outputs": []}]}
    formation = Client({"describe_stacks": described, "describe_stack_resource": resource})
    clients = {"lambda": client, "cloudformation": formation, "codedeploy": codedeploy}
    return CliRunner().invoke(
        cli, ["rollback", *words], obj=lambda *_: Stack("it", clients.__getitem__), input=answer
    )


def all_of(**minutes: int) -> dict[str, dict[int, int]]:
    """Each function with these versions, ``v3=5`` for the third one of five minutes ago."""
    return {s: {int(name[1:]): ago for name, ago in minutes.items()} for s in FUNCTIONS}


def test_all_that_the_last_deployment_published_goes_back() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5))
    done = run(client, "--yes")
    assert done.exit_code == 0, done.output
    assert client.moved == dict.fromkeys(FUNCTIONS, "1")
    first = client.asked("update_alias")[0]
    assert first["RoutingConfig"] == {"AdditionalVersionWeights": {}}
    assert first["RevisionId"] == "r2"


def test_what_the_last_deployment_left_alone_stays() -> None:
    versions = all_of(v1=2 * LONG_AGO, v2=LONG_AGO)
    versions["AnalysisFunction"] = {1: 3 * LONG_AGO, 2: LONG_AGO, 3: 5}
    client = Lambda(versions)
    done = run(client, "--yes", "--json")
    told = json.loads(done.stdout)
    assert told == [{"function": "AnalysisFunction", "from": 3, "to": 2, "moved": True}]
    assert client.moved == {"AnalysisFunction": "2"}


def test_one_that_was_interrupted_is_finished_by_the_next() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5), live={"AlertReceptionFunction": 1})
    assert run(client, "--yes").exit_code == 0
    assert set(client.moved) == {"AnalysisFunction", "DistributionFunction"}


def test_it_is_undone_to_the_newest_versions() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5), live=dict.fromkeys(FUNCTIONS, 1))
    assert run(client, "--undo", "--yes").exit_code == 0
    assert client.moved == dict.fromkeys(FUNCTIONS, "2")
    client = Lambda(all_of(v1=LONG_AGO, v2=5))
    assert "nothing to move" in run(client, "--undo", "--yes").output


def test_where_one_has_no_earlier_version_none_is_moved() -> None:
    versions = all_of(v1=LONG_AGO, v2=5)
    versions["DistributionFunction"] = {2: 5}
    client = Lambda(versions)
    done = run(client, "--yes")
    assert done.exit_code == 1
    assert "No earlier version of DistributionFunction" in done.output
    assert "git checkout COMMIT" in done.output
    assert client.moved == {}


def test_a_version_that_fails_its_check_gets_no_traffic() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5), failing="DistributionFunction")
    done = run(client, "--yes")
    assert (done.exit_code, "Nothing was moved" in done.output) == (1, True)
    assert "\x1b" not in done.output
    assert client.moved == {}
    assert {one["Qualifier"] for one in client.asked("invoke")} == {"1"}
    assert run(client, "--yes", "--untried").exit_code == 0


@pytest.mark.parametrize(("words", "answer"), [(["--dry-run"], ""), ([], "n\n")])
def test_it_shows_and_asks_before_anything_moves(words: list[str], answer: str) -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5))
    shown = run(client, *words, answer=answer).stdout
    assert "moves to" in shown
    assert client.moved == {}


def test_a_split_alias_without_a_deployment_is_left_alone() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5), weights={"3": 0.1})
    assert "is split" in run(client, "--yes").output
    assert client.moved == {}


def codedeploy(*running: str, stopped: bool = True) -> Stubber:
    """CodeDeploy as botocore knows it, which refuses parameters that AWS would refuse."""
    client = boto3.client("codedeploy", region_name="eu-west-1", aws_access_key_id="x",
                          aws_secret_access_key="x")  # fmt: skip
    stub = Stubber(client)
    stub.add_response(
        "list_deployment_groups", {"deploymentGroups": ["it-A"]}, {"applicationName": "app"}
    )
    statuses = ["Created", "Queued", "InProgress", "Baking", "Ready"]
    wanted = {
        "applicationName": "app",
        "deploymentGroupName": "it-A",
        "includeOnlyStatuses": statuses,
    }
    stub.add_response("list_deployments", {"deployments": list(running)}, wanted)
    for one in running if stopped else ():
        asked = {"deploymentId": one, "autoRollbackEnabled": True}
        stub.add_response("stop_deployment", {"status": "Pending"}, asked)
    stub.activate()
    return stub


def test_a_canary_under_way_is_stopped_instead() -> None:
    client, stub = Lambda(all_of(v1=LONG_AGO, v2=5)), codedeploy("d-1")
    done = run(client, "--yes", codedeploy=stub.client)
    assert done.exit_code == 0, done.output
    assert "UPDATE_ROLLBACK_COMPLETE" in done.stdout
    stub.assert_no_pending_responses()
    assert client.calls == []


def test_a_canary_is_not_stopped_without_a_yes() -> None:
    stub = codedeploy("d-1", stopped=False)
    assert run(Lambda({}), codedeploy=stub.client, answer="n\n").exit_code == 1
    stub.assert_no_pending_responses()


def test_without_a_canary_under_way_aliases_are_moved() -> None:
    client = Lambda(all_of(v1=LONG_AGO, v2=5))
    assert run(client, "--yes", codedeploy=codedeploy().client).exit_code == 0
    assert len(client.moved) == 3

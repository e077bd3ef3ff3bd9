"""``responder rollback``: which aliases move where, what it refuses, and what it asks of AWS."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
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


GROUPS = ("list_deployment_groups", {"deploymentGroups": ["it-A"]}, {"applicationName": "app"})
GROUP = {"applicationName": "app", "deploymentGroupName": "it-A"}


def codedeploy(*running: str, stopped: bool = True) -> Stubber:
    """CodeDeploy as botocore knows it, which refuses parameters that AWS would refuse."""
    client = boto3.client("codedeploy", region_name="eu-west-1", aws_access_key_id="x",
                          aws_secret_access_key="x")  # fmt: skip
    stub = Stubber(client)
    stub.add_response(*GROUPS)
    statuses = ["Created", "Queued", "InProgress", "Baking", "Ready"]
    wanted = {**GROUP, "includeOnlyStatuses": statuses}
    stub.add_response("list_deployments", {"deployments": list(running)}, wanted)
    for one in running if stopped else ():
        asked = {"deploymentId": one, "autoRollbackEnabled": True}
        stub.add_response("stop_deployment", {"status": "Pending"}, asked)
    stub.activate()
    return stub


def ended(*deployments: tuple[str, int], spec: str = "") -> Stubber:
    """CodeDeploy without a canary, after these of each function: how each ended, its version."""
    stub = codedeploy()
    stub.add_response(*GROUPS)
    ids = [f"d-{number}" for number in range(len(deployments))]
    wanted = {
        **GROUP,
        "includeOnlyStatuses": ["Succeeded", "Failed", "Stopped"],
        "createTimeRange": {"start": ANY},
    }
    stub.add_response("list_deployments", {"deployments": ids[::-1]}, wanted)
    told = [
        {
            "deploymentId": one,
            "status": status,
            "createTime": NOW + timedelta(minutes=number),
            "revision": {"string": {"content": spec or appspec(version)}},
        }
        for number, (one, (status, version)) in enumerate(zip(ids, deployments, strict=True))
    ]
    stub.add_response("batch_get_deployments", {"deploymentsInfo": told[::-1]})
    return stub


def appspec(version: int) -> str:
    """As the documentation of CodeDeploy has it."""
    properties = {"Name": "it-AnalysisFunction", "Alias": "live", "TargetVersion": str(version)}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{"Analysis": resource}]})


def three(live: int) -> Lambda:
    """The analysis function with three versions."""
    versions = all_of(v1=3 * LONG_AGO)
    versions["AnalysisFunction"] = {1: 3 * LONG_AGO, 2: LONG_AGO, 3: 5}
    return Lambda(versions, live={"AnalysisFunction": live})


@pytest.mark.parametrize(
    ("deployments", "moved"),
    [
        ((("Failed", 2), ("Succeeded", 3)), "1"),
        ((("Stopped", 2), ("Succeeded", 1), ("Succeeded", 3)), "1"),
        ((("Failed", 2), ("Succeeded", 2), ("Succeeded", 3)), "2"),
        ((("Succeeded", 3),), "2"),
    ],
    ids=["failed", "stopped", "good the second time", "never heard of"],
)
def test_no_rollback_leads_to_a_version_that_a_canary_had_to_undo(
    deployments: tuple[tuple[str, int], ...], moved: str
) -> None:
    client, stub = three(live=3), ended(*deployments)
    done = run(client, "--yes", codedeploy=stub.client)
    assert done.exit_code == 0, done.output
    assert client.moved == {"AnalysisFunction": moved}
    said = "CodeDeploy has undone version 2 of AnalysisFunction already."
    assert (said in done.stdout) is (moved == "1")
    stub.assert_no_pending_responses()


def test_a_version_that_went_back_with_another_function_s_is_undone_too() -> None:
    """Its own canary was fine; CloudFormation took it back, and the next deployment replaced it."""
    client = three(live=3)
    stub = ended(("Succeeded", 1), ("Succeeded", 2), ("Succeeded", 1), ("Succeeded", 3))
    assert run(client, "--yes", codedeploy=stub.client).exit_code == 0
    assert client.moved == {"AnalysisFunction": "1"}


def test_a_rollback_is_not_undone_to_what_a_canary_had_to_undo() -> None:
    client = three(live=1)
    stub = ended(("Succeeded", 2), ("Failed", 3))
    assert run(client, "--undo", "--yes", codedeploy=stub.client).exit_code == 0
    assert client.moved == {"AnalysisFunction": "2"}


def test_who_rolls_back_what_codedeploy_has_undone_is_told_before_the_question() -> None:
    client = three(live=2)
    done = run(client, codedeploy=ended(("Failed", 3)).client, answer="n\n")
    assert "CodeDeploy has undone version 3 of AnalysisFunction already." in done.stdout
    assert client.moved == {}


@pytest.mark.parametrize("spec", ["{", "[]", "{}", "version: 0.0", "Resources: [a]"])
def test_an_unreadable_deployment_is_told_and_hinders_nobody(spec: str) -> None:
    client = three(live=3)
    done = run(client, "--yes", codedeploy=ended(("Failed", 2), spec=spec).client)
    assert "Nobody can say which versions CodeDeploy has undone: the AppSpec of d-0" in done.stderr
    assert client.moved == {"AnalysisFunction": "2"}


def test_who_may_not_look_at_deployments_can_still_roll_back() -> None:
    client, stub = three(live=3), codedeploy()
    stub.add_client_error("list_deployment_groups", "AccessDeniedException")
    done = run(client, "--yes", codedeploy=stub.client)
    assert "AccessDenied" in done.stderr
    assert client.moved == {"AnalysisFunction": "2"}


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
    assert run(client, "--yes", codedeploy=ended().client).exit_code == 0
    assert len(client.moved) == 3

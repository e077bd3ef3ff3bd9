"""``responder canary-prompt`` on moto's tables, against a real local server."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result

from examples import alert, incident, verdict
from integration.cli_house import House, house_of
from local_stack import claude_aws, claude_server
from local_stack.loopback import Request, Server
from local_stack.troubles import Troubles
from responder.alert import Severity
from responder.analysis.prompt import VERSIONS
from responder.analysis.verdict import Analysis, Confidence
from responder.clock import utc_now
from responder.incident import AlertRecord, Mark
from responder.ports import Queue, Table
from responder.protocols import feedback, items
from unit.analysis.examples import answer
from unit.cli.stacks import Client, refusal
from unit.test_settings import ANALYSIS

SMALL = "claude-haiku-5-5"
BUCKET = "it-runbooks"
KEPT = (Table.ALERTS, Table.INCIDENTS, Table.STATE, Table.CACHE)


class Claude:
    """The local Claude with one answer, written by hand; keeps what it was sent."""

    def __init__(self, file: Path) -> None:
        file.write_text(json.dumps([{"when": "alert-data", "answer": answer()}]))
        self.troubles = Troubles(claude_server.MODES, time.time)
        self.sent: list[dict[str, Any]] = []
        self.signed: list[bool] = []
        self._answer = claude_server.LocalClaude(self.troubles, time.time, str(file), "", 0)
        self.server = Server(self._noted, 0)

    def _noted(self, request: Request) -> Any:
        self.sent.append(json.loads(request.body))
        self.signed.append(claude_aws.is_signed(request))
        return self._answer(request)

    def asked_about(self) -> list[str]:
        """The titles that it was asked about."""
        told = (one["messages"][0]["content"].split("\n") for one in self.sent)
        return sorted(json.loads("".join(lines[1:-1]))["title"] for lines in told)


@pytest.fixture
def claude(tmp_path: Path) -> Iterator[Claude]:
    claude = Claude(tmp_path / "answers.json")
    yield claude
    claude.server.stop()


@pytest.fixture
def variables(claude: Claude) -> dict[str, str]:
    """The environment of the live analysis function."""
    return ANALYSIS | {"RUNBOOK_BUCKET": BUCKET, "ANTHROPIC_BASE_URL": claude.server.url}


@pytest.fixture
def house(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    with house_of("canary-prompt", tmp_path, *KEPT) as house:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        house.give("s3", s3)
        deployed = {"Environment": {"Variables": variables}}
        house.give("lambda", Client({"get_function_configuration": deployed}))
        yield house


def analysed(house: House, name: str, title: str, minutes_ago: float, **changes: Any) -> None:
    """An incident of an alert, with an analysis by Claude."""
    now = utc_now()
    incident_id = changes.pop("incident_id", f"{name}.1")
    analysis = verdict(made_by=SMALL, prompt_version="v2", seconds=2, made_at=now, category="cpu")
    opened = {"cache_key": name, "title": title, "analysis": analysis, "last_seen": now}
    opened["message"] = "Filesystem /var on db-1 has 3.2% left."
    house.opened(incident_id, **(opened | changes))
    at = now - timedelta(minutes=minutes_ago)
    record = AlertRecord(
        alert=alert(name, title=title, received_at=at), signature=name, incident_id=incident_id
    )
    house.recorded(record)


def old(**changes: Any) -> Analysis:
    return verdict(**({"made_by": SMALL, "made_at": utc_now()} | changes))


def contents(house: House) -> dict[Table, Any]:
    assert house.stack is not None
    client = house.stack.client("dynamodb")
    scans = {one: client.scan(TableName=house.stack.table(one.value)) for one in KEPT}
    return {
        one: sorted(scan["Items"], key=lambda item: json.dumps(item, sort_keys=True))
        for one, scan in scans.items()
    }


def test_what_would_be_said_stands_beside_what_was_said(house: House, claude: Claude) -> None:
    analysed(house, "v1:disk", "disk full", 10, severity=Severity.HIGH)
    agreed = old(category="disk", confidence=Confidence.MEDIUM, severity_opinion=Severity.HIGH)
    analysed(house, "v1:same", "still full", 5, analysis=agreed)
    before = contents(house)
    found = house.json("--prompt", "v1", "--yes")
    assert contents(house) == before
    assert not any(house.taken(queue) for queue in (Queue.ANALYSIS, Queue.DISTRIBUTION))
    newest, oldest = found["incidents"]
    assert (newest["incident_id"], newest["changed"]) == ("v1:same.1", [])
    assert oldest["changed"] == ["category", "severity", "confidence"]
    assert (oldest["old"]["category"], oldest["new"]["category"]) == ("cpu", "disk")
    assert (oldest["old"]["prompt"], oldest["new"]["prompt"]) == ("v2", "v1")
    summary = found["summary"]
    assert summary["changed"] == {"category": 1, "severity": 1, "confidence": 1}
    assert (summary["surer"], summary["less_sure"], summary["unanswered"]) == (0, 1, 0)
    assert summary["mean_seconds"]["old"] == 2
    assert summary["mean_cost_usd"]["old"] == pytest.approx(0.01)
    assert summary["mean_cost_usd"]["new"] == pytest.approx(newest["new"]["cost_usd"], rel=0.1)
    assert summary["spent_usd"] == pytest.approx(2 * summary["mean_cost_usd"]["new"], abs=1e-5)
    assert (found["promote"], found["roll_back"]) == (
        {"PromptVersion": "v1"},
        {"PromptVersion": "v2"},
    )
    assert [one["system"][0]["text"] for one in claude.sent] == [VERSIONS["v1"]] * 2


def test_a_person_sees_the_difference_and_how_to_promote_it_and_go_back(house: House) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    result = house.run("--model", "claude-opus-5", "--yes")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert any(line.startswith(f"v1:disk.1 old {SMALL} v2 the disk is full cpu") for line in lines)
    assert any(line.startswith("new claude-opus-5 v2 orders: /var on") for line in lines)
    said = " ".join(lines)
    assert "Of 1: category in 1, severity in 1, confidence in 1 changed" in said
    assert "Mean cost $0.0100 → $0.0" in said
    assert 'Promote: make deploy STAGE=… PARAMETERS="ModelSmall=claude-opus-5"' in said
    assert f'Roll back: make deploy STAGE=… PARAMETERS="ModelSmall={SMALL}"' in said


def test_without_anything_new_it_says_how_much_differs_by_itself(house: House) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    assert "This is what is configured" in house.run("--yes").stdout
    assert house.json("--yes")["promote"] == {}


def test_the_price_comes_first_and_a_no_asks_nobody(house: House, claude: Claude) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    refused = house.run("--prompt", "v1", answer="n\n")
    assert refused.exit_code == 1
    assert f"1 calls of {SMALL} (low effort), about $0.0" in refused.stderr
    assert claude.sent == []
    assert house.run("--prompt", "v1", answer="y\n").exit_code == 0
    assert len(claude.sent) == 1


def test_the_newest_problems_of_the_tier_are_asked_about_each_once(
    house: House, claude: Claude
) -> None:
    analysed(house, "v1:old", "old", 30)
    analysed(house, "v1:twice", "twice", 20)
    analysed(house, "v1:again", "twice as well", 25, cache_key="v1:twice")
    analysed(house, "v1:new", "new", 10)
    analysed(house, "v1:large", "large", 1, analysis=old(tier="large"))
    analysed(house, "v1:none", "none", 1, analysis=incident().analysis)
    analysed(house, "v1:ours", "ours", 1, synthetic=True)
    analysed(house, "v1:older", "older", 40)
    found = house.json("--last", "3", "--yes")
    assert [one["title"] for one in found["incidents"]] == ["new", "twice", "old"]
    assert claude.asked_about() == ["new", "old", "twice"]
    claude.sent.clear()
    (large,) = house.json("--tier", "large", "--yes")["incidents"]
    assert (large["title"], claude.sent[0]["model"]) == ("large", "claude-sonnet-5-5")


def test_a_problem_that_another_release_wrote_is_counted_and_ends_nothing(house: House) -> None:
    analysed(house, "v1:theirs", "theirs", 5)
    analysed(house, "v1:ours", "ours", 10)
    house.rewrite(items.incident_item("v1:theirs.1"), state="merged")
    done = house.run("--yes", "--json")
    assert [one["title"] for one in json.loads(done.stdout)["incidents"]] == ["ours"]
    assert "Another release wrote 1 of the incidents, such as v1:theirs.1;" in done.stderr


def test_what_the_stack_masks_is_masked_and_its_context_is_told(
    house: House, claude: Claude, variables: dict[str, str]
) -> None:
    variables |= {"REDACT_PATTERNS": r"bluebird\d+", "REDACT_PRIVATE": "true"}
    house.opened("v1:disk.1", analysis=old(headline="the disk was full before"))
    title = "bluebird77 at 10.1.2.3"
    analysed(house, "v1:disk", title, 10, incident_id="v1:disk.2", episode=2)
    house.run("--yes")
    told = claude.sent[0]["messages"][0]["content"]
    assert "bluebird77" not in told
    assert "10.1.2.3" not in told
    assert "the disk was full before" in told


def test_what_people_said_of_the_analysis_that_is_compared_is_not_told(
    house: House, claude: Claude
) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    assert house.stack is not None
    found = items.load(
        house.store(Table.INCIDENTS), items.incident_item("v1:disk.1"), type(incident())
    )
    assert found is not None
    later = utc_now() + timedelta(minutes=1)
    said = feedback.of(found, Mark.WRONG, "sam", "it was the certificate", later)
    store = house.stack.store(Table.INCIDENTS, Table.STATE, Table.CACHE)
    assert feedback.give(store, house.stack.queues(), said) is not None
    house.run("--yes")
    assert "certificate" not in claude.sent[0]["messages"][0]["content"]


@pytest.mark.parametrize("mode", ["refusal", "garbage"])
def test_what_is_not_answered_is_shown_and_fails_the_run(
    house: House, claude: Claude, mode: str
) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    claude.troubles.set({"mode": mode})
    result = house.run("--yes", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    (one,) = found["incidents"]
    assert one["new"] is None
    assert one["trouble"]
    assert (found["summary"]["unanswered"], found["summary"]["mean_seconds"]["new"]) == (1, None)
    shown = house.run("--yes")
    assert "no answer: " in shown.stdout


def test_a_key_that_is_refused_ends_the_run(house: House, claude: Claude) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    claude.troubles.set({"mode": "401"})
    assert house.run("--yes").exit_code == 3


def test_without_a_key_of_ones_own_the_stack_s_is_used(
    house: House, claude: Claude, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    secrets = Client({"get_secret_value": {"SecretString": "sk-of-the-stack"}})
    house.give("secretsmanager", secrets)
    assert house.run("--yes").exit_code == 0
    assert secrets.asked("get_secret_value")[0]["SecretId"] == ANALYSIS["ANTHROPIC_KEY_SECRET"]


AWS = {"CLAUDE_REGION": "eu-west-1", "CLAUDE_WORKSPACE": "wrkspc_1"}
OPUS = ("--model", "claude-opus-5", "--bedrock-id", "anthropic.claude-opus-5-v1:0")


@pytest.mark.parametrize("access", ["aws", "bedrock"])
def test_a_stack_that_reaches_claude_through_aws_is_asked_that_way(
    house: House, claude: Claude, variables: dict[str, str], access: str
) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    variables |= AWS | {"CLAUDE_ACCESS": access}
    assert house.run("--yes", "--prompt", "v1").exit_code == 0
    assert claude.signed == [True]
    assert claude.sent[0]["system"][0]["text"] == VERSIONS["v1"]


def test_another_model_on_bedrock_is_tried_by_its_id_there(
    house: House, variables: dict[str, str]
) -> None:
    analysed(house, "v1:disk", "disk full", 10)
    variables |= AWS | {"CLAUDE_ACCESS": "bedrock"}
    found = house.json("--yes", *OPUS)
    assert found["incidents"][0]["new"]["made_by"] == "claude-opus-5"
    assert found["promote"] == {"ModelSmall": OPUS[1], "BedrockIdSmall": OPUS[3]}


def _fails(result: Result, code: int, said: str) -> None:
    assert said in result.stderr
    assert result.exit_code == code


def test_what_cannot_be_tried_is_said(
    house: House, claude: Claude, variables: dict[str, str]
) -> None:
    _fails(house.run("--model", "claude-9"), 2, "no price is known")
    _fails(house.run("--prompt", "v9"), 2, "'v9' is not one of")
    _fails(house.run("--yes"), 1, "analysed nothing yet with the small model")
    analysed(house, "v1:disk", "disk full", 10)
    variables |= {"CLAUDE_ACCESS": "bedrock", "CLAUDE_REGION": "eu-west-1"}
    _fails(house.run("--model", "claude-opus-5"), 2, "On Bedrock a model has an id of its own")
    _fails(house.run("--model", SMALL, *OPUS[2:]), 2, "On Bedrock a model has an id of its own")
    _fails(house.run("--profile", "other"), 2, "set it, without --profile")
    variables["PROMPT_VERSION"] = "v9"
    _fails(house.run("--yes"), 1, "was deployed from another version")
    assert claude.sent == []


def test_without_the_stack_s_settings_nothing_is_sent(house: House, claude: Claude) -> None:
    """Masked by other rules than the stack's, it would be sent what the stack keeps back."""
    analysed(house, "v1:disk", "disk full", 10)

    def refuse(**_: object) -> object:
        raise refusal("AccessDeniedException")

    house.give("lambda", Client({"get_function_configuration": refuse}))
    _fails(house.run("--yes"), 3, "AccessDeniedException")
    assert claude.sent == []

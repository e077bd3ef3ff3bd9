"""The analysis function: what it reads and remembers, and the way it takes to Claude."""

import boto3
import pytest
from bench.inside import records

from local_stack.loopback import Reply, Request
from responder.adapters import environment
from responder.adapters.dynamodb import DynamoStore
from responder.bootstrap import analysis
from responder.contracts import AlertMessage, AnalysisRequest, ChangeMessage
from responder.incident import Incident
from responder.intake.registry import read
from responder.ports import Table
from responder.protocols import items
from responder.protocols.changes import Changes, changes_item
from samples import EVENTS
from serving import serving
from unit.bootstrap.house import NO_FAILURES, RUNBOOKS, House, accepted


def test_a_batch_may_hold_alerts_and_changes(house: House) -> None:
    event = (EVENTS / "github" / "deployment.json").read_bytes()
    (change,) = read(event, {}).changes
    body = ChangeMessage(change=change).model_dump_json()
    batch = records("it-processing", body, accepted(), '{"change": {}}', body)
    assert analysis.build().consume(batch) == NO_FAILURES
    assert len(house.taken("it-analysis")) == 1
    assert house.taken("it-processing-dlq") == ['{"change": {}}']
    store = DynamoStore(environment.dynamodb(), {Table.STATE: "it-state"})
    for name in ("service#checkout", "environment#prod", "everywhere"):
        assert items.load(store, changes_item(name), Changes) == Changes(changes=(change,))


def test_without_a_claude_key_the_fallback_stands_at_once(house: House) -> None:
    analyser = analysis.build()
    analyser.consume(records("it-processing", accepted()))
    (request,) = house.taken("it-analysis")
    assert analyser.consume(records("it-analysis", request)) == NO_FAILURES
    assert house.waiting("it-analysis") == 0
    store = DynamoStore(environment.dynamodb(), {Table.INCIDENTS: "it-incidents"})
    incident_id = AnalysisRequest.model_validate_json(request).incident_id
    incident = items.load(store, items.incident_item(incident_id), Incident)
    assert incident is not None
    assert incident.analysis.fallback_reason == "no_key"


@pytest.mark.parametrize(
    ("way", "service", "path"),
    [
        ("aws", "aws-external-anthropic", "/v1/messages"),
        ("bedrock", "bedrock", "/model/global.anthropic.claude-haiku-5-5/invoke"),
    ],
)
def test_the_chosen_way_asks_as_the_role_and_reads_no_key(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str, service: str, path: str
) -> None:
    seen: list[Request] = []

    def application(request: Request) -> Reply:
        seen.append(request)
        return Reply(403, b"{}", headers={"x-amzn-errortype": "AccessDeniedException"})

    who = boto3.Session().get_credentials()
    assert who is not None
    for name, value in {
        "CLAUDE_ACCESS": way,
        "CLAUDE_REGION": "eu-west-1",
        "CLAUDE_WORKSPACE": "wrkspc_1",
        "AWS_SESSION_TOKEN": "session",
    }.items():
        monkeypatch.setenv(name, value)
    with serving(application) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        analyser = analysis.build()
        analyser.consume(records("it-processing", accepted()))
        (request,) = house.taken("it-analysis")
        assert analyser.consume(records("it-analysis", request)) == NO_FAILURES
    (asked,) = seen
    assert asked.path == path
    signed = asked.headers["authorization"]
    assert f"Credential={who.access_key}/" in signed
    assert f"/eu-west-1/{service}/aws4_request" in signed
    # What a person must put right comes back as an alert of ours, under our own name.
    (own,) = house.taken("it-processing")
    ours = AlertMessage.model_validate_json(own).alert
    assert (ours.source, ours.rule, ours.service) == ("responder", "claude:access", "it")


def test_a_tick_reads_the_runbooks_and_the_next_first_card_has_their_steps(house: House) -> None:
    boto3.client("s3").put_object(Bucket=RUNBOOKS, Key="disk.md", Body=b"# Disk full\nClean up.")
    analyser = analysis.build()
    assert analyser.ticker is not None
    analyser.ticker.tick()
    analyser.consume(records("it-processing", accepted()))
    (request,) = house.taken("it-analysis")
    store = DynamoStore(environment.dynamodb(), {Table.INCIDENTS: "it-incidents"})
    incident_id = AnalysisRequest.model_validate_json(request).incident_id
    incident = items.load(store, items.incident_item(incident_id), Incident)
    assert incident is not None
    assert [check.text for check in incident.analysis.checks[:2]] == [
        "Runbook: disk.md › Disk full",  # noqa: RUF001
        "Clean up.",
    ]

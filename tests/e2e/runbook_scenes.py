"""What stands around each command block of the runbook: what it needs, and what it must have done.

A block without a scene only looks: that it ends well is all that is asked of it.
``test_runbook`` plays them.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from documents import ROOT, blocks
from e2e.payloads import problem
from e2e.pipeline import TOKEN, Pipeline, wait_until
from e2e.terminal import INTERRUPT, Reply
from integration.letters import alert
from local_stack import layout
from responder_cli.aws import FUNCTIONS

PATIENCE = 90
OTHER_TOKEN, OTHER_KEY = "xoxb-e2e-0002", "sk-ant-e2e-0002"
BUCKET = "runbook-backups"
#: `inhibit --help` prints the like.
RULES = {
    "rules": [
        {
            "name": "node",
            "why": "the node explains its pods",
            "source": ["rule=NodeDown"],
            "target": ["rule=~Pod.*"],
            "equal": ["cluster"],
        }
    ],
    "tests": [{"cause": {"rule": "NodeDown"}, "symptom": {"rule": "PodDown"}, "muted_by": "node"}],
}


class World:
    """A stack with one analysed incident, and what placeholders of the runbook stand for."""

    def __init__(self, pipeline: Pipeline) -> None:
        """``pipeline`` is the running stack."""
        self.pipeline = pipeline

    @cached_property
    def alert_id(self) -> str:
        """An alert that is recorded, analysed and shown."""
        body = {"source": "e2e", "title": "Till stands still", "service": "checkout"}
        alert_id = self.pipeline.accept(json.dumps(body | {"severity": "HIGH"}).encode())
        wait_until(
            lambda: self.pipeline.incident_of(alert_id),
            lambda one: one is not None and not one.analysis.is_fallback,
            PATIENCE,
        )
        self.pipeline.shown([alert_id], PATIENCE)
        return alert_id

    @cached_property
    def incident(self) -> str:
        """Its incident."""
        found = self.pipeline.incident_of(self.alert_id)
        assert found is not None
        return found.incident_id

    def asked(self, *words: str) -> Any:
        """What a command says with --json."""
        return json.loads(self.pipeline.responder(*words, "--json"))

    def secret(self, name: str) -> str:
        """A secret's value."""
        client = self.pipeline.client("secretsmanager")
        held = client.get_secret_value(SecretId=self.pipeline.secret(name))
        return str(held["SecretString"]).strip()

    def silence(self) -> str:
        """A silence that somebody made before."""
        self.pipeline.responder(
            *("silence", "add", "service=nobody", "--for", "1h", "--comment", "before", "--yes")
        )
        return str(self.asked("silence", "list")[0]["id"])

    def window(self) -> str:
        """A window that somebody made before."""
        self.pipeline.responder(
            *("window", "add", "service=nobody", "--every", "sun", "--at", "02:00"),
            *("--for", "1h", "--zone", "Europe/Berlin", "--comment", "before", "--yes"),
        )
        return str(self.asked("window", "list")[0]["id"])

    def mappings(self) -> list[dict[str, Any]]:
        """How queues lead to the analysis function."""
        client = self.pipeline.client("lambda")
        name = f"{layout.STACK_NAME}-AnalysisFunction:live"
        answer = client.list_event_source_mappings(FunctionName=name)
        return list(answer["EventSourceMappings"])

    def stopped_mapping(self) -> str:
        """One of them, which somebody switched off."""
        uuid = str(self.mappings()[0]["UUID"])
        self.pipeline.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
        return uuid

    def live(self) -> Sequence[str]:
        """The versions that have the traffic."""
        client = self.pipeline.client("lambda")
        return [
            client.get_alias(FunctionName=f"{layout.STACK_NAME}-{short}", Name="live")[
                "FunctionVersion"
            ]
            for short in FUNCTIONS
        ]

    def dead_letter(self, body: str, **attributes: str) -> None:
        """Put a letter into the dead-letter queue of processing."""
        self.pipeline.client("sqs").send_message(
            QueueUrl=self.pipeline.stack.outputs["DeadLetterQueueUrl"],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def buried(self) -> int:
        """How many letters lie there."""
        return sum(self.pipeline.depth(["DeadLetterQueueUrl"]).values())


#: What the runbook writes in capitals.
FILLED: Mapping[str, Callable[[World], str]] = {
    "INCIDENT": lambda world: world.incident,
    "ALERT_ID": lambda world: world.alert_id,
    "SILENCE_ID": World.silence,
    "WINDOW_ID": World.window,
    "MAPPING_ID": World.stopped_mapping,
    "YOUR-BACKUP-BUCKET": lambda _: BUCKET,
}


def filled(text: str, world: World) -> str:
    """A block as an operator runs it."""
    words = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in FILLED))
    values = {word: FILLED[word](world) for word in set(words.findall(text))}
    return words.sub(lambda found: values[found[0]], text)


def nothing(_: World) -> None:
    """Neither needed nor to be seen."""


@dataclass(frozen=True)
class Scene:
    """``given`` is set up before, ``replies`` are typed, ``proof`` fails where nothing was done."""

    given: Callable[[World], None] = nothing
    replies: Sequence[Reply] = ()
    proof: Callable[[World], None] = nothing


def any_token(world: World) -> None:
    world.pipeline.slack(token="")


def webhook_is_replaced(world: World) -> None:
    assert world.secret("slack-webhook") == webhook(world)


def webhook(world: World) -> str:
    return f"{world.pipeline.stack.slack_url}/services/T000/B000/other"


def silenced(world: World) -> None:
    found = world.asked("silence", "list")
    assert [one["comment"] for one in found] == ["new release"]
    world.pipeline.responder("silence", "expire", found[0]["id"])


def windows_stand(world: World) -> None:
    found = world.asked("window", "list")
    assert {one["comment"] for one in found} >= {"backups", "quiet hours"}
    assert "before" not in {one["comment"] for one in found}
    for one in found:
        world.pipeline.responder("window", "remove", one["id"])


def write_routes(world: World) -> None:
    document = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
    routes = next(block.text for block in blocks(document) if block.info == "json")
    (world.pipeline.directory / "routes.json").write_text(routes)


def routed(world: World) -> None:
    assert "payments" in world.pipeline.responder("route", "show")
    world.pipeline.responder("route", "use", "0", "--yes")


def write_rules(world: World) -> None:
    (world.pipeline.directory / "rules.json").write_text(json.dumps(RULES))


def inhibited(world: World) -> None:
    assert "NodeDown" in world.pipeline.responder("inhibit", "show")
    world.pipeline.responder("inhibit", "use", "0", "--yes")


def said(world: World) -> None:
    told = world.pipeline.responder("feedback", world.incident)
    assert "every night at two" in told


def cache_is_empty(world: World) -> None:
    assert not world.asked("cache", "stats")["states"].get("fresh")


def cache_is_warm(world: World) -> None:
    wait_until(
        lambda: world.asked("cache", "stats")["states"], lambda one: one.get("fresh"), PATIENCE
    )


def a_letter_that_can_be_mended(world: World) -> None:
    world.dead_letter(alert(1), reason="misconfigured", function="AnalysisFunction")


def sent_back(world: World) -> None:
    wait_until(lambda: world.pipeline.alert("a1"), lambda one: one is not None, PATIENCE)
    assert world.buried() == 0


def a_letter_that_nobody_can_read(world: World) -> None:
    world.dead_letter("neither JSON nor alert", reason="unreadable", function="AnalysisFunction")


def discarded(world: World) -> None:
    assert world.buried() == 0
    (file,) = world.pipeline.directory.glob("dead-letters-*.jsonl")
    assert "neither JSON nor alert" in file.read_text()


def newer_versions(world: World) -> None:
    client = world.pipeline.client("lambda")
    for short in FUNCTIONS:
        name = f"{layout.STACK_NAME}-{short}"
        client.update_function_configuration(FunctionName=name, Description="newer")
        newer = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=newer)


def forward_again(world: World) -> None:
    client = world.pipeline.client("lambda")
    for short, serving in zip(FUNCTIONS, world.live(), strict=True):
        name = f"{layout.STACK_NAME}-{short}"
        versions = client.list_versions_by_function(FunctionName=name)["Versions"]
        assert serving == max(
            (v["Version"] for v in versions if v["Version"] != "$LATEST"), key=int
        )


def a_bucket(world: World) -> None:
    world.pipeline.client("s3").create_bucket(Bucket=BUCKET)


def kept(world: World) -> None:
    found = world.pipeline.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    assert any(one["Key"].startswith("config/") for one in found)
    assert any(one["Key"].startswith("code/") for one in found)


def manual_alert_arrived(world: World) -> None:
    wait_until(
        lambda: [one.title for one in world.pipeline.incidents().values()],
        lambda titles: "Manual Test Alert" in titles,
        PATIENCE,
    )


def news(world: World) -> None:
    world.pipeline.accept(problem("news", 1))


def enabled(world: World) -> None:
    assert {one["State"] for one in world.mappings()} == {"Enabled"}


def analysis_is_on(world: World) -> None:
    assert not world.asked("analysis", "status")["off"]


def rotated_and_back(world: World) -> None:
    assert world.secret("slack-bot-token") == TOKEN


def key_is_new(world: World) -> None:
    assert world.secret("anthropic-key") == OTHER_KEY


def posted(world: World) -> None:
    assert "Test message" in [one["text"] for one in world.pipeline.stack.slack_messages()]


def _hidden(secret: str, value: str) -> Reply:
    return Reply(rf"Value of {secret} \(not shown\): $", f"{value}\n")


SCENES: Mapping[str, Scene] = {
    "Dashboard 1": Scene(replies=[Reply("processing queue", INTERRUPT)]),
    "Replace the Slack webhook or token 1": Scene(
        any_token,
        [
            _hidden("slack-bot-token", OTHER_TOKEN),
            _hidden("slack-webhook", "https://hooks.slack.com/services/T000/B000/new"),
        ],
        rotated_and_back,
    ),
    "Replace the Slack webhook or token 2": Scene(proof=webhook_is_replaced),
    "Replace the Anthropic key 1": Scene(
        replies=[_hidden("anthropic-key", OTHER_KEY)], proof=key_is_new
    ),
    "Switch Claude off and on 1": Scene(proof=analysis_is_on),
    "Silence what is expected 1": Scene(proof=silenced),
    "Hold what certain hours bring: maintenance windows, quiet hours 1": Scene(proof=windows_stand),
    "Send cards to other channels 1": Scene(write_routes, proof=routed),
    "Mute symptoms while their cause is open 1": Scene(write_rules, proof=inhibited),
    "Say what an analysis was worth 1": Scene(proof=said),
    "Clear the analysis cache 1": Scene(proof=cache_is_empty),
    "Clear the analysis cache 2": Scene(proof=cache_is_warm),
    "Send dead letters back 1": Scene(a_letter_that_can_be_mended, proof=sent_back),
    "Discard a dead letter 1": Scene(a_letter_that_nobody_can_read, proof=discarded),
    "Follow an alert through the logs 2": Scene(news, [Reply(r"INFO +\S", INTERRUPT)]),
    "Inject an alert 2": Scene(proof=manual_alert_arrived),
    "Slack is silent, or a card is missing 3": Scene(proof=posted),
    "A queue is backed up 2": Scene(proof=enabled),
    "Roll back 1": Scene(newer_versions, proof=forward_again),
    "Backup 1": Scene(a_bucket, proof=kept),
}

"""What stands around each command block of the runbook: what it needs, and what it must have done.

A block without a scene only looks: that it ends well is all that is asked of it.
``test_runbook`` plays them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from documents import ROOT, blocks
from e2e.payloads import problem
from e2e.pipeline import TOKEN, wait_until
from e2e.runbook_world import BUCKET, PATIENCE, World
from e2e.terminal import INTERRUPT, Reply
from e2e.versions import live, newest, publish_newer
from integration.letters import NOW, alert
from local_stack import layout

OTHER_TOKEN, OTHER_KEY = "xoxb-e2e-0002", "sk-ant-e2e-0002"
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
    found = world.pipeline.asked("silence", "list")
    assert [one["comment"] for one in found] == ["new release"]
    world.pipeline.responder("silence", "expire", found[0]["id"])


def windows_stand(world: World) -> None:
    found = world.pipeline.asked("window", "list")
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


def said(world: World, mark: str) -> None:
    assert world.pipeline.asked("feedback", world.incident)["latest"][0]["mark"] == mark


def settled(world: World) -> None:
    """What Claude is being asked is left alone by `cache clear`, and is there again afterwards."""
    world.pipeline.idle()


def cache_is_empty(world: World) -> None:
    assert not world.pipeline.asked("cache", "stats")["states"].get("fresh")


def cache_is_warm(world: World) -> None:
    wait_until(
        lambda: world.pipeline.asked("cache", "stats")["states"],
        lambda one: one.get("fresh"),
        PATIENCE,
    )


def a_letter_that_can_be_mended(world: World, number: int = 1) -> None:
    world.logged(f"a{number}", NOW)
    world.dead_letter(alert(number), reason="misconfigured", function="AnalysisFunction")


def sent_back(world: World, number: int = 1) -> None:
    wait_until(lambda: world.pipeline.alert(f"a{number}"), lambda one: one is not None, PATIENCE)
    assert world.buried() == 0


def a_letter_that_nobody_can_read(world: World) -> None:
    world.dead_letter("neither JSON nor alert", reason="unreadable", function="AnalysisFunction")


def discarded(world: World) -> None:
    assert world.buried() == 0
    (file,) = world.pipeline.directory.glob("dead-letters-*.jsonl")
    assert "neither JSON nor alert" in file.read_text()


def newer_versions(world: World) -> None:
    publish_newer(world.pipeline)


def forward_again(world: World) -> None:
    assert live(world.pipeline) == newest(world.pipeline)


def a_bucket(world: World) -> None:
    world.pipeline.client("s3").create_bucket(Bucket=BUCKET)


def kept(world: World) -> None:
    found = world.pipeline.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {one["Key"].rpartition(".")[2] for one in found} >= {"json", "zip"}


def in_a_directory(world: World) -> None:
    assert any((world.pipeline.directory / "backup-of-today").rglob("*.json*"))


def copies_are_gone(world: World) -> None:
    names = world.pipeline.client("dynamodb").list_tables()["TableNames"]
    assert not [name for name in names if name.endswith("-restored")]


def an_alert_is_lost(world: World) -> None:
    """Of those that the backup of before has."""
    world.pipeline.client("dynamodb").delete_item(
        TableName=f"{layout.STACK_NAME}-alerts", Key={"alert_id": {"S": world.alert_id}}
    )


def the_alert_is_back(world: World) -> None:
    assert world.pipeline.alert(world.alert_id) is not None


def a_person_is_named(world: World) -> None:
    body = {"source": "e2e", "title": "Jane Doe is locked out", "severity": "LOW"}
    alert_id = world.pipeline.accept(json.dumps(body).encode())
    world.pipeline.shown([alert_id], PATIENCE)


def nobody_is_named(world: World) -> None:
    titles = [record.alert.title for record in world.pipeline.alerts().values()]
    assert "(erased) is locked out" in titles
    assert not [title for title in titles if "Jane Doe" in title]


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
    assert not world.pipeline.asked("analysis", "status")["off"]


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
            _hidden("slack-webhook", "https://hooks.example.com/new"),
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
    "Say what an analysis was worth 1": Scene(proof=partial(said, mark="noise")),
    "Clear the analysis cache 1": Scene(settled, proof=cache_is_empty),
    "Clear the analysis cache 2": Scene(proof=cache_is_warm),
    "Send dead letters back 1": Scene(a_letter_that_can_be_mended, proof=sent_back),
    "Discard a dead letter 1": Scene(a_letter_that_nobody_can_read, proof=discarded),
    "Follow an alert through the logs 2": Scene(news, [Reply(r"INFO +\S", INTERRUPT)]),
    "Inject an alert 2": Scene(proof=manual_alert_arrived),
    "Slack is silent, or a card is missing 2": Scene(
        partial(a_letter_that_can_be_mended, number=2), proof=partial(sent_back, number=2)
    ),
    "Slack is silent, or a card is missing 3": Scene(proof=posted),
    "A queue is backed up 2": Scene(proof=enabled),
    "Roll back 1": Scene(newer_versions, proof=forward_again),
    "Backup 1": Scene(a_bucket, proof=kept),
    "Backup 2": Scene(proof=in_a_directory),
    "Recovery 2": Scene(proof=copies_are_gone),
    "Recovery 3": Scene(an_alert_is_lost, proof=the_alert_is_back),
    "Erasure 1": Scene(a_person_is_named, proof=nobody_is_named),
    "After an incident 1": Scene(proof=partial(said, mark="right")),
}

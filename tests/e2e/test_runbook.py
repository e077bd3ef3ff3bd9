"""Every command block of the runbook, as it stands, on the deployed stack and at a terminal."""

import json
import os
from collections.abc import Iterator, Sequence

import pytest

from documents import COMMANDS, EXCEPTIONS, ROOT, RUNBOOK, Block, blocks
from e2e.pipeline import Pipeline, started
from e2e.runbook_scenes import SCENES, Scene, webhook
from e2e.runbook_world import World, filled
from e2e.terminal import END, Done, Reply, run
from local_stack import environment

pytestmark = pytest.mark.e2e_long

#: Made by `make e2e`; the AWS CLI of the machine may be any, or none.
AWS_CLI = ROOT / ".awscli" / "bin"
#: What an operator has at hand in a clone.
CLONE = ("docs", "events", "scripts", "tests", "deploy.sh", "Makefile", "samconfig.toml")
BLOCKS = [
    block
    for block in blocks(RUNBOOK.read_text(encoding="utf-8"))
    if block.info == COMMANDS and block.name not in EXCEPTIONS
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack with a webhook, and a folder like a clone's, with its ``.local/stack.env``."""
    assert (AWS_CLI / "aws").exists(), "no AWS CLI: run `make .awscli/.stamp`, or `make e2e`"
    clone = tmp_path_factory.mktemp("clone")
    for name in CLONE:
        (clone / name).symlink_to(ROOT / name)
    (clone / ".local").mkdir()
    with started(clone) as pipeline:
        environment.write(clone / ".local", pipeline.stack)
        world = World(pipeline)
        pipeline.client("secretsmanager").put_secret_value(
            SecretId=pipeline.secret("slack-webhook"), SecretString=webhook(world)
        )
        assert world.incident
        yield world


def replies(block: Block, scene: Scene, pipeline: Pipeline) -> list[Reply]:
    """The scene's; what a command reads to its end is typed before it asks."""
    if "cat > secret.txt" in block.text:
        return [Reply("", f"{webhook(World(pipeline))}\n{END}")]
    return list(scene.replies)


def typed(world: World, script: str, replies: Sequence[Reply] = ()) -> Done:
    """What an operator types at a terminal in the clone, with the stack's environment loaded."""
    directory = world.pipeline.directory
    machine = {
        "HOME": str(directory),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "NO_COLOR": "1",
        "PATH": f"{AWS_CLI}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
    }
    return run(f"source .local/stack.env\n{script}", machine, directory, replies)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_does_what_it_says(world: World, block: Block) -> None:
    scene = SCENES.get(block.name, Scene())
    scene.given(world)
    done = typed(world, filled(block.text, world), replies(block, scene, world.pipeline))
    assert done.code == 0, done.shown
    scene.proof(world)


@pytest.mark.parametrize("name", ["integration", "smoke"])
def test_the_tests_of_a_deployment_pass(world: World, name: str) -> None:
    before = len(world.pipeline.alerts())
    done = typed(world, f"tests/{name}-tests.sh prod")
    assert done.code == 0, done.shown
    assert len(world.pipeline.alerts()) > before


def test_the_automated_check_tells_the_topic_what_is_failing(world: World) -> None:
    sns, sqs = world.pipeline.client("sns"), world.pipeline.client("sqs")
    topic = sns.create_topic(Name="operators")["TopicArn"]
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    queue = sqs.create_queue(QueueName="operators", Attributes={"Policy": policy})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    check = f"ALERT_TOPIC_ARN={topic} scripts/health-check.sh"

    assert typed(world, check).code == 0
    world.dead_letter("neither JSON nor alert", reason="unreadable", function="AnalysisFunction")
    done = typed(world, check)
    assert done.code == 1, done.shown
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    told = json.loads(message["Body"])["Message"]
    assert "processing dead letters" in told
    assert "dlq show --queue processing" in told
    done = typed(world, "scripts/responder dlq discard --queue processing --all")
    assert done.code == 0, done.shown


def test_every_scene_has_its_block() -> None:
    assert set(SCENES) <= {block.name for block in BLOCKS}

"""What ``make local`` makes of the developer's environment, and what ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack import layout
from local_stack.__main__ import chosen
from local_stack.children import ChildError
from local_stack.stack import Claude
from unit.local_stack.processes import gone


def test_without_keys_nobody_answers_for_claude_and_slack_is_local() -> None:
    options = chosen({})

    assert options.claude is Claude.NONE
    assert options.local_slack
    assert not any(options.secrets.values())


def test_a_key_asks_the_real_claude() -> None:
    options = chosen({"ANTHROPIC_API_KEY": "sk-ant-mine"})

    assert options.claude is Claude.REAL
    assert options.secrets["anthropic-key"] == "sk-ant-mine"


def test_the_local_claude_never_sees_the_real_key() -> None:
    options = chosen({"ANTHROPIC_API_KEY": "sk-ant-mine", "CLAUDE": "local"})

    assert options.claude is Claude.LOCAL
    assert options.secrets["anthropic-key"] == ""


@pytest.mark.parametrize("way", ["aws", "bedrock"])
def test_the_local_claude_is_reached_in_any_way(way: str) -> None:
    options = chosen({"CLAUDE": "local", "CLAUDE_ACCESS": way})

    assert options.parameters["ClaudeAccess"] == way
    with pytest.raises(ChildError, match="CLAUDE=local"):
        chosen({"CLAUDE_ACCESS": way})


@pytest.mark.parametrize(
    ("variable", "secret"),
    [("SLACK_BOT_TOKEN", "slack-bot-token"), ("SLACK_WEBHOOK_URL", "slack-webhook")],
)
def test_real_slack_replaces_the_local_one(variable: str, secret: str) -> None:
    options = chosen({variable: "mine", "SLACK_CHANNEL": "#ours"})

    assert not options.local_slack
    assert options.secrets[secret] == "mine"
    assert options.parameters == {"SlackChannel": "#ours"}


def test_the_pace_of_the_local_slack_is_settable() -> None:
    assert chosen({"SLACK_PACE": "0"}).slack_arguments == ("--pace", "0")


ENDING = """
import time
from local_stack import __main__ as local
local.stop_on_signals()
try:
    print("ready", flush=True)
    time.sleep(60)
except local.Stop:
    print("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_politely_lets_it_tidy_up(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(layout.SCRIPTS)}
    with subprocess.Popen(
        [sys.executable, "-c", ENDING], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == "stopped\n"


ENDING_TWICE = """
import sys, time
from pathlib import Path
from local_stack import __main__ as local, children
local.stop_on_signals()
command = [sys.executable, "-c", "import time; time.sleep(60)"]
child = children.start("a server", command, {}, Path(sys.argv[1]))
try:
    print(child.process.pid, flush=True)
    time.sleep(60)
except local.Stop:
    print("tidying", flush=True)
    time.sleep(60)
"""


def test_a_second_one_ends_everything_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(layout.SCRIPTS)}
    command = [sys.executable, "-c", ENDING_TWICE, str(tmp_path / "log")]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        server = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "tidying\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert "temporary files" in process.stderr.read()
    assert gone(server)

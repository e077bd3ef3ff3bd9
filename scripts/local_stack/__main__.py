"""``python -m local_stack up``: the stack of ``make local``, until Ctrl-C, SIGTERM or SIGHUP."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

from local_stack import children, environment, layout, ports
from local_stack.children import ChildError
from local_stack.stack import Claude, Options, Stack, running

CHECK_SECONDS = 0.5
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: As a shell names the end by Ctrl-C.
EXIT_AT_ONCE = 130
STDERR = 2


class Stop(Exception):
    """Somebody asked us to end."""


def chosen(given: Mapping[str, str]) -> Options:
    """Options from the environment of ``make local``; a developer's own keys are used if set."""
    slack = {
        "slack-bot-token": given.get("SLACK_BOT_TOKEN", ""),
        "slack-webhook": given.get("SLACK_WEBHOOK_URL", ""),
    }
    local_slack = not any(slack.values())
    channel = given.get("SLACK_CHANNEL")
    key = given.get("ANTHROPIC_API_KEY", "")
    claude = Claude.REAL if key else Claude.NONE
    if named := given.get("CLAUDE"):
        if named not in set(Claude):
            raise ChildError(f"CLAUDE is one of {', '.join(Claude)}, not {named!r}")
        claude = Claude(named)
    access = given.get("CLAUDE_ACCESS", "")
    if access and claude is not Claude.LOCAL:
        raise ChildError(
            "CLAUDE_ACCESS needs CLAUDE=local: a role of this machine is nobody on AWS"
        )
    way = {"ClaudeAccess": access, "ClaudeWorkspace": "wrkspc_local"} if access else {}
    return Options(
        directory=layout.LOCAL,
        ports=ports.Ports.chosen(given),
        claude=claude,
        local_slack=local_slack,
        slack_arguments=("--pace", given["SLACK_PACE"]) if given.get("SLACK_PACE") else (),
        parameters={**way, **({"SlackChannel": channel} if channel and not local_slack else {})},
        secrets={**slack, "anthropic-key": key if claude is Claude.REAL else ""},
    )


def up() -> None:
    """Run the stack until Stop; raises ChildError when one of its servers dies."""
    with environment.held(layout.LOCAL):
        # One that was killed could not remove it.
        (layout.LOCAL / environment.FILE).unlink(missing_ok=True)
        options = chosen(os.environ)
        with running(options) as stack:
            lasting = environment.with_lasting_trust(options.directory, stack)
            file = environment.write(options.directory, lasting)
            try:
                _explain(stack, options)
                while True:
                    time.sleep(CHECK_SECONDS)
                    stack.check()
            finally:
                file.unlink(missing_ok=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    parser.add_argument("command", choices=["up"])
    parser.parse_args()
    stop_on_signals()
    try:
        up()
    except Stop:
        print("Stopped.")
    except (ChildError, ports.PortError, environment.AlreadyRunning) as error:
        sys.exit(str(error))


def stop_on_signals() -> None:
    """Have Stop raised by Ctrl-C, by a polite kill, and when the terminal is closed.

    A second one ends everything at once; what is left then are files, which the next start removes.
    """
    for name in _ENDING:
        signal.signal(name, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for name in _ENDING:
        signal.signal(name, _end_at_once)
    _tell("Stopping: servers, then temporary files, some seconds. Once more ends at once.")
    raise Stop


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    children.kill_all()
    os._exit(EXIT_AT_ONCE)


def _tell(text: str) -> None:
    """Without the buffers of print, in the middle of which a signal may have come."""
    with suppress(OSError):
        os.write(STDERR, f"\n{text}\n".encode())


def _explain(stack: Stack, options: Options) -> None:
    who = {
        Claude.NONE: "nobody (no ANTHROPIC_API_KEY): cards carry the labelled fallback",
        Claude.LOCAL: f"the local stand-in with canned answers, {stack.claude_url}",
        Claude.REAL: "Claude, with your ANTHROPIC_API_KEY",
    }[options.claude]
    print(
        f"""
The local stack runs.
  Alerts   {stack.webhook_url}
  Cards    {stack.slack_url or "your Slack"}
  Notices  {stack.notices_url} (what the stack tells operators when Slack is the trouble)
  Analyses by {who}
  Logs     {layout.LOCAL.name}/log

In another terminal:
  source {layout.LOCAL.name}/{environment.FILE}
  curl -H "x-api-key: $API_KEY" -H 'content-type: application/json' "$WEBHOOK_URL" \\
    -d '{{"source": "me", "title": "Disk full", "severity": "HIGH"}}'

Ctrl-C ends it.""",
        flush=True,
    )


if __name__ == "__main__":
    main()

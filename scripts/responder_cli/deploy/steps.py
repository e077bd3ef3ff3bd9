"""The commands that a deployment is made of, run one after the other in the repository."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local_stack import layout
from responder_cli.doctor.plan import ARCHITECTURE

#: How often the one who waits looks at the canary.
WATCH_SECONDS = 10.0
#: What the smoke test exits with where its alert got its card, and something is failing.
EXIT_ILL = 10


@dataclass(frozen=True)
class Wanted:
    """What is to be deployed where."""

    environment: str
    bucket: str = ""
    parameters: tuple[str, ...] = ()
    yes: bool = False


def tests() -> list[str]:
    """The tests that `make test` runs."""
    return ["make", "test"]


def build() -> list[str]:
    """For the processor that is deployed."""
    return ["make", "build"]


def ship(wanted: Wanted) -> list[str]:
    """SAM shows the change set, asks unless that was answered, and waits until all is done."""
    return [
        sys.executable,
        *("-m", "local_stack.shipping"),
        *("--environment", wanted.environment),
        *("--architecture", ARCHITECTURE),
        *("--bucket", wanted.bucket),
        *("--change-set", "go" if wanted.yes else "ask"),
        *wanted.parameters,
    ]


def smoke(environment: str) -> list[str]:
    """The runbook's own."""
    return ["tests/smoke-tests.sh", environment]


def run(
    command: Sequence[str], watch: Callable[[], None], more: Mapping[str, str] | None = None
) -> int:
    """Run it in the repository with ``more`` in its environment, and watch; its exit code."""
    with subprocess.Popen(  # noqa: S603 - our own words and validated options
        command, cwd=layout.REPOSITORY, env={**os.environ, **(more or {})}
    ) as child:
        while True:
            try:
                return child.wait(WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                watch()
            except KeyboardInterrupt:
                # The child had the same signal; CloudFormation goes on by itself.
                return child.wait()

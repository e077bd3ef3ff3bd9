"""How long the start of each function takes and what it imports, each in a fresh process.

``__main__`` compares the times with the same unit, a boto3 client, within one run;
``tests/unit/test_imports.py`` asks only what is imported.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from responder import settings

REPOSITORY = Path(__file__).resolve().parents[1]
#: Heavy packages whose absence is a promise of some function.
WATCHED = ("anthropic", "slack_sdk", "cryptography")
UNIT = "boto3 + client('sqs')"
ROUNDS = 7

_NEEDED: Mapping[str, type[settings.Common] | None] = {
    "reception": settings.Reception,
    "analysis": settings.Analysis,
    "distribution": settings.Distribution,
    "hook": None,
    "heartbeat": settings.Heartbeat,
}
FUNCTIONS = tuple(_NEEDED)
_PROGRAM = """
import json, sys, time
before, began = set(sys.modules), time.perf_counter()
{statement}
took = time.perf_counter() - began
print(json.dumps({{"seconds": took, "modules": sorted(set(sys.modules) - before)}}))
"""


@dataclass(frozen=True)
class Start:
    """One start: how long, and which modules it brought in."""

    seconds: float
    modules: frozenset[str]

    @property
    def watched(self) -> tuple[str, ...]:
        """Which of the watched packages it imported."""
        return tuple(name for name in WATCHED if name in self.modules)


@dataclass(frozen=True)
class Measured:
    """A start in the median of all rounds; ``ratio`` in units of the boto3 client."""

    name: str
    milliseconds: float
    ratio: float
    modules: int
    watched: tuple[str, ...]


def unit() -> Start:
    """The unit: what any function that talks to SQS pays at least."""
    return _start("import boto3; boto3.client('sqs')", REPOSITORY, {})


def function(name: str, *, also: str = "") -> Start:
    """The start of one function, as Lambda's init does it; ``also`` imports one package more."""
    model = _NEEDED[name]
    needed = model.model_fields.values() if model else ()
    given = {field.alias or "": "queue/or-name" for field in needed if field.is_required()}
    statement = f"import app, {also}" if also else "import app"
    return _start(statement, REPOSITORY / "functions" / name, given)


def measure() -> list[Measured]:
    """All starts, round after round so that a slow moment of the machine falls on all of them."""
    starts: dict[str, Callable[[], Start]] = {
        UNIT: unit,
        **{name: partial(function, name) for name in FUNCTIONS},
        "analysis + anthropic": partial(function, "analysis", also="anthropic"),
    }
    for start in starts.values():
        start()  # Once for the compiled files and the disk's cache.
    rounds = [{name: start() for name, start in starts.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(one[name].seconds for one in rounds) for name in starts}
    whole = medians[UNIT]
    return [
        Measured(
            name=name,
            milliseconds=medians[name] * 1000,
            ratio=medians[name] / whole,
            modules=len(rounds[0][name].modules),
            watched=rounds[0][name].watched,
        )
        for name in starts
    ]


def _start(statement: str, directory: Path, given: Mapping[str, str]) -> Start:
    path = os.pathsep.join([str(directory), str(REPOSITORY / "layers" / "responder")])
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": path,
        # Clients are made, never used.
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        **given,
    }
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", _PROGRAM.format(statement=statement)],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{statement} in {directory.name} fails:\n{done.stderr}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Start(said["seconds"], frozenset(said["modules"]))

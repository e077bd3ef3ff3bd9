"""One start of a function in a fresh process, and what it brings in: modules, bytes, time.

``coldstart`` measures what was built; ``tests/unit/test_imports.py`` counts what the sources bring.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from responder import settings

REPOSITORY = Path(__file__).resolve().parents[1]
#: Heavy packages whose absence is a promise of some function.
WATCHED = ("anthropic", "slack_sdk", "cryptography")
UNIT = "import boto3; boto3.client('sqs')"

_NEEDED: Mapping[str, type[settings.Common] | None] = {
    "reception": settings.Reception,
    "analysis": settings.Analysis,
    "distribution": settings.Distribution,
    "hook": None,
    "heartbeat": settings.Heartbeat,
}
FUNCTIONS = tuple(_NEEDED)
# What it imports itself is in every process, so that it counts in none. Processor time is told by
# module: that of importing it, without those that it imports in turn.
_PROGRAM = """
import importlib._bootstrap, json, os, sys, time
before, own, inner, folders = set(sys.modules), {{}}, [0.0], [0]
whole, clock = importlib._bootstrap._find_and_load, time.process_time

def find(name, import_):
    inner.append(0.0)
    began = clock()
    try:
        return whole(name, import_)
    finally:
        took = clock() - began
        own[name] = own.get(name, 0.0) + took - inner.pop()
        inner[-1] += took

def heard(event, given):
    folders[0] += event == "os.listdir"

def peak():
    # Not getrusage's, which begins with the memory of the process that started this one.
    if not os.path.exists("/proc/self/status"):
        return 0
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

if {counting}:
    importlib._bootstrap._find_and_load = find
    sys.addaudithook(heard)
began = clock()
{statement}
took = clock() - began
{then}
then = clock() - began - took
new = [sys.modules[name] for name in set(sys.modules) - before]
files = {{one.__file__ for one in new if (getattr(one, "__file__", None) or "").endswith(".py")}}
print(json.dumps({{
    "seconds": took,
    "seconds_then": then,
    "modules": sorted(set(sys.modules) - before),
    "code_bytes": sum(map(os.path.getsize, files)),
    "folders": folders[0],
    "peak_kilobytes": peak(),
    "own": own,
}}))
"""


@dataclass(frozen=True)
class Start:
    """One start: its processor time, and what it brought in.

    ``seconds_then`` is the processor time of what was done after it. ``code_bytes`` is the size of
    the modules' sources, ``folders`` how many were listed, ``peak_megabytes`` 0 where the system
    does not tell. ``own`` is the processor time of each import by itself.
    """

    seconds: float
    seconds_then: float
    modules: frozenset[str]
    code_bytes: int
    folders: int
    peak_megabytes: float
    own: Mapping[str, float]

    @property
    def watched(self) -> tuple[str, ...]:
        """Which of the watched packages it imported."""
        return tuple(name for name in WATCHED if name in self.modules)


def unit() -> Start:
    """The unit: what any function that talks to SQS pays at least."""
    return start(UNIT, [], {}, counting=True)


def function(name: str, *, also: str = "", then: str = "") -> Start:
    """The start of one function from the sources; ``also`` imports one package more.

    ``then`` is done once it has started.
    """
    path = [REPOSITORY / "functions" / name, REPOSITORY / "layers" / "responder"]
    return start(statement_of(also), path, variables_of(name), counting=True, then=then)


def statement_of(also: str = "") -> str:
    """What Lambda's init does."""
    return f"import app, {also}" if also else "import app"


def variables_of(name: str) -> dict[str, str]:
    """The variables that a function demands; clients are made with them, and never used."""
    model = _NEEDED[name]
    needed = model.model_fields.values() if model else ()
    return {field.alias or "": "queue/or-name" for field in needed if field.is_required()}


def start(
    statement: str,
    path: list[Path],
    given: Mapping[str, str],
    *,
    counting: bool = False,
    alone: bool = False,
    then: str = "",
) -> Start:
    """A fresh process that finds modules in ``path``; ``alone``: and nowhere else.

    ``then`` is done once it has started. ``counting`` fills ``folders`` and ``own``, which takes
    some time itself.
    """
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        **given,
    }
    program = _PROGRAM.format(statement=statement, counting=counting, then=then)
    done = subprocess.run(  # noqa: S603 (our own program)
        # -S: without the packages of this environment.
        [sys.executable, *(["-S"] if alone else []), "-c", program],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{statement} in {path} fails:\n{done.stderr}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Start(
        seconds=said["seconds"],
        seconds_then=said["seconds_then"],
        modules=frozenset(said["modules"]),
        code_bytes=said["code_bytes"],
        folders=said["folders"],
        peak_megabytes=said["peak_kilobytes"] / 1024,
        own=said["own"],
    )

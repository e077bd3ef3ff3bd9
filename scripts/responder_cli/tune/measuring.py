"""Measured runs of a copy of a function at several sizes of memory.

The copy has the live version's code, layers, role and variables, and a name of its own; nothing
that serves alerts is touched, and no alarm watches it. Killed half-way, it leaves the copy behind,
which costs nothing and which the next run deletes first.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from responder_cli.aws import LIVE, Stack
from responder_cli.layers import Gone, location
from responder_cli.mending import command
from responder_cli.webhook import download

#: What the check of every new version is called with; see docs/deploy.md, Updates.
EVENT = {"synthetic": "tune-memory"}
#: What the copy has of the function.
_COPIED = ("Runtime", "Role", "Handler", "Timeout", "Architectures", "LoggingConfig")
_REPORT = re.compile(r"^REPORT .*$", re.MULTILINE)
_FIGURE = re.compile(r"(Init Duration|Billed Duration|Duration|Max Memory Used): ([\d.]+)")


class Failed(Exception):
    """Nothing is known of the size: no copy can be made, or its run failed or told no figures."""


@dataclass(frozen=True)
class Run:
    """What Lambda reports of one invocation, in milliseconds and MB. ``init`` 0: it was warm."""

    duration: float
    billed: float
    used: int
    init: float = 0.0


@dataclass(frozen=True)
class Measured:
    """The runs at one size; the first one was cold."""

    size: int
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Way:
    """How one function is measured: its names, and which sizes how often."""

    short: str
    sizes: Sequence[int]
    times: int

    def copy(self, stack: Stack) -> str:
        """What the copy is called."""
        return f"{stack.name}-tune-{self.short}"


def measure(stack: Stack, way: Way, advance: Callable[[], None]) -> Iterator[Measured]:
    """The sizes in turn, each with a cold run and ``times`` warm ones. Raises Failed."""
    client = stack.client("lambda")
    with _copied(stack, way) as name:
        for size in way.sizes:
            client.update_function_configuration(FunctionName=name, MemorySize=size)
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
            runs = []
            for _ in range(way.times + 1):
                runs.append(_run(client, name))
                advance()
            yield Measured(size, tuple(runs))


@contextmanager
def _copied(stack: Stack, way: Way) -> Iterator[str]:
    client, name = stack.client("lambda"), way.copy(stack)
    live = client.get_function(FunctionName=stack.function(way.short), Qualifier=LIVE)
    _check_layers(stack, live["Configuration"])
    _delete(client, name)
    try:
        client.create_function(**_like(live, name))
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        yield name
    finally:
        _delete(client, name)


def _check_layers(stack: Stack, live: Mapping[str, Any]) -> None:
    """A function goes on with layers that a deployment has deleted; its copy cannot have them."""
    for layer in live.get("Layers", []):
        try:
            location(stack.client("lambda"), layer["Arn"])
        except Gone as gone:
            raise Failed(
                f"no copy of the live version can be made: its layer {layer['Arn']} was replaced by"
                f" a newer deployment, as after a rollback ({gone}). Deploy, or go forward again"
                f" ({command(stack, 'rollback --undo')}), and measure then"
            ) from gone


def _like(live: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = live["Configuration"]
    copy = {
        **{key: given[key] for key in _COPIED if key in given},
        "FunctionName": name,
        "Description": "Made and deleted by responder tune memory",
        "Code": {"ZipFile": download(live["Code"]["Location"])},
        "Environment": {"Variables": given.get("Environment", {}).get("Variables", {})},
        "Layers": [layer["Arn"] for layer in given.get("Layers", [])],
    }
    if subnets := given.get("VpcConfig", {}).get("SubnetIds"):
        groups = given["VpcConfig"]["SecurityGroupIds"]
        copy["VpcConfig"] = {"SubnetIds": subnets, "SecurityGroupIds": groups}
    return copy


def _delete(client: Any, name: str) -> None:  # noqa: ANN401 - boto3
    try:
        client.delete_function(FunctionName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _run(client: Any, name: str) -> Run:  # noqa: ANN401 - boto3
    answer = client.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(EVENT))
    if "FunctionError" in answer:
        said = answer["Payload"].read().decode(errors="replace")
        raise Failed(f"the function fails: {said}")
    return read(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))


def read(log: str) -> Run:
    """The report at the end of an invocation's log, as JSON or as text. Raises Failed."""
    for line in log.splitlines():
        if line.startswith("{") and '"platform.report"' in line:
            metrics = json.loads(line)["record"]["metrics"]
            return Run(
                duration=float(metrics["durationMs"]),
                billed=float(metrics["billedDurationMs"]),
                used=int(metrics["maxMemoryUsedMB"]),
                init=float(metrics.get("initDurationMs", 0)),
            )
    found = dict(_FIGURE.findall(_report(log)))
    return Run(
        duration=float(found["Duration"]),
        billed=float(found["Billed Duration"]),
        used=int(float(found["Max Memory Used"])),
        init=float(found.get("Init Duration", 0)),
    )


def _report(log: str) -> str:
    found = _REPORT.search(log)
    if found is None or "Max Memory Used" not in found[0]:
        raise Failed("Lambda told no figures of the run")
    return found[0]

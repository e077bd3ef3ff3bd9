"""Our functions inside this process: their handlers, what they find there, and their batches."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from bench.imports import REPOSITORY


@dataclass(frozen=True)
class Lane:
    """The function that takes from a queue, and the most messages that it gets at a time."""

    function: str
    batch: int


#: By queue, as the template has them (``tests/template/test_functions.py``).
LANES = {
    "processing": Lane("analysis", 10),
    "critical_processing": Lane("analysis", 10),
    "critical": Lane("distribution", 1),
    "distribution": Lane("distribution", 5),
    "analysis": Lane("analysis", 1),
}
#: Variables for runs of many new problems at once: storms and throttles would hold them back.
NOTHING_HELD = {"STORM_THRESHOLD": "0", "THROTTLE_THRESHOLD": "0"}


def handler(function: str) -> Callable[..., Any]:
    """What Lambda calls; the function is built with the environment of this moment."""
    path = REPOSITORY / "functions" / function / "app.py"
    spec = spec_from_file_location(f"bench_{function}", path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path} is no module")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = module.handler
    return found


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These besides this process' own ones; afterwards all are as they were."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def records(queue: str, *bodies: str) -> list[dict[str, Any]]:
    """A batch as Lambda hands it over, each message for the first time."""
    return [
        {
            "messageId": f"m{number}",
            "receiptHandle": "r",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
        }
        for number, body in enumerate(bodies)
    ]

"""Local servers that stand in for Claude, for tests of the adapter and its ways in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local_stack import claude_server
from local_stack.loopback import Reply, Request, Server


@contextmanager
def serving(application: Callable[[Request], Reply]) -> Iterator[Server]:
    """Whatever the test answers."""
    server = Server(application, 0)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def local(**options: Any) -> Iterator[Server]:
    """The local Claude with its rules."""
    server = claude_server.start(**options)
    try:
        yield server
    finally:
        server.stop()

"""The local Claude, for tests of the adapter and its ways in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_stack import claude_server
from local_stack.loopback import Server


@contextmanager
def local(**options: Any) -> Iterator[Server]:
    """The local Claude with its rules."""
    server = claude_server.start(**options)
    try:
        yield server
    finally:
        server.stop()

"""The local Claude, and a breaker that is not in its way, for tests of the adapter."""

from collections.abc import Callable, Iterator
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


class Unguarded:
    """A breaker that is always closed: what is planned reaches the server."""

    def call[T](self, action: Callable[[], T]) -> T:
        return action()

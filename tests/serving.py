"""A local HTTP server that answers what a test says."""

from collections.abc import Iterator
from contextlib import contextmanager

from local_stack.loopback import Application, Server, Wait


@contextmanager
def serving(application: Application, wait: Wait | None = None) -> Iterator[Server]:
    """The server, while it runs; ``wait`` stands in for the delays of its replies."""
    server = Server(application, 0, wait)
    try:
        yield server
    finally:
        server.stop()

"""An emulator that nothing is deployed on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local_stack import layout, servers
from local_stack.ports import Ports
from local_stack.servers import Emulator


@contextmanager
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """On an unused port, for as long as the context; skips where its environment is missing."""
    if not layout.EMULATOR_PYTHON.exists():
        pytest.skip("the emulator's environment is missing: make setup")
    logs = tmp_path_factory.mktemp("log")
    with (
        servers.temporary_home() as home,
        servers.emulator(home, Ports.unused().aws, logs) as emulator,
    ):
        yield emulator

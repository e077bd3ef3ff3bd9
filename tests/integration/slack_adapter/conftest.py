"""A local Slack that wants the right token."""

from collections.abc import Iterator

import pytest

from integration.slack_adapter.chats import TOKEN
from local_stack.loopback import Server
from local_stack.slack_server import start


@pytest.fixture
def slack() -> Iterator[Server]:
    server = start(pace=0, token=TOKEN, archived_channels=["C0OLD"])
    yield server
    server.stop()

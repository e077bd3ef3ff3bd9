"""A local Slack with a clock that tests set, and a bot that talks to it."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from integration.clock import Clock
from integration.local_slack.calls import web_client
from local_stack import slack_server
from local_stack.loopback import Server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[Server]:
    running = slack_server.start(
        clock=clock, missing_channels=["#gone"], archived_channels=["#old"]
    )
    yield running
    running.stop()


@pytest.fixture
def bot(server: Server) -> WebClient:
    return web_client(server)

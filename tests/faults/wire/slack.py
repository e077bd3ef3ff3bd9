"""The bot's adapter against the local Slack, whose troubles the harness decides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from faults.configuration import ROUTED
from faults.slack import MemorySlack, Posted
from faults.wire.aws import first_value
from faults.world import World
from local_stack.loopback import Server
from local_stack.slack_server import MODES, LocalSlack
from local_stack.slack_workspace import Workspace
from local_stack.troubles import Troubles
from responder.adapters.secrets import Secret
from responder.adapters.slack import BotSlack
from responder.errors import ResponderError
from responder.ports import Message, Place

#: Seconds; every answer comes at once, or never.
TIMEOUT = 5
#: How Slack fails before anything took effect.
FAILURES: tuple[dict[str, Any], ...] = (
    {"mode": "429", "retry_after": 2},
    {"mode": "429", "retry_after": 20},
    {"mode": "500"},
    {"mode": "html"},
    {"mode": "drop"},
    {"mode": "ok_false", "error": "internal_error"},
    {"mode": "ok_false", "error": "ratelimited"},
)
REFUSED: tuple[dict[str, Any], ...] = (
    {"mode": "ok_false", "error": "msg_too_long"},
    {"mode": "ok_false", "error": "no_permission"},
)


class WireSlack(MemorySlack):
    """Calls the server through the adapter; its messages are the server's."""

    def __init__(self, world: World, server: Server, workspace: Workspace, token: Secret) -> None:
        """``token`` is what the adapter reads, from Secrets Manager."""
        super().__init__(world)
        self._workspace = workspace
        self._token = token
        self._bot = BotSlack(token, f"{server.url}/api/", TIMEOUT)
        self.troubles: Troubles
        self.app: LocalSlack
        self.rotate: Callable[[str], None]

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """As ``ports.Chat``."""
        takes = self._world.rng.uniform(0.05, 8)
        return self._call_wire(
            "post",
            lambda: self._bot.post(channel, message, delivery_id, thread_ts),
            takes,
            message.text,
        )

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """As ``ports.Chat``."""
        self._call_wire(
            "update",
            lambda: self._bot.update(channel, ts, message, delivery_id),
            0,
            message.text,
        )

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """As ``ports.Chat``."""
        return self._call_wire(
            "find", lambda: self._bot.find(channel, delivery_id, since, thread_ts), 0
        )

    def revoke(self, *, revoked: bool) -> None:
        """Slack takes another token; the secret is told of it later."""
        super().revoke(revoked=revoked)
        if revoked:
            self.app._token = "xoxb-slack-2"
        else:
            self.rotate("xoxb-slack-2")

    def archive(self, channel: str) -> None:
        """As in memory, and for the server."""
        self._workspace._archived.add(channel.removeprefix("#"))
        super().archive(channel)

    def lose_a_card(self) -> None:
        """As in memory, and for the server."""
        before = {message.ts: message for message in self.messages}
        super().lose_a_card()
        for ts in before.keys() - {message.ts for message in self.messages}:
            messages = self._workspace._messages
            for key in [key for key in messages if key[1] == ts]:
                del messages[key]

    def _call_wire[T](self, name: str, act: Callable[[], T], takes: float, text: str = "") -> T:
        def acted() -> T:
            try:
                return act()
            finally:
                self._look()

        def refused() -> Exception:
            order = self._world.rng.choice([*FAILURES, *FAILURES, *(REFUSED if text else ())])
            if order in REFUSED:
                self.refused.add(text)
            return self._with_trouble(order, act)

        return self._world.effect(
            f"slack.{name}",
            acted,
            refused=refused,
            unsent=lambda: self._with_trouble({"mode": "drop"}, act),
            cut_off=lambda: self._with_trouble({"mode": "drop_after_post"}, acted),
            takes=takes,
        )

    def _with_trouble[T](self, order: dict[str, Any], act: Callable[[], T]) -> Exception:
        """What the adapter makes of a call that meets trouble."""
        try:
            self._token(False)
            # An invalid message is tried again as text: that is refused alike.
            self.troubles.set({**order, "count": 1})
            act()
        except ResponderError as error:
            return error
        finally:
            self.troubles.set(None)
        raise AssertionError(f"{order} met nobody")

    def _look(self) -> None:
        """What people see in Slack by now."""
        self.messages[:] = [
            Posted(
                channel=one["channel"],
                ts=one["ts"],
                text=one["text"],
                delivery_id="",
                thread_ts=one["thread"] or "",
                at=datetime.fromtimestamp(one["posted_at"], UTC),
            )
            for one in self._workspace.listed()[1]
            if one["channel"] not in self.archived
        ]


@contextmanager
def serving_slack(world: World, secrets: Any) -> Iterator[WireSlack]:
    """A server of its own, without a pace: the pipeline's own has to do."""
    workspace = Workspace(lambda: world.now().timestamp(), pace=0)
    for name in ("#alerts", "#critical", ROUTED):
        workspace.introduce(name)
    troubles = Troubles(MODES, lambda: world.now().timestamp())
    app = LocalSlack(
        workspace, troubles, first_value("slack"), "#alerts", lambda: world.now().timestamp()
    )
    server = Server(app, 0)
    try:
        token = Secret(secrets, "slack", 300, lambda: world.now().timestamp())
        slack = WireSlack(world, server, workspace, token)
        slack.troubles, slack.app = troubles, app
        slack.rotate = lambda value: secrets.put_secret_value(SecretId="slack", SecretString=value)
        yield slack
    finally:
        server.stop()

"""Slack in memory, with a history."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from faults.failing import unanswered
from faults.world import World
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Message, Place

#: How Slack refuses a message for good.
REFUSALS = {"msg_too_long": Reason.INVALID_MESSAGE, "no_permission": Reason.REFUSED_BY_SLACK}


@dataclass
class Posted:
    """A message in Slack."""

    channel: str
    ts: str
    text: str
    delivery_id: str
    thread_ts: str
    at: datetime


class MemorySlack:
    """Slack with a history; ``editable`` is bot mode."""

    def __init__(self, world: World) -> None:
        """No messages."""
        self._world = world
        self.messages: list[Posted] = []
        self.deleted: set[str] = set()
        self.archived: set[str] = set()
        #: What was refused for good.
        self.refused: set[str] = set()
        self.revoked = False
        self._posted = 0

    @property
    def editable(self) -> bool:
        """Bot mode."""
        return True

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """As ``ports.Chat``; may land although the poster is gone or was told of a time-out."""

        def act() -> Place:
            self._check(channel, thread_ts)
            self._posted += 1
            ts = f"{self._posted}.0"
            self.messages.append(
                Posted(channel, ts, message.text, delivery_id, thread_ts, self._world.now())
            )
            return Place(channel, ts)

        return self._call("post", act, self._world.rng.uniform(0.05, 8), message.text)

    def archive(self, channel: str) -> None:
        """Somebody archives a channel (or there never was one): nobody sees its messages again."""
        self.archived.add(channel)
        unseen = [message for message in self.messages if message.channel == channel]
        for message in unseen:
            self.messages.remove(message)
            if not message.thread_ts:
                self.deleted.add(message.text.split("|")[1])
        self._world.note(f"archived {channel}")

    def revoke(self, *, revoked: bool) -> None:
        """The token is rotated in Slack; whoever rotates it has yet to store the new one."""
        self.revoked = revoked
        self._world.note(f"token revoked: {revoked}")

    def _check(self, channel: str, thread_ts: str = "") -> None:
        if self.revoked:
            raise Retryable(Reason.SECRET_MISSING, "token_revoked", after=60.0, took_effect=False)
        if channel in self.archived:
            raise Permanent(Reason.CHANNEL_ARCHIVED, "is_archived")
        if thread_ts and not any(message.ts == thread_ts for message in self.messages):
            raise Permanent(Reason.CARD_GONE, "thread_not_found")

    def lose_a_card(self) -> None:
        """Somebody deletes a message in Slack."""
        cards = [message for message in self.messages if not message.thread_ts]
        if cards:
            gone = self._world.rng.choice(cards)
            self.messages.remove(gone)
            self.deleted.add(gone.text.split("|")[1])
            self._world.note(f"deleted {gone.text}")

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """As ``ports.Chat``. An edit that lands after its caller died shows an older state."""

        def act() -> None:
            self._check(channel)
            one = next((m for m in self.messages if m.ts == ts), None)
            if one is None:
                raise Permanent(Reason.CARD_GONE, "message_not_found")
            one.text = message.text

        self._call("update", act, 0, message.text)

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """As ``ports.Chat``."""

        def act() -> Place | None:
            self._check(channel, thread_ts)
            return next(
                (
                    Place(m.channel, m.ts)
                    for m in self.messages
                    if (m.channel, m.delivery_id, m.thread_ts) == (channel, delivery_id, thread_ts)
                    and m.at >= since
                ),
                None,
            )

        return self._call("find", act, 0)

    def _call[T](self, name: str, act: Callable[[], T], takes: float, text: str = "") -> T:
        def refused() -> Exception:
            kind = self._world.rng.choice(["429", "429", "429", "500", *(REFUSALS if text else ())])
            if kind == "429":
                after = self._world.rng.choice([None, 1.0, 20.0])
                return Retryable(Reason.RATE_LIMITED, "429", after=after, took_effect=False)
            if kind == "500":
                return Retryable(Reason.UNAVAILABLE, "500")
            self.refused.add(text)
            return Permanent(REFUSALS[kind], kind)

        return self._world.effect(
            f"slack.{name}", act, refused=refused, unanswered=unanswered, takes=takes
        )

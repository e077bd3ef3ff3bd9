"""The messages of the local Slack: channels, threads, edits, and the pace Slack allows.

The local Slack's HTTP front calls it from many threads; one lock guards everything.
"""

import math
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# docs.slack.dev/apis/web-api/rate-limits: one message per second and channel, short bursts
# tolerated; chat.update is Tier 3, 50 and more per minute and workspace.
PACE_SECONDS = 1.0
PACE_BURST = 2
UPDATES_PER_MINUTE = 50

_CHANNEL = re.compile(r"[#CG]?[A-Za-z0-9_-]+")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,}")
_TS = re.compile(r"\d{1,12}\.\d{6}")

BOT = {"user": "U0LOCALBOT", "bot_id": "B0LOCALBOT", "app_id": "A0LOCALBOT", "team": "T0LOCAL"}


class SlackError(Exception):
    """An error code of Slack's. ``retry_after`` above zero makes it a 429."""

    def __init__(self, code: str, details: Sequence[str] = (), retry_after: int = 0) -> None:
        """``details`` go into ``response_metadata.messages``."""
        super().__init__(code)
        self.code = code
        self.details = list(details)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Channel:
    """A channel: the id that every method takes, and the name that people (and posts) use."""

    id: str
    name: str

    def answers_to(self, names: Collection[str]) -> bool:
        """Whether its id or its name (without #) is among ``names``."""
        return self.id in names or self.name.removeprefix("#") in names


@dataclass(frozen=True)
class Posted:
    """A message as it stands."""

    channel: Channel
    ts: str
    thread: str | None
    text: str
    blocks: list[Any]
    attachments: list[Any]
    metadata: Mapping[str, Any]
    via: str
    posted_at: float
    edits: int = 0
    edited_at: float | None = None
    broadcast: bool = False
    revision: int = 0

    def as_listed(self) -> dict[str, Any]:
        """The message as ``GET /api/messages`` shows it."""
        return {
            "channel": self.channel.name,
            "channel_id": self.channel.id,
            "ts": self.ts,
            "thread": self.thread,
            "broadcast": self.broadcast,
            "text": self.text,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "metadata": self.metadata,
            "edits": self.edits,
            "posted_at": self.posted_at,
            "edited_at": self.edited_at,
            "via": self.via,
        }

    def as_slack(self, *, with_metadata: bool = False) -> dict[str, Any]:
        """The message as Slack's methods return it."""
        message: dict[str, Any] = {"type": "message", "ts": self.ts, "text": self.text, **BOT}
        if self.blocks:
            message["blocks"] = self.blocks
        if self.attachments:
            numbered = enumerate(self.attachments, start=1)
            message["attachments"] = [{"id": number, **a} for number, a in numbered]
        if self.thread:
            message["thread_ts"] = self.thread
        if self.broadcast:
            message["subtype"] = "thread_broadcast"
        if self.edited_at is not None:
            message["edited"] = {"user": BOT["user"], "ts": f"{self.edited_at:.6f}"}
        if with_metadata and self.metadata:
            message["metadata"] = dict(self.metadata)
        return message


@dataclass
class Pace:
    """Admits one call per ``interval`` seconds and key, with a burst (0 = no limit).

    Keeps per key the time at which a steady sender would have come to now; a refused call costs
    nothing.
    """

    interval: float
    burst: int
    _due: dict[str, float] = field(default_factory=dict)

    def admit(self, key: str, now: float) -> None:
        """Raise the SlackError of a 429 when the call comes too early."""
        due = max(self._due.get(key, now), now)
        wait = due - now - (self.burst - 1) * self.interval
        # A millisecond of grace: sums of floats near the epoch's seconds are not exact.
        if self.interval > 0 and wait > 0.001:
            raise SlackError("ratelimited", retry_after=math.ceil(wait))
        self._due[key] = due + self.interval


class Workspace:
    """All channels and messages. Every method is safe to call from any thread."""

    def __init__(
        self,
        clock: Callable[[], float],
        pace: float = PACE_SECONDS,
        missing: Sequence[str] = (),
        archived: Sequence[str] = (),
    ) -> None:
        """``missing`` and ``archived`` name channels, by name or id."""
        self._clock = clock
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._missing = {name.lstrip("#") for name in missing}
        self._archived = {name.lstrip("#") for name in archived}
        self._channels: dict[str, Channel] = {}
        self._messages: dict[tuple[str, str], Posted] = {}
        self._last_ts = 0
        self._cleared = 0
        self._revision = 0
        self.set_pace(pace)

    def set_pace(self, seconds: float) -> None:
        """Seconds between two messages of a channel; 0 lifts the limit on edits as well."""
        with self._lock:
            self._posts = Pace(seconds, PACE_BURST)
            self._updates = Pace(60 / UPDATES_PER_MINUTE if seconds else 0.0, UPDATES_PER_MINUTE)

    def clear(self) -> None:
        """Forget every message and every pace, keep the channels."""
        with self._lock:
            self._messages.clear()
            self.set_pace(self._posts.interval)
            self._cleared = self.touch()

    def touch(self) -> int:
        """Something changed that the page shows; the new revision."""
        with self._lock:
            self._revision += 1
            self._changed.notify_all()
            return self._revision

    def wait_past(self, revision: int, seconds: float) -> int:
        """The revision, once it is another one or the time is over."""
        with self._lock:
            self._changed.wait_for(lambda: self._revision != revision, seconds)
            return self._revision

    def changed_since(self, revision: int) -> dict[str, Any]:
        """What a reader who knows ``revision`` is missing; ``reset`` when he must forget it all."""
        with self._lock:
            reset = not self._cleared <= revision <= self._revision
            known = 0 if reset else revision
            news = [m.as_listed() for m in self._messages.values() if m.revision > known]
            return {"revision": self._revision, "reset": reset, "messages": news}

    def introduce(self, name: str) -> None:
        """Make a channel known by its name, so that its id is known too."""
        with self._lock:
            self._by_name(name.lstrip("#"))

    def channels(self) -> list[Channel]:
        """Every channel that is known so far and not archived."""
        with self._lock:
            return [one for one in self._channels.values() if not one.answers_to(self._archived)]

    def channel(self, name_or_id: object, *, by_name: bool) -> Channel:
        """The channel meant; only posting takes a name, all other methods want the id."""
        if not isinstance(name_or_id, str) or not _CHANNEL.fullmatch(name_or_id):
            raise SlackError("channel_not_found")
        is_id = bool(_CHANNEL_ID.fullmatch(name_or_id))
        if not is_id and not by_name:
            hint = f"[WARN] this method takes a channel id, not the name {name_or_id}"
            raise SlackError("channel_not_found", [hint])
        with self._lock:
            found = self._by_id(name_or_id) if is_id else self._by_name(name_or_id.lstrip("#"))
        if found.answers_to(self._missing):
            raise SlackError("channel_not_found")
        return found

    def post(
        self,
        channel: Channel,
        message: Mapping[str, Any],
        via: str,
        thread_ts: str = "",
    ) -> Posted:
        """Store a message that the rules have passed."""
        with self._lock:
            self._refuse_archived(channel)
            thread = self._root(channel, thread_ts) if thread_ts else None
            now = self._clock()
            self._posts.admit(channel.id, now)
            posted = Posted(
                channel=channel,
                ts=self._next_ts(now),
                thread=thread,
                text=message.get("text") or "",
                blocks=message.get("blocks") or [],
                attachments=message.get("attachments") or [],
                metadata=message.get("metadata") or {},
                via=via,
                posted_at=now,
                broadcast=bool(thread and message.get("reply_broadcast")),
                revision=self.touch(),
            )
            self._messages[channel.id, posted.ts] = posted
            return posted

    def update(self, channel: Channel, ts: str, change: Mapping[str, Any]) -> Posted:
        """Edit a message of the bot's own.

        What the change leaves out stays, but for blocks, which a new text replaces
        (docs.slack.dev/reference/methods/chat.update).
        """
        with self._lock:
            self._refuse_archived(channel, "is_inactive")
            old = self._messages.get((channel.id, ts))
            if old is None:
                raise SlackError("message_not_found")
            if old.via != "bot":
                raise SlackError("cant_update_message")
            now = self._clock()
            self._updates.admit("workspace", now)
            blocks = change.get("blocks")
            if blocks is None:
                blocks = [] if change.get("text") else old.blocks
            kept = {
                name: getattr(old, name) if change.get(name) is None else change[name]
                for name in ("text", "attachments", "metadata")
            }
            counted: dict[str, Any] = {
                "edits": old.edits + 1,
                "edited_at": now,
                "revision": self.touch(),
            }
            new = replace(old, blocks=blocks, **counted, **kept)
            self._messages[channel.id, ts] = new
            return new

    def history(self, channel: Channel) -> list[dict[str, Any]]:
        """What the channel shows, newest first: all but replies that were not broadcast."""
        with self._lock:
            mine = [m for (cid, _), m in self._messages.items() if cid == channel.id]
        replies: dict[str, list[Posted]] = {}
        for message in mine:
            if message.thread:
                replies.setdefault(message.thread, []).append(message)
        roots = [m for m in mine if not m.thread or m.broadcast]
        return [_with_thread(m, replies.get(m.ts, [])) for m in reversed(roots)]

    def replies(self, channel: Channel, ts: str) -> list[dict[str, Any]]:
        """A thread: its first message, then the replies, oldest first."""
        with self._lock:
            root = self._messages.get((channel.id, ts))
            mine = [m for (cid, _), m in self._messages.items() if cid == channel.id]
        if root is None:
            raise SlackError("thread_not_found")
        answers = [m for m in mine if m.thread == ts]
        return [_with_thread(root, answers), *(m.as_slack(with_metadata=True) for m in answers)]

    def listed(self) -> tuple[int, list[dict[str, Any]]]:
        """Every message in the order of posting, and the revision that they show."""
        with self._lock:
            return self._revision, [message.as_listed() for message in self._messages.values()]

    def _refuse_archived(self, channel: Channel, word: str = "is_archived") -> None:
        if channel.answers_to(self._archived):
            raise SlackError(word)

    def _by_id(self, channel_id: str) -> Channel:
        name = "#" + (channel_id.removeprefix("C0").lower() or channel_id)
        return self._channels.setdefault(channel_id, Channel(channel_id, name))

    def _by_name(self, name: str) -> Channel:
        for channel in self._channels.values():
            if channel.name == f"#{name}":
                return channel
        base = "C0" + re.sub(r"[^A-Z0-9]", "", name.upper())
        channel_id, number = base, 1
        while channel_id in self._channels:
            number += 1
            channel_id = f"{base}{number}"
        return self._channels.setdefault(channel_id, Channel(channel_id, f"#{name}"))

    def _root(self, channel: Channel, thread_ts: str) -> str:
        if not is_ts(thread_ts):
            raise SlackError("invalid_thread_ts")
        found = self._messages.get((channel.id, thread_ts))
        if found is None:
            raise SlackError("thread_not_found")
        return found.thread or found.ts

    def _next_ts(self, now: float) -> str:
        # Strictly rising, as Slack's are within a channel, whatever the clock does.
        self._last_ts = max(self._last_ts + 1, int(now * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def is_ts(value: object) -> bool:
    """Whether it has the form of a message's ts."""
    return isinstance(value, str) and bool(_TS.fullmatch(value))


def _with_thread(message: Posted, replies: Sequence[Posted]) -> dict[str, Any]:
    shown = message.as_slack(with_metadata=True)
    if replies:
        latest = replies[-1].ts
        shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": latest}
    return shown

"""A stack that an earlier version has left behind, with this version's functions in it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.cost.town import Town, town
from bench.cost.wire import STACK, Wire

from local_stack.loopback import Reply, Request, json_reply
from responder.card import Card
from responder.incident import Incident
from responder.ports import Record
from responder.protocols import items
from upgrades.kinds import id_of

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
NAMES = [path.stem for path in GOLDEN]


def golden(name: str) -> dict[str, Any]:
    """What a version wrote."""
    found: dict[str, Any] = json.loads(
        (Path(__file__).parent / "golden" / f"{name}.json").read_text()
    )
    return found


def written_items(found: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Table, id and attributes of every item."""
    for table, members in found["tables"].items():
        for item in members:
            yield table, id_of(item), item


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as plain JSON, without what the store adds to it."""
    from responder.adapters.dynamodb import _plain

    added = ("version", "ttl")
    return {name: _plain(value) for name, value in item.items() if name not in added}


@dataclass
class Workspace:
    """Slack with the messages that an earlier version posted, as far as anybody edits them."""

    posted: set[str]
    edited: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        method = request.path.removeprefix("/api/")
        asked = json.loads(request.body) if method.startswith("chat.") else {}
        if method == "chat.update":
            if asked["ts"] not in self.posted:
                return json_reply({"ok": False, "error": "message_not_found"})
            self.edited.append(asked["ts"])
            return json_reply({"ok": True, "ts": asked["ts"], "channel": asked["channel"]})
        if method == "chat.postMessage":
            ts = f"1900000000.{len(self.new):06}"
            self.posted.add(ts)
            self.new.append(json.dumps(asked))
            return json_reply({"ok": True, "ts": ts, "channel": asked["channel"]})
        return json_reply({"ok": True, "messages": [], "has_more": False})


@dataclass
class Old:
    """The stack, and what is seen of it."""

    name: str
    written: dict[str, Any]
    pipeline: Town
    wire: Wire
    slack: Workspace

    def incident(self, service: str) -> Incident:
        """The incident of a service as it is now."""
        stored = self.wire.tables[f"{STACK}-incidents"].items()
        found = [
            items.decode(Record(1, plain(item)), Incident)
            for key, item in stored
            if key.startswith("incident#") and item.get("service") == {"S": service}
        ]
        (only,) = [one for one in found if one is not None]
        return only

    def card(self, incident: Incident) -> Card:
        """Its card as it is now."""
        item = self.wire.tables[f"{STACK}-incidents"][f"card#{incident.incident_id}"]
        found = items.decode(Record(1, plain(item)), Card)
        assert found is not None
        return found

    @property
    def troubles(self) -> dict[str, float]:
        """Dead letters, and what a lane failed at."""
        counted = self.pipeline.bill.units.items()
        return {name: number for name, number in counted if name.startswith("dead letters")}


@contextmanager
def left_by(name: str, later: timedelta = timedelta(minutes=5)) -> Iterator[Old]:
    """This version's functions, a little ``later`` than the earlier one's last write."""
    written = golden(name)
    cards = {
        item["ts"]["S"]
        for _, item_id, item in written_items(written)
        if item_id.startswith("card#") and item["ts"]["S"]
    }
    slack = Workspace(cards)
    start = datetime.fromisoformat(written["at"]) + later
    with town(start, slack) as (pipeline, wire):
        for table, item_id, item in written_items(written):
            # Golden items do not expire.
            kept = {name: value for name, value in item.items() if name != "ttl"}
            wire.tables[f"{STACK}-{table}"][item_id] = kept
        pipeline.ticks = False
        yield Old(name, written, pipeline, wire, slack)

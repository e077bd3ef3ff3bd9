"""Which items of a backup come back into tables that are in use: pure, ``filling`` does it.

What the live tables have is left as it is. What they lack comes back, but for what would show an
incident twice or stand in the way of what the stack has begun since:

- Incidents of a problem are numbered by its head (storms by their weather). Where the stack has
  numbered anew, those with higher numbers stay away: their ids will be given out again. Those
  before its newest one come back as past: closed, and never looked at again.
- An incident that had no card yet stays away: its card was posted after the backup, and nobody
  knows where. The problem's next alert opens the next one.
- A card, and a fingerprint's pointer, come back with their incident alone.
- A document of the operators comes back whole or, where the stack has one, not at all.

Head, newest incident and card are one transaction, so that no alert meets them halfway.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from responder.incident import IncidentState
from responder.policy.storm import KINDS
from responder.ports import Key, Table

#: True at one moment only, or written by the stack within minutes. An old roll would be called
#: against the queues of now.
MOMENTARY = ("heartbeat#", "pace#", "breaker#", "claude-troubles", "operator-notice#", "rollcall")
#: Written as a whole: the name has the newest, ``name#n`` the parts or versions.
DOCUMENTS = frozenset({"signature-rules", "routes", "inhibitions", "silences", "windows"})
_STORMS = tuple(f"{kind}:" for kind in KINDS)


class Left(StrEnum):
    """Why an item of the backup does not come back."""

    EXPIRED = "expired"
    MOMENTARY = "true at that moment only"
    OWN = "this stack has its own since"
    RENUMBERED = "this stack has numbered the problem's incidents anew"
    NO_HEAD = "half written"
    NO_CARD = "had no card yet"
    WITHOUT = "its incident does not come back"


@dataclass(frozen=True)
class Item:
    """An item as DynamoDB writes it."""

    key: Key
    raw: Mapping[str, Any] = field(hash=False)

    def text(self, name: str) -> str:
        """An attribute that is a text; empty where there is none."""
        return str(self.raw.get(name, {}).get("S", ""))

    def number(self, name: str) -> int:
        """An attribute that is a whole number; 0 where there is none."""
        return int(self.raw.get(name, {}).get("N", 0))


#: What comes back in one transaction.
type Group = tuple[Item, ...]
#: What the live tables have of the keys that were asked for.
type Live = Mapping[Key, Item]


@dataclass
class Placement:
    """What comes back, what is there already, what stays away and why, and which incidents do.

    A chain's groups are written in their order; when one cannot be, the rest stays away.
    """

    chains: list[tuple[Group, ...]] = field(default_factory=list)
    there: Counter[Table] = field(default_factory=Counter)
    left: Counter[tuple[Table, Left]] = field(default_factory=Counter)
    incidents_left: list[tuple[Left, Item]] = field(default_factory=list)

    @property
    def coming(self) -> Counter[Table]:
        """How many items come back, by table."""
        return Counter(item.key.table for chain in self.chains for group in chain for item in group)


def wanted(items: Iterable[Item]) -> set[Key]:
    """What must be known of the live tables to place these items."""
    found = {item.key for item in items}
    return found | {_root(key) for item in items if (key := item.text("key")) and _numbered(item)}


def place(items: Sequence[Item], live: Live, now: datetime, *, all_cards: bool) -> Placement:
    """Place the items of the incidents and state tables, or of the alerts table.

    ``all_cards`` brings back also what had no card: it gets one, perhaps a second one.
    """
    placement = Placement()
    absent: dict[Key, Item] = {}
    for item in items:
        if item.key in live:
            placement.there[item.key.table] += 1
        elif reason := _unfit(item, now):
            placement.left[item.key.table, reason] += 1
        else:
            absent[item.key] = item
    _Placing({item.key: item for item in items}, absent, live, placement, all_cards).run()
    return placement


def past(incident: Item) -> Item:
    """An incident that is over, whatever it said: nobody looks at it again, its card stays."""
    raw = {
        name: value for name, value in incident.raw.items() if name not in ("due_at", "due_shard")
    }
    if incident.text("state") == IncidentState.OPEN:
        raw |= {"state": {"S": IncidentState.CLOSED.value}, "resolved_at": raw["last_seen"]}
    return Item(incident.key, raw)


def _unfit(item: Item, now: datetime) -> Left | None:
    if 0 < item.number("ttl") <= now.timestamp():
        return Left.EXPIRED
    if item.key.table is Table.STATE and item.key.id.startswith(MOMENTARY):
        return Left.MOMENTARY
    return None


def _numbered(item: Item) -> bool:
    return item.key.table is Table.INCIDENTS and item.key.id.startswith("incident#")


def _root(incident_key: str) -> Key:
    """Where the newest number of a problem's incidents is, or of a place's storms."""
    if incident_key.startswith(_STORMS):
        return Key(Table.STATE, f"weather#{incident_key}")
    return Key(Table.INCIDENTS, f"head#{incident_key}")


def _newest(root: Item) -> int:
    return root.number("storms") if root.key.table is Table.STATE else root.number("episode")


@dataclass
class _Placing:
    """One placement on its way: ``absent`` has what is not placed yet."""

    backup: dict[Key, Item]
    absent: dict[Key, Item]
    live: Live
    placement: Placement
    all_cards: bool
    back: set[str] = field(default_factory=set)

    def run(self) -> None:
        incidents: dict[str, list[Item]] = {}
        for item in self.absent.values():
            if _numbered(item):
                incidents.setdefault(item.text("key"), []).append(item)
        for key, episodes in incidents.items():
            self._problem(_root(key), sorted(episodes, key=lambda one: one.number("episode")))
        for name in DOCUMENTS:
            self._document(name)
        for item in list(self.absent.values()):
            self._single(item)

    def _problem(self, root: Key, episodes: list[Item]) -> None:
        known = self.live.get(root) or self.absent.get(root)
        if known is None:
            self._leave(Left.NO_HEAD, *episodes)
            return
        newest = _newest(known)
        chain: list[Group] = []
        if root not in self.live:
            chain.append(self._taken(known, *self._whole(episodes, newest)))
        for incident in episodes:
            if incident.key not in self.absent:
                continue
            if incident.number("episode") > newest:
                self._leave(Left.RENUMBERED, incident)
            elif group := self._whole([incident], newest):
                chain.append(self._taken(*group))
        self._add(*chain)

    def _whole(self, episodes: list[Item], newest: int) -> Group:
        """The newest of these with its card, or as past; nothing where it must stay away."""
        incident = episodes[-1]
        number = incident.number("episode")
        if number > newest:
            return ()
        card = self.backup.get(_card_of(incident))
        cards = (card,) if card is not None and card.key in self.absent else ()
        shown = card is not None and bool(card.text("ts") or _true(card, "posted"))
        told = shown or bool(incident.text("held")) or "silence" in incident.raw or self.all_cards
        if number < newest:
            return (past(incident), *cards)
        if not told and incident.text("state") == IncidentState.OPEN:
            self._leave(Left.NO_CARD, incident)
            return ()
        return (incident if told else past(incident), *cards)

    def _document(self, name: str) -> None:
        """The parts or versions first, what leads to them last: whoever reads finds all or none."""
        root = Key(Table.STATE, name)
        parts = [one for one in self.absent.values() if one.key.id.partition("#")[0] == name]
        parts = [one for one in parts if one.key.table is Table.STATE]
        if root in self.live or root not in self.absent:
            self._leave(Left.OWN if root in self.live else Left.NO_HEAD, *parts)
            return
        leads = self.absent[root]
        self._add(*(self._taken(one) for one in [*(p for p in parts if p is not leads), leads]))

    def _single(self, item: Item) -> None:
        if item.key not in self.absent:
            return
        of = _incident_of(item)
        if of and not self._comes_back(of):
            self._leave(Left.WITHOUT, item)
        else:
            self._add(self._taken(item))

    def _comes_back(self, incident_id: str) -> bool:
        """Whether an incident does, or is there and the very same one."""
        if incident_id in self.back:
            return True
        key = Key(Table.INCIDENTS, f"incident#{incident_id}")
        there, kept = self.live.get(key), self.backup.get(key)
        if there is None or kept is None:
            return False
        return there.text("opened_at") == kept.text("opened_at")

    def _taken(self, *group: Item) -> Group:
        for item in group:
            self.absent.pop(item.key, None)
            if _numbered(item):
                self.back.add(item.text("incident_id"))
        return group

    def _add(self, *chain: Group) -> None:
        if chain:
            self.placement.chains.append(chain)

    def _leave(self, why: Left, *items: Item) -> None:
        for item in items:
            self.absent.pop(item.key, None)
            self.placement.left[item.key.table, why] += 1
            if _numbered(item):
                self.placement.incidents_left.append((why, item))


def _card_of(incident: Item) -> Key:
    return Key(Table.INCIDENTS, f"card#{incident.text('incident_id')}")


def _true(item: Item, name: str) -> bool:
    return bool(item.raw.get(name, {}).get("BOOL"))


def _incident_of(item: Item) -> str:
    """The incident without which an item must not be; empty where there is none."""
    kind, _, rest = item.key.id.partition("#")
    if item.key.table is Table.INCIDENTS and kind == "card":
        return rest
    if item.key.table is Table.INCIDENTS and kind == "pointer":
        return item.text("incident_id")
    if item.key.table is Table.STATE and kind.startswith(_STORMS):
        return kind
    return ""

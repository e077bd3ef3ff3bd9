"""What a reconciliation knows of a stack, as values; ``gathering`` reads it, ``verdict`` judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from responder.card import Card
from responder.incident import AlertRecord, Incident


@dataclass(frozen=True)
class Period:
    """Which alerts: accepted from ``start`` to ``end``, and ``known`` of by others."""

    start: datetime
    end: datetime
    known: Mapping[str, datetime]


@dataclass(frozen=True)
class Dead:
    """Dead letters by what they are about. ``unread`` are those that nobody looked into."""

    ids: frozenset[str] = frozenset()
    unread: int = 0


@dataclass(frozen=True)
class Facts:
    """A stack at one moment.

    ``start`` and ``end`` are the period's. ``accepted`` are its alerts by reception's own word,
    with when. ``records`` are those that the tables know, ``mine`` of them of the period; all that
    were accepted from ``known_from`` on are among them, but for the ``unreadable`` ones, which
    another release wrote: ids of alerts, and of incidents for themselves or their cards.
    ``processing`` and ``telling`` are the messages that wait for the record and for a card.
    ``slack`` has the messages that name an incident as their own, None where Slack was not read.
    """

    now: datetime
    start: datetime
    end: datetime
    known_from: datetime
    accepted: Mapping[str, datetime] = field(default_factory=dict)
    mine: frozenset[str] = frozenset()
    records: Mapping[str, AlertRecord] = field(default_factory=dict)
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()
    processing: int = 0
    telling: int = 0
    dead_alerts: Dead = Dead()
    dead_cards: Dead = Dead()
    slack: Mapping[str, Sequence[str]] | None = None

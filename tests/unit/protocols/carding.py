"""Hands for tests of a card as a pure value: cards, what they show, and what is next."""

from datetime import timedelta
from typing import Any

from desk import TIMING
from examples import incident, verdict
from faults.world import START as NOW
from responder.card import Card, Intent
from responder.errors import Reason
from responder.incident import Incident, Notice, NoticeKind, Refusal
from responder.protocols import card_steps
from responder.protocols.card_steps import Step

SOON = NOW + timedelta(seconds=5)
INTENT = Intent(delivery_id="d", at=NOW)
SETTLED = NOW + TIMING.settle
REFUSED = Refusal(channel="#gone", reason=Reason.CHANNEL_NOT_FOUND.value)
NOTICES = (
    Notice(number=1, kind=NoticeKind.SEVERITY_RAISED, at=NOW),
    Notice(number=2, kind=NoticeKind.REFIRED, at=NOW),
)
ANALYSED = incident(revision=2, analysis=verdict(made_at=SOON))


def card(**changes: Any) -> Card:
    return Card.model_validate({"incident_id": "i", "channel": "#c"} | changes)


def shown(**changes: Any) -> Card:
    return card(**({"ts": "1.0", "posted": True, "posted_at": NOW, "shown": 1} | changes))


def step(of: Incident, state: Card, *, editable: bool = True, at: Any = NOW) -> Step:
    return card_steps.next_step(of, state, at, TIMING, editable=editable)

"""What a reconciliation knows of a small stack, for the tests of its verdict."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from examples import alert, incident
from faults.world import START
from responder.card import Card
from responder.incident import AlertRecord
from responder_cli.reconcile.facts import Facts

NAME = "v1:disk|prod.1"
LATER = START + timedelta(hours=1)


def record(
    alert_id: str = "a1", incident_id: str = NAME, held: str = "", **more: Any
) -> AlertRecord:
    given = alert(alert_id, **more)
    return AlertRecord(alert=given, signature="v1:disk", incident_id=incident_id, held=held)


def card(**changes: Any) -> Card:
    given = {"incident_id": NAME, "channel": "#alerts", "ts": "1.0", "shown": 1, **changes}
    return Card.model_validate(given)


def facts(*records: AlertRecord, **changes: Any) -> Facts:
    """An hour after one alert, which is shown; ``changes`` of what is known."""
    known = {one.alert.alert_id: one for one in records or (record(),)}
    usual = Facts(
        now=LATER,
        start=START,
        end=LATER,
        known_from=START - timedelta(minutes=10),
        accepted=dict.fromkeys(known, START),
        mine=frozenset(known),
        records=known,
        incidents={NAME: incident(NAME)},
        cards={NAME: card()},
    )
    return replace(usual, **changes)

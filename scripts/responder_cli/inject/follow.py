"""Where an accepted alert is on its way, read from the tables; ``inject --wait`` polls it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from responder_cli.aws import Stack


@dataclass(frozen=True)
class Way:
    """How far an alert came. ``held`` says why it has no card of its own, empty otherwise.

    ``card_at`` is when the incident's card was posted, maybe for an earlier alert; ``current_at``
    is when the card last changed, once it shows all that the incident counts. ``analysed_at`` stays
    None while the card carries the triage that awaits Claude's answer. A ``duplicate`` goes
    nowhere: the way is that of the alert which came first.
    """

    alert_id: str
    accepted_at: datetime | None = None
    held: str = ""
    incident_id: str = ""
    card_at: datetime | None = None
    card_ts: str = ""
    current_at: datetime | None = None
    analysed_at: datetime | None = None
    analysed_by: str = ""
    from_cache: bool = False
    duplicate: bool = False

    @property
    def shown_at(self) -> datetime | None:
        """Since when a card shows the alert: its own, or that of an incident which was open."""
        if self.card_at and self.accepted_at and self.card_at < self.accepted_at:
            return self.current_at
        return self.card_at

    @property
    def arrived(self) -> bool:
        """Whether the alert is on a card, or will never have one of its own."""
        return bool(self.held or self.duplicate or self.shown_at)

    @property
    def complete(self) -> bool:
        """Whether nothing more is to come, neither card nor analysis."""
        return bool(self.held or self.duplicate or (self.shown_at and self.analysed_at))


def recorded(stack: Stack, alert_id: str) -> bool:
    """Whether an alert of that id is known."""
    return stack.item("alerts", "alert_id", alert_id) is not None


def look(stack: Stack, alert_id: str) -> Way:
    """The alert's way as the tables show it now."""
    record = stack.item("alerts", "alert_id", alert_id)
    if record is None:
        return Way(alert_id)
    incident_id = str(record.get("incident_id") or "")
    way = Way(
        alert_id,
        accepted_at=_moment(record.get("created_at")),
        held=str(record.get("held") or ""),
        incident_id=incident_id,
    )
    return _with_card(stack, way) if incident_id else way


def _with_card(stack: Stack, way: Way) -> Way:
    card = stack.item("incidents", "id", f"card#{way.incident_id}") or {}
    incident = stack.item("incidents", "id", f"incident#{way.incident_id}") or {}
    revision = int(card.get("shown") or 0)
    shown = revision > 0
    current = shown and revision >= int(incident.get("revision") or 0)
    verdict = _verdict(incident)
    return Way(
        way.alert_id,
        accepted_at=way.accepted_at,
        held=way.held or str(incident.get("held") or ""),
        incident_id=way.incident_id,
        card_at=_moment(card.get("posted_at")) if shown else None,
        card_ts=str(card.get("ts") or ""),
        current_at=_moment(card.get("shown_at")) if current else None,
        analysed_at=_moment(verdict.get("made_at")),
        analysed_by=str(verdict.get("made_by") or ""),
        from_cache=bool(verdict) and bool(incident.get("from_cache")),
    )


def _verdict(incident: Mapping[str, Any]) -> Mapping[str, Any]:
    """The incident's final analysis: Claude's, or a fallback that says why it stands."""
    analysis = incident.get("analysis")
    if not isinstance(analysis, dict):
        return {}
    awaited = analysis.get("tier") == "fallback" and not analysis.get("fallback_reason")
    return {} if awaited else analysis


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None

"""Which open causes mute an incident: lists in the state table that change with their incidents.

    source:  read its lists ──▶ opened: add it │ over: strike it out   (its incident's transaction)
    target:  read the lists that it would be muted by ──▶ held while an older cause stands there
    tick:    the same for what is held, every minute ──▶ no cause left: shown, announced, analysed

A list is written in the transaction that opens, resolves, closes or reopens its incident, so that
killed before it nothing happened, and after it both stand. A target does not write the lists that
it read: where a cause ends while its target is being recorded, the target is held, is due, and the
next tick finds no cause. Where a target is recorded just before its cause, it has a card and keeps
it: it is older, and only an older incident mutes.
"""

from collections.abc import Callable
from datetime import datetime

from responder.errors import Reason
from responder.incident import Hold, Incident, IncidentState
from responder.policy.holding import Check
from responder.policy.inhibition import NO_INHIBITIONS, Causes, Inhibitions
from responder.ports import Key
from responder.protocols import items
from responder.protocols.draft import Draft

#: Why a cause has no card although nobody asked for that: its symptoms are all that people see.
_UNSEEN = (Reason.BELOW_MINIMUM, Reason.STORM, Reason.THROTTLE)

Current = Callable[[], Inhibitions]


def no_inhibitions() -> Inhibitions:
    """Where no incident mutes another."""
    return NO_INHIBITIONS


def list_item(name: str) -> Key:
    """Where a list of causes lives."""
    return items.state_item(f"causes#{name}")


def check(inhibitions: Inhibitions, draft: Draft) -> Check:
    """Whether a cause mutes an incident, as the lists stand in ``draft``."""

    def inhibited(incident: Incident, now: datetime) -> Hold | None:
        for suspect in inhibitions.as_target(incident):
            causes = draft.look_up(list_item(suspect.name), Causes) or Causes()
            if found := suspect.hold(causes, incident):
                return found
        return None

    return inhibited


def listed(inhibitions: Inhibitions, draft: Draft, incident: Incident) -> Incident:
    """The incident as it stands in the lists from now on, which change in ``draft``."""
    wanted = inhibitions.as_cause(incident) if _mutes(incident) else {}
    if not wanted and not incident.inhibits:
        return incident
    standing = []
    for name in dict.fromkeys((*incident.inhibits, *wanted)):
        key = list_item(name)
        before = draft.look_up(key, Causes) or Causes()
        causes = before
        if name not in wanted:
            causes = before.without(incident.incident_id)
        elif not before.knows(incident.incident_id):
            causes = before.joined(wanted[name])
        if causes != before:
            draft.put(key, causes)
        if causes.knows(incident.incident_id):
            standing.append(name)
    return incident.model_copy(update={"inhibits": tuple(standing)})


def _mutes(incident: Incident) -> bool:
    """Whether it may mute others: what stands on no card, by nobody's wish, explains nothing."""
    is_open = incident.state is IncidentState.OPEN
    unseen = incident.held in _UNSEEN
    return is_open and incident.storm is None and not incident.synthetic and not unseen

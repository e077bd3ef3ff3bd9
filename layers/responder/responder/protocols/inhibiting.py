"""Which open causes mute an incident: lists in the state table that change with their incidents.

    source:  read its lists ──▶ opened: add it │ over: strike it out   (its incident's transaction)
    target:  read the lists that it would be muted by ──▶ held while an older cause stands there
    tick:    the same for what is held, every minute ──▶ no cause left: shown, announced, analysed

A list is written in the transaction that opens, resolves, closes or reopens its incident, so that
killed before it nothing happened, and after it both stand. A target does not write the lists that
it read: where a cause ends while its target is being recorded, the target is held, is due, and the
next tick finds no cause. Where a target is recorded just before its cause, it has a card and keeps
it: it is older, and only an older incident mutes.

A transaction changes at most ``MAX_LISTS`` lists, those that are left before those that are joined.
What there is no room for, the tick does: its incident is due until nothing is put off any more.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from responder.errors import Reason
from responder.incident import Hold, Incident, IncidentState
from responder.policy.holding import Check
from responder.policy.inhibition import NO_INHIBITIONS, Cause, Causes, Inhibitions
from responder.ports import Key, Telemetry
from responder.protocols import items
from responder.protocols.draft import Draft

#: Why a cause has no card although nobody asked for that: its symptoms are all that people see.
_UNSEEN = (Reason.BELOW_MINIMUM, Reason.STORM, Reason.THROTTLE)

#: The lists that an incident stands in, and those that one transaction changes. DynamoDB takes 100
#: items (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
#: A group of ten alerts has 75 others: 10 records; 11 pointers and heads, as each alert but the
#: first shares one with another; 11 incidents, 10 entries with waiters, 3 of each one's weather.
MAX_LISTS = 25

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
    """The incident as it stands in the lists from now on, which change in ``draft``.

    Due at once where the transaction has no room for all that changes.
    """
    wanted = causes_of(inhibitions, incident)
    if not wanted and not incident.inhibits:
        return incident
    changed = _changed(draft)
    standing, put_off = [], False
    # First what it leaves: a list that it should not stand in mutes what people must hear of.
    for name in sorted(dict.fromkeys((*incident.inhibits, *wanted)), key=wanted.__contains__):
        key = list_item(name)
        before = draft.look_up(key, Causes) or Causes()
        causes = before
        if name not in wanted:
            causes = before.without(incident.incident_id)
        elif not before.knows(incident.incident_id):
            causes = before.joined(wanted[name])
        if causes != before and len(changed | {name}) > MAX_LISTS:
            causes, put_off = before, True
        elif causes != before:
            changed.add(name)
            draft.put(key, causes)
        if causes.knows(incident.incident_id):
            standing.append(name)
    update: dict[str, object] = {"inhibits": tuple(standing)}
    if put_off:
        update["due_at"] = incident.last_seen
    return incident.model_copy(update=update)


def causes_of(inhibitions: Inhibitions, incident: Incident) -> dict[str, Cause]:
    """The lists in which an incident may stand as a cause, and as which; no more than it may."""
    found = inhibitions.as_cause(incident) if _mutes(incident) else {}
    return dict(islice(found.items(), MAX_LISTS))


def report(inhibitions: Inhibitions, incident: Incident, telemetry: Telemetry) -> None:
    """Count and tell of the rules by which an incident mutes nothing, as they are too many."""
    left_out = len(inhibitions.as_cause(incident)) - MAX_LISTS if _mutes(incident) else 0
    if left_out > 0:
        telemetry.count("CausesLeftOut", left_out)
        telemetry.warning("Causes left out", incident_id=incident.incident_id, rules=left_out)


def _changed(draft: Draft) -> set[str]:
    """The lists that the incidents of a draft leave or join, as far as is decided."""
    changed: set[str] = set()
    for one in draft.changed_incidents():
        before = draft.before(one.incident_id)
        changed |= set(before.inhibits if before else ()) ^ set(one.inhibits)
    return changed


def _mutes(incident: Incident) -> bool:
    """Whether it may mute others: what stands on no card, by nobody's wish, explains nothing."""
    is_open = incident.state is IncidentState.OPEN
    unseen = incident.held in _UNSEEN
    return is_open and incident.storm is None and not incident.synthetic and not unseen

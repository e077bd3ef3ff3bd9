"""Claude is paid once for a fresh signature, and never beyond a budget."""

from collections.abc import Iterator

from faults.reckoning.end import End
from responder.alert import Severity, Status
from responder.analysis.trouble import OWN_SOURCE
from responder.cache_entry import CacheEntry
from responder.incident import Incident, IncidentState
from responder.ports import Queue


def analyses(end: End) -> Iterator[str]:
    claude = end.campaign.claude
    raised = {
        incident.cache_key
        for incident in end.incidents.values()
        if incident.severity is Severity.CRITICAL
    }
    for cache_key, payers in claude.payers.items():
        stored = len(end.campaign.store.verdicts[cache_key])
        if stored > 1 + (cache_key in raised):
            yield f"{cache_key}: {stored} verdicts stored"
        undisturbed = sum(not payer.disturbed for payer in payers)
        if undisturbed > stored:
            yield f"{cache_key}: {undisturbed} paid undisturbed for {stored} verdicts"
    for entry in end.entries:
        if entry.waiters and not _told_by_a_vanished_request(end, entry):
            yield f"{entry.cache_key}: waiters left {entry.waiters}"
        if entry.lease_until is not None and entry.lease_until > end.campaign.world.now():
            yield f"{entry.cache_key}: still leased"
    for incident in end.incidents.values():
        if _wants(incident) and _unanswered(incident):
            yield f"{incident.incident_id}: analysis never arrived"


def _wants(incident: Incident) -> bool:
    return incident.state is IncidentState.OPEN and not incident.held


def _told_by_a_vanished_request(end: End, entry: CacheEntry) -> bool:
    """A waiter may stay named when it wants no analysis and nobody can come to strike it out.

    One that is held wants none. It takes a request that was delivered twice: one delivery succeeds
    and deletes it, the other one is killed, be it while it asks or between telling and draining.
    """
    waiting = [end.incidents.get(waiter) for waiter in entry.waiters]
    wanting = [one for one in waiting if one and _wants(one)]
    answered = all(not one.analysis.is_awaited for one in wanting)
    return Queue.ANALYSIS in end.campaign.queues.doubled and answered


def money(end: End) -> Iterator[str]:
    """No budget is ever exceeded, nothing paid is unknown to it, and ledgers add up to it."""
    claude, limits = end.campaign.claude, end.campaign.limits
    for limit in limits.every():
        paid = claude.paid_in_storm
        counted = paid[limit.name] if limit.name else paid.total()
        if counted > limit.micro:
            yield f"paid {counted} of a {limit.words} of {limit.micro}"
    taken = sum(purse.taken(purse.month) for purse in end.purses)
    if claude.paid.total() > taken:
        yield f"paid {claude.paid.total()}, of which budgets know {taken}"
    settled = sum(purse.settled.get(purse.month, 0) for purse in end.purses)
    booked = [ledger.total.micro_usd for ledger in end.ledgers]
    if sum(booked) != settled:
        yield f"ledgers add up to {booked}, budgets to {settled}"
    opened = [one.incident_id for one in end.ours.values() if one.state is IncidentState.OPEN]
    listed = [step.incident_id for told in end.told for step in told.steps.values()]
    if sorted(opened) != sorted(listed):
        yield f"open incidents of budgets {opened}, told {listed}"
    shown = end.shown()
    for incident in end.ours.values():
        wanted = [f"card|{incident.incident_id}|{incident.revision}|1"]
        found = shown[incident.incident_id]
        if found != wanted and not end.nobody_noticed_the_deletion(incident, found):
            yield f"cards {found}, should be {wanted}"


def _unanswered(incident: Incident) -> bool:
    return incident.analysis.is_fallback and not incident.analysis.fallback_reason


def troubles(end: End) -> Iterator[str]:
    """Whoever is told that Claude serves nobody is told of its end, and not before."""
    standing = [note for notes in end.notes for note in notes.standing]
    names = {note.name for note in standing}
    for note in standing:
        for payer, asked in end.campaign.claude.answered:
            if asked > note.since and not payer.disturbed:
                yield f"Claude answered, and {note.name} stands"
    for pointer in end.pointers:
        ours = pointer.source == OWN_SOURCE and pointer.fingerprint not in names
        if ours and pointer.state is Status.FIRING:
            yield f"nobody was told that {pointer.fingerprint} is over"

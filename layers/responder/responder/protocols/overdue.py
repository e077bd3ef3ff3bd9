"""What is overdue for one incident, and when to look at it again, from what is stored alone.

The tick (``tick``) reads, asks ``look_again``, and writes, announces and requests what it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from responder.analysis.freshness import FALLBACK_LIFE_BY_REASON
from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.errors import Reason
from responder.incident import Incident, IncidentState, NoticeKind
from responder.policy import flapping, holding, quiet, reminding
from responder.protocols import details, lease, storm_watch, storms
from responder.protocols.tally import noticed

#: The tick leaves a deliberate wait alone until this long after its end.
GRACE = timedelta(seconds=60)
#: A dead-lettered card waits for an operator; it is only looked at, for the gauge.
DEAD_LETTER_PACE = timedelta(minutes=1)
#: What is held beyond its quiet time is looked at this often; a hold that is ended early is noticed
#: so much later.
HIDDEN_PACE = timedelta(minutes=15)
#: An open incident whose analysis was given up is offered to Claude again this often.
TRY_CLAUDE_AGAIN = timedelta(minutes=15)
#: An answer that was cut off, or was no analysis, is paid. It is asked for once more, when its
#: signature's cache entry, which was written some time after the first request, has run out.
ASK_ONCE_MORE = FALLBACK_LIFE_BY_REASON[Reason.MALFORMED_ANSWER.value] + TRY_CLAUDE_AGAIN


@dataclass(frozen=True)
class Plan:
    """What the tick does with one incident. ``since`` keeps the age of an earlier message."""

    incident: Incident
    announce: bool = False
    announced_since: datetime | None = None
    request: bool = False
    requested_since: datetime | None = None


def _let_in(incident: Incident) -> Incident:
    return incident


def look_again(
    incident: Incident,
    card: Card | None,
    entry: CacheEntry | None,
    now: datetime,
    quiet_after: timedelta,
    checks: holding.Checks = (),
    admit: Callable[[Incident], Incident] = _let_in,
) -> Plan:
    """What is overdue for one incident, and when to look again.

    ``admit`` is asked before one that was held has its first card.
    """
    plan = _hold(Plan(incident), card, checks, now, admit)
    plan = _settle(plan, now)
    plan = _close(plan, now, quiet_after)
    plan = _remind(plan, now)
    plan = _show(plan, card, now)
    plan = _analyse(plan, entry, now)
    return _schedule(plan, card, now, quiet_after)


def _with(plan: Plan, update: Mapping[str, object], **flags: Any) -> Plan:  # noqa: ANN401 - fields of Plan
    return replace(plan, incident=plan.incident.model_copy(update=update), **flags)


def _hold(
    plan: Plan,
    card: Card | None,
    checks: holding.Checks,
    now: datetime,
    admit: Callable[[Incident], Incident],
) -> Plan:
    """A hold begins or ends while nothing is heard of an incident; what it held is shown."""
    before, reviewed = plan.incident, holding.review(plan.incident, checks, now)
    if before.held and not reviewed.held:
        reviewed = admit(reviewed)
    if reviewed == before:
        return plan
    update: dict[str, object] = {"revision": before.revision + 1}
    if _is_news(before, reviewed, card):
        update["told_from"] = now
    return _with(replace(plan, incident=reviewed), update, announce=True)


def _is_news(before: Incident, reviewed: Incident, card: Card | None) -> bool:
    """Whether people are told now, as a hold ended: by the first card, or of what it kept back."""
    untold = card is not None and card.told < reviewed.last_notice
    ended = before.silence is not None and reviewed.silence is None
    return (bool(before.held) and not reviewed.held) or (ended and untold)


def _settle(plan: Plan, now: datetime) -> Plan:
    """A flapping incident that has settled is told of as any other again, its end included."""
    at = flapping.settles_at(plan.incident)
    if at is None or now < at:
        return plan
    calm = flapping.settled(plan.incident)
    # Nobody was told how it ended while it flapped, or that it did not.
    if calm.state is IncidentState.RESOLVED:
        calm = noticed(calm, NoticeKind.RESOLVED, calm.resolved_at or now)
    elif calm.state is IncidentState.OPEN:
        calm = noticed(calm, NoticeKind.STILL_FIRING, now)
    calm = calm.model_copy(update={"revision": calm.revision + 1})
    return replace(plan, incident=calm, announce=True)


def _close(plan: Plan, now: datetime, quiet_after: timedelta) -> Plan:
    incident = plan.incident
    # A storm ends with its list alone (``storms``). What nobody was told of because of a silence or
    # the like is told when that ends, and nobody can tell silence of the tool from an end of it.
    if incident.state is not IncidentState.OPEN or incident.storm is not None or _hidden(incident):
        return plan
    if now < quiet.closes_at(incident, quiet_after):
        return plan
    closed: dict[str, object] = {
        "state": IncidentState.CLOSED,
        "resolved_at": now,
        "revision": incident.revision + 1,
    }
    return _with(plan, closed, announce=True)


def _hidden(incident: Incident) -> bool:
    return bool(incident.held) and incident.silence is not None


def _remind(plan: Plan, now: datetime) -> Plan:
    """Tell again of what still fires."""
    at = reminding.due_at(plan.incident)
    if at is None or now < at:
        return plan
    reminded = noticed(plan.incident, NoticeKind.STILL_FIRING, now)
    return replace(plan, incident=reminded, announce=True)


def _show(plan: Plan, card: Card | None, now: datetime) -> Plan:
    """Announce again what Slack should show by now, unless somebody deliberately waits."""
    incident = plan.incident
    if incident.held:
        return _with(plan, {"unshown_since": None}, announce=False)
    if card is not None and _shows(card, incident):
        lacks = details.missing(card, incident) and not _waiting(card.details.next_try, now)
        return _with(plan, {"unshown_since": None}, announce=plan.announce or lacks)
    since = incident.unshown_since or now
    if card is not None and card.shown_at is not None:
        since = max(since, card.shown_at)
    late = {"unshown_since": since}
    if card is not None and (card.dead_lettered or _waiting(card.next_try, now)):
        return _with(plan, late)
    first_sent = card.first_sent if card else None
    return _with(plan, late, announce=True, announced_since=first_sent)


def _shows(card: Card, incident: Incident) -> bool:
    return card.shown >= incident.revision and card.told >= incident.last_notice


def _waiting(next_try: datetime | None, now: datetime) -> bool:
    return next_try is not None and now < next_try + GRACE


def _analyse(plan: Plan, entry: CacheEntry | None, now: datetime) -> Plan:
    """Ask again for an analysis that is awaited for too long, or was given up in an outage."""
    incident = plan.incident
    asked = incident.analysis_requested_at or incident.opened_at
    busy = lease.held_by_other(entry, "", now) or (
        entry is not None and _waiting(entry.next_try, now)
    )
    patience = _patience(incident)
    if busy or patience is None or now - asked < patience:
        return plan
    if incident.disputed and lease.is_hopeless(entry):
        return plan
    # Nobody was asked while it was held: no patience was used up by then.
    since = (entry.first_sent if entry else None) or incident.told_from or incident.opened_at
    awaited = incident.analysis.is_fallback and not incident.analysis.fallback_reason
    return _with(
        plan,
        {"analysis_requested_at": now},
        request=True,
        requested_since=since if awaited else None,
    )


def _patience(incident: Incident) -> timedelta | None:
    """How long after the last request the tick asks again; None where it has no reason to."""
    analysis = incident.analysis
    if incident.state is not IncidentState.OPEN or incident.held:
        return None
    if incident.disputed and incident.feedback is not None:
        asked = incident.analysis_requested_at
        first = asked is None or asked <= incident.feedback.at
        return GRACE if first else TRY_CLAUDE_AGAIN
    if not analysis.is_fallback:
        return None
    if not analysis.fallback_reason:
        first = incident.storm is not None and incident.analysis_requested_at is None
        return storms.SETTLES if first else GRACE
    if analysis.fallback_reason == Reason.MALFORMED_ANSWER.value:
        return ASK_ONCE_MORE if _asked_early(incident) else None
    return TRY_CLAUDE_AGAIN if analysis.fallback_reason in lease.PASSING else None


def _asked_early(incident: Incident) -> bool:
    """Whether the last request was that of its beginning, or followed it closely."""
    began = incident.told_from or incident.opened_at
    asked = incident.analysis_requested_at
    return asked is None or asked - began < ASK_ONCE_MORE


def _schedule(plan: Plan, card: Card | None, now: datetime, quiet_after: timedelta) -> Plan:
    """The next time something may be overdue; None when nothing can be."""
    incident = plan.incident
    times = []
    if incident.unshown_since is not None:
        waits = card.next_try + GRACE if card and card.next_try else now + GRACE
        times.append(max(min(waits, now + DEAD_LETTER_PACE), now + GRACE / 2))
    hidden, quiet_at = _hidden(incident), quiet.closes_at(incident, quiet_after)
    if incident.silence is not None:
        # Of what nobody has heard of for long there may be many, and nobody waits for a second.
        rests = hidden and now >= quiet_at
        times.append(min(now + HIDDEN_PACE, incident.silence.until or now) if rests else now)
    times += filter(
        None,
        (
            flapping.settles_at(incident),
            reminding.due_at(incident),
            storm_watch.next_look(incident, now),
        ),
    )
    if card is not None and details.missing(card, incident):
        times.append(max(card.details.next_try or now, now) + GRACE)
    if incident.state is IncidentState.OPEN:
        if not hidden:
            times.append(quiet_at)
        patience = _patience(incident)
        if patience is not None:
            asked = incident.analysis_requested_at or incident.opened_at
            times.append(max(asked + patience, now + GRACE / 2))
    return _with(plan, {"due_at": min(times, default=None)})

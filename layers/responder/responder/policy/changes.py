"""What is remembered of changes, and which of them matter to an incident; pure.

``protocols.changes`` reads and writes what is decided here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from responder.alert import Scope
from responder.change import Change
from responder.incident import Incident
from responder.policy import nearby

#: How long a change is remembered.
KEPT_FOR = timedelta(days=14)
#: Changes in one list; the latest stay.
MOST_KEPT = 50
#: Changes that came longer before an incident are not its cause, as a rule.
LOOK_BACK = timedelta(hours=24)
#: Changes that Claude is told of, and how many of these may be of other services.
MOST_TOLD = 6
MOST_OF_OTHERS = 3
#: The list that every change is in.
EVERYWHERE = "everywhere"


def lists(service: str, scope: Scope) -> tuple[str, ...]:
    """The names of the lists in which a change stands, or an incident looks for its changes."""
    names = (
        own_list(service),
        _list("account", nearby.plain(scope.account)),
        _list("environment", nearby.environment(scope.environment)),
    )
    return (*filter(None, names), EVERYWHERE)


def own_list(service: str) -> str:
    """The name of the list of a service's own changes; empty for a service without a name."""
    return _list("service", nearby.plain(service))


def _list(kind: str, name: str) -> str:
    return f"{kind}#{name}" if name else ""


def latest(scope: Scope, changes: Iterable[Change]) -> datetime | None:
    """When the last of the changes came as far as it did, of those that may be in this place."""
    return max(
        (one.state_at for one in changes if nearby.may_be_one(scope, one.scope)), default=None
    )


def remembered(known: Sequence[Change], news: Change, now: datetime) -> tuple[Change, ...]:
    """The list with ``news`` in it, the latest change first; an event that is known adds nothing.

    In whatever order the events of a change come, the same is remembered of it.
    """
    same = next((one for one in known if one.change_id == news.change_id), None)
    others = [one for one in known if one.change_id != news.change_id]
    changes = [*others, _joined(same, news) if same else news]
    changes.sort(key=lambda one: (one.at, one.change_id), reverse=True)
    kept = [one for one in changes if now - one.state_at <= KEPT_FOR]
    return tuple(kept[:MOST_KEPT])


def around(incident: Incident, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that may explain an incident, the likeliest first.

    Its own service's come first, then those of services of a related name, then others of the same
    place; of each, those before it, the nearest first.
    """
    unique = {one.change_id: one for one in changes}.values()
    found = sorted(
        (one for one in unique if _matters(incident, one)), key=lambda one: _order(incident, one)
    )
    others = [one for one in found if _relation(incident, one) == OTHER]
    left_out = {one.change_id for one in others[MOST_OF_OTHERS:]}
    return tuple(one for one in found if one.change_id not in left_out)[:MOST_TOLD]


#: How near a change's service is to an incident's.
SAME, RELATED, OTHER = range(3)


def _relation(incident: Incident, change: Change) -> int:
    if not incident.service:
        return SAME
    if nearby.plain(incident.service) == nearby.plain(change.service):
        return SAME
    return RELATED if nearby.related(incident.service, change.service) else OTHER


def _matters(incident: Incident, change: Change) -> bool:
    recent = change.state_at >= incident.first_seen - LOOK_BACK
    return recent and nearby.may_be_one(incident.scope, change.scope)


def _order(incident: Incident, change: Change) -> tuple[int, bool, timedelta, str]:
    before = incident.first_seen - change.at
    return _relation(incident, change), before < timedelta(0), abs(before), change.change_id


def _joined(known: Change, news: Change) -> Change:
    later, other = (news, known) if _state_of(news) > _state_of(known) else (known, news)
    filled = {name: getattr(later, name) or getattr(other, name) for name in _MAY_BE_MISSING}
    return later.model_copy(update={**filled, "at": min(known.at, news.at)})


#: What not every event of a change tells.
_MAY_BE_MISSING = ("revision", "by", "link")


def _state_of(change: Change) -> tuple[datetime, int]:
    return change.state_at, change.state.rank

"""Where every accepted alert is, and what cannot be: pure functions over ``Facts``.

An alert is in exactly one place, looked for in this order: held for a reason, shown on its
incident's card, in a dead-letter queue, waiting in a queue. Counts of queues are SQS's, which
are approximate, so that what is younger than a minute counts as on its way.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from responder.alert import Status
from responder.analysis.trouble import OWN_SOURCE
from responder.card import Card
from responder.delivery import words
from responder.incident import Incident, IncidentState
from responder_cli import bulk, console
from responder_cli.reconcile.facts import Facts

# "ApproximateNumberOf… metrics may not achieve consistency until at least 1 minute":
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
SETTLED = timedelta(minutes=1)
#: Reception's log keeps its lines for so long (template.yaml); the tables keep alerts for longer.
LOG_RETENTION = timedelta(days=30)
#: Until the log names what was received: reception may run for half a minute, and a line takes some
#: time until it is found.
LOGGED_WITHIN = timedelta(minutes=2)
#: The tick runs every minute, and announces again what no card shows for a minute.
TICKS_TURN = timedelta(minutes=3)


class Where(StrEnum):
    """The four places, none, and one that this release cannot look into."""

    SHOWN = "shown"
    HELD = "held"
    WAITING = "waiting"
    DEAD = "dead"
    NOWHERE = "nowhere"
    UNREADABLE = "unreadable"


class Kind(StrEnum):
    """What is wrong."""

    LOST = "lost"
    UNCOUNTED = "uncounted"
    UNSHOWN = "unshown"
    MISCOUNTED = "miscounted"
    TWO_OPEN = "two_open"
    NO_CARD = "no_card"
    TWO_CARDS = "two_cards"
    OUTDATED = "outdated"
    HELD_BUT_SHOWN = "held_but_shown"


class Problem(NamedTuple):
    """What is wrong with an alert (lost, uncounted) or else with an incident, in words."""

    kind: Kind
    id: str
    what: str


class Place(NamedTuple):
    """Where an alert is; ``why`` is the reason that it is held for."""

    where: Where
    why: str = ""


@dataclass(frozen=True)
class Report:
    """The place of every alert, and all that is wrong.

    ``older`` of the ``incidents`` began before the first alert that was read: they must count no
    fewer than were read, and may count more. ``blind`` says what could not be seen: without it, no
    problem is no proof.
    """

    places: Mapping[str, Place]
    problems: tuple[Problem, ...]
    incidents: int = 0
    older: int = 0
    blind: tuple[str, ...] = ()

    def number(self, where: Where) -> int:
        """How many alerts are there."""
        return sum(one.where is where for one in self.places.values())

    @property
    def held(self) -> dict[str, int]:
        """How many alerts are held, by reason."""
        return dict(Counter(one.why for one in self.places.values() if one.where is Where.HELD))

    def confirmed(self, before: "Report") -> "Report":
        """This one, with only those problems that the look before found in the same words."""
        still = tuple(one for one in self.problems if one in before.problems)
        return replace(self, problems=still)


def reconcile(facts: Facts) -> Report:
    """Judge all alerts of the period, and the incidents that they are in."""
    places: dict[str, Place] = dict(_unrecorded(facts))
    problems = [
        Problem(Kind.LOST, alert_id, f"accepted {facts.accepted[alert_id]:%H:%M:%S}, in no table")
        for alert_id, place in places.items()
        if place.where is Where.NOWHERE
    ]
    for alert_id in facts.mine:
        place, problem = _recorded(facts, alert_id)
        places[alert_id] = place
        problems += [problem] if problem else []
    problems += _miscounted(facts)
    problems += _two_open(facts.incidents.values())
    problems += _slack(facts)
    older = sum(_began_before(facts, one) for one in facts.incidents.values())
    told, blind = tuple(dict.fromkeys(problems)), tuple(_blind(facts))
    return Report(places, told, len(facts.incidents), older, blind)


def _blind(facts: Facts) -> Iterator[str]:
    """Where the log has holes: what was accepted there and is in no table is missed by nobody."""
    if facts.start < facts.now - LOG_RETENTION:
        yield (
            f"Reception's log keeps {LOG_RETENTION.days} days: what was accepted before, and is in "
            "no table, cannot be seen."
        )
    unlogged = _unlogged(facts)
    if unlogged:
        first = facts.records[unlogged[0]].alert
        yield (
            f"Reception's log does not name {len(unlogged)} of the {len(facts.mine)} recorded "
            f"alerts, the first {first.alert_id}, received {first.received_at:{console.SECOND}} "
            "(LogLevel above INFO, deleted by now, or killed amid a request): what was accepted "
            "beside them, and is in no table, cannot be seen."
        )
    if facts.unreadable:
        yield bulk.left_out("alerts and incidents", facts.unreadable)


def _unlogged(facts: Facts) -> list[str]:
    """The recorded alerts that reception's log should name and does not, the oldest first."""
    received = {
        one: facts.records[one].alert.received_at
        for one in (facts.mine & facts.records.keys()) - facts.accepted.keys()
        # What the stack tells of itself does not come in by the front door.
        if facts.records[one].alert.source != OWN_SOURCE
    }
    # The line of the newest may come after the period; a log that names nothing has no excuse.
    due = facts.end - LOGGED_WITHIN if facts.accepted else facts.end
    return sorted((one for one, at in received.items() if at <= due), key=received.__getitem__)


def _unrecorded(facts: Facts) -> Iterator[tuple[str, Place]]:
    """Accepted, and in no table: in a dead letter or waiting, as far as there are messages."""
    unrecorded = sorted(
        facts.accepted.keys() - facts.records.keys() - facts.unreadable,
        key=facts.accepted.__getitem__,
    )
    dead = [one for one in unrecorded if one in facts.dead_alerts.ids]
    yield from ((one, Place(Where.DEAD)) for one in dead)
    left = [one for one in unrecorded if one not in facts.dead_alerts.ids]
    # The newest are the likeliest to wait, the oldest to be among the letters not looked into.
    while left and _waits(facts, left[-1], len(unrecorded) - len(dead) - len(left)):
        yield left.pop(), Place(Where.WAITING)
    for number, one in enumerate(left):
        yield one, Place(Where.DEAD if number < facts.dead_alerts.unread else Where.NOWHERE)


def _waits(facts: Facts, alert_id: str, already: int) -> bool:
    return already < facts.processing or facts.now - facts.accepted[alert_id] < SETTLED


def _recorded(facts: Facts, alert_id: str) -> tuple[Place, Problem | None]:
    if alert_id in facts.unreadable:
        return Place(Where.UNREADABLE), None
    record = facts.records[alert_id]
    if record.held:
        return Place(Where.HELD, record.held), None
    incident = facts.incidents.get(record.incident_id)
    if record.incident_id in facts.unreadable and not (incident and incident.held):
        return Place(Where.UNREADABLE), None
    if incident is None:
        what = f"recorded in {record.incident_id or 'no incident'}, which is not there"
        return Place(Where.NOWHERE), Problem(Kind.UNCOUNTED, alert_id, what)
    if incident.held:
        return Place(Where.HELD, incident.held), None
    card = facts.cards.get(incident.incident_id)
    if card is not None and card.shown >= incident.revision:
        return Place(Where.SHOWN), None
    if incident.incident_id in facts.dead_cards.ids:
        return Place(Where.DEAD), None
    if card is not None and card.dead_lettered:
        if facts.dead_cards.unread:
            return Place(Where.DEAD), None
    elif _will_be_shown(facts, incident, card):
        return Place(Where.WAITING), None
    shown = card.shown if card else 0
    what = f"its card shows change {shown} of {incident.revision}, and nothing is under way"
    return Place(Where.NOWHERE), Problem(Kind.UNSHOWN, incident.incident_id, what)


def _will_be_shown(facts: Facts, incident: Incident, card: Card | None) -> bool:
    next_try = card.next_try if card else None
    if facts.telling or (next_try is not None and facts.now < next_try + TICKS_TURN):
        return True
    return facts.now - (incident.unshown_since or _changed_at(incident)) < TICKS_TURN


def _changed_at(incident: Incident) -> datetime:
    """The latest change that the incident tells of."""
    known = (
        incident.opened_at,
        incident.last_seen,
        incident.announced_at,
        incident.trailing_at,
        incident.told_from,
        *(notice.at for notice in incident.notices),
    )
    return max(moment for moment in known if moment is not None)


def _miscounted(facts: Facts) -> Iterator[Problem]:
    """An incident counts the alerts that are recorded as its own, each once."""
    counted: Counter[tuple[str, Status]] = Counter(
        (record.incident_id, record.alert.status)
        for record in facts.records.values()
        if not record.held
    )
    for name, incident in facts.incidents.items():
        firing, resolved = counted[name, Status.FIRING], counted[name, Status.RESOLVED]
        fewer = incident.count < firing or incident.resolves < resolved
        more = incident.count > firing or incident.resolves > resolved
        # Whose alerts those are that cannot be read, nobody knows.
        if fewer or (more and not facts.unreadable and not _began_before(facts, incident)):
            what = (
                f"counts {incident.count} firing and {incident.resolves} resolved alerts; "
                f"{firing} and {resolved} are recorded"
            )
            yield Problem(Kind.MISCOUNTED, name, what)


def _began_before(facts: Facts, incident: Incident) -> bool:
    return incident.first_received_at < facts.known_from


def _two_open(incidents: Iterable[Incident]) -> Iterator[Problem]:
    opened = [one for one in incidents if one.state is IncidentState.OPEN]
    numbers = Counter(one.key for one in opened)
    for one in opened:
        if numbers[one.key] > 1:
            what = f"{numbers[one.key]} open incidents of one problem in one place"
            yield Problem(Kind.TWO_OPEN, one.incident_id, what)


def _slack(facts: Facts) -> Iterator[Problem]:
    """Slack itself, where it was read: one message an incident, which says how often."""
    if facts.slack is None:
        return
    for name, incident in facts.incidents.items():
        card, found = facts.cards.get(name), facts.slack.get(name, ())
        if incident.held and found:
            yield Problem(Kind.HELD_BUT_SHOWN, name, f"held as {incident.held}, and has a card")
        if len(found) > 1:
            yield Problem(Kind.TWO_CARDS, name, f"{len(found)} cards in Slack")
        # What an incoming webhook posted has no name and is never edited.
        if card is None or not card.ts or incident.held or card.shown < incident.revision:
            continue
        if not found:
            yield Problem(Kind.NO_CARD, name, "its card was posted, and is not in Slack")
        elif f"*{words.times(incident)}*" not in found[0] and incident.storm is None:
            yield Problem(Kind.OUTDATED, name, f"the card does not say: {words.times(incident)}")

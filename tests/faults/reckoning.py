"""What must be true when the machine room is quiet, checked against what was sent.

The expectations are computed from the sent alerts alone, or are sums over tables that must agree;
nothing is asked of the code under test.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from faults.campaign import CAUSE, SYMPTOM, Campaign, PlainDetails
from faults.world import START
from responder.alert import Severity, Status
from responder.analysis.budget import Purse
from responder.analysis.ledger import Ledger
from responder.errors import Reason
from responder.incident import (
    AlertRecord,
    CacheEntry,
    Card,
    Head,
    Incident,
    IncidentState,
    NoticeKind,
    Pointer,
)
from responder.policy.inhibition import Causes
from responder.policy.storm import Weather
from responder.ports import Key, Queue, Record, Table
from responder.protocols import items, storms
from responder.protocols.budget_watch import TOLD, Told

#: What stands on no card by nobody's wish mutes nothing.
UNSEEN = (Reason.STORM, Reason.THROTTLE)
#: No worker that read a storm before its end is at work for longer.
SURELY = timedelta(seconds=90)
#: Who has a first card takes room for so long, of the longest limit of a campaign.
ROOM = timedelta(minutes=3) + SURELY
#: What keeps an incident from a card in a campaign.
HELD = (Reason.STORM, Reason.THROTTLE, Reason.INHIBITED, Reason.MAINTENANCE)


def broken(campaign: Campaign) -> list[str]:
    """Every invariant that does not hold, in words."""
    return list(_Reckoning(campaign).all())


class _Reckoning:
    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.records: list[AlertRecord] = []
        self.incidents: dict[str, Incident] = {}
        self.cards: dict[str, Card] = {}
        self.pointers: list[Pointer] = []
        self.entries: list[CacheEntry] = []
        self.heads: list[Head] = []
        self.causes: list[Causes] = []
        self.ours: dict[str, Incident] = {}
        self.purses: list[Purse] = []
        self.ledgers: list[Ledger] = []
        self.told: list[Told] = []
        self.weathers: dict[str, Weather] = {}
        for key, (version, data) in campaign.store.items.items():
            self._sort(key, Record(version, data))

    def all(self) -> Iterator[str]:
        """Every check."""
        yield from self.campaign.store.broken
        yield from self._nothing_lost()
        yield from self._counters()
        yield from self._states()
        yield from self._one_open_incident()
        yield from self._cards()
        yield from self._threads()
        yield from self._details()
        yield from self._analyses()
        yield from self._storms()
        yield from self._listed_in_one_thread()
        yield from self._muted()
        yield from self._windows()
        yield from self._operators()
        yield from self._money()

    def _sort(self, key: Key, record: Record) -> None:
        if key.table is Table.ALERTS:
            self.records += _one(items.decode(record, AlertRecord))
        elif key.table is Table.CACHE:
            self.entries += _one(items.decode(record, CacheEntry))
        elif key.id.startswith("incident#"):
            for incident in _one(items.decode(record, Incident)):
                ours = incident.signature == "budget"
                (self.ours if ours else self.incidents)[incident.incident_id] = incident
        elif key.id.startswith("card#"):
            for card in _one(items.decode(record, Card)):
                self.cards[card.incident_id] = card
        elif key.id.startswith("pointer#"):
            self.pointers += _one(items.decode(record, Pointer))
        elif key.id.startswith("head#"):
            self.heads += _one(items.decode(record, Head))
        elif key.id.startswith("weather#"):
            for weather in _one(items.decode(record, Weather)):
                self.weathers[key.id] = weather
        elif key.id.startswith("causes#"):
            self.causes += _one(items.decode(record, Causes))
        elif key.id.startswith("budget#"):
            self.purses += _one(items.decode(record, Purse))
        elif key.id.startswith("ledger#"):
            self.ledgers += _one(items.decode(record, Ledger))
        elif key.id == TOLD:
            self.told += _one(items.decode(record, Told))

    def _nothing_lost(self) -> Iterator[str]:
        sent = {one.alert.alert_id for one in self.campaign.sent}
        recorded = {record.alert.alert_id for record in self.records}
        for alert_id in sorted(sent - recorded):
            yield f"lost: {alert_id}"
        if self.campaign.vanished:
            yield f"{self.campaign.vanished} messages vanished although no delivery succeeded"
        if not self.campaign.queues.empty():
            yield "a queue is not empty"
        for queue, dead in self.campaign.queues.dead.items():
            if dead:
                yield f"{len(dead)} dead letters of {queue} after healing"
        for record in self.records:
            if not record.held and record.incident_id not in self.incidents:
                yield f"counted nowhere: {record.alert.alert_id}"

    def _counters(self) -> Iterator[str]:
        counted: Counter[tuple[str, Status]] = Counter()
        for record in self.records:
            if not record.held:
                counted[record.incident_id, record.alert.status] += 1
        firing: Counter[str] = Counter(
            pointer.incident_id for pointer in self.pointers if pointer.state is Status.FIRING
        )
        for incident in self.incidents.values():
            expected = (
                counted[incident.incident_id, Status.FIRING],
                counted[incident.incident_id, Status.RESOLVED],
                firing[incident.incident_id],
            )
            found = (incident.count, incident.resolves, incident.firing)
            if found != expected:
                yield f"{incident.incident_id}: counters {found}, should be {expected}"
            # No campaign has more fingerprints than the list has room for.
            if len(incident.firing_now) != expected[2]:
                yield f"{incident.incident_id}: names {len(incident.firing_now)} that fire"
            shown = incident.worst.severity if incident.worst else incident.severity
            if shown is not incident.severity:
                yield f"{incident.incident_id}: {incident.severity} with the text of {shown}"

    def _states(self) -> Iterator[str]:
        """The newest event of each fingerprint decides, a tie goes to firing."""
        newest: dict[str, tuple[tuple[datetime, bool], Status]] = {}
        for one in self.campaign.sent:
            alert = one.alert
            order = (alert.event_at, alert.status is Status.FIRING)
            known = newest.get(alert.fingerprint)
            if known is None or order > known[0]:
                newest[alert.fingerprint] = (order, alert.status)
        for pointer in self.pointers:
            state = newest[pointer.fingerprint][1]
            if pointer.state is not state:
                yield f"{pointer.fingerprint}: {pointer.state}, should be {state}"
        for incident in self.incidents.values():
            open_ = incident.state is IncidentState.OPEN
            if incident.storm is None and open_ != (incident.firing > 0):
                yield f"{incident.incident_id}: {incident.state} with {incident.firing} firing"

    def _one_open_incident(self) -> Iterator[str]:
        opened = Counter(
            incident.key
            for incident in self.incidents.values()
            if incident.state is IncidentState.OPEN
        )
        for key, number in opened.items():
            if number > 1:
                yield f"{key}: {number} open incidents"
        episodes = Counter(incident.key for incident in self.incidents.values())
        for head in self.heads:
            if episodes[head.key] != head.episode:
                yield f"{head.key}: {episodes[head.key]} incidents, head says {head.episode}"

    def _cards(self) -> Iterator[str]:
        shown = self._shown()
        for incident in self.incidents.values():
            if incident.held:
                if shown[incident.incident_id]:
                    yield f"{incident.incident_id}: held, but shown"
                continue
            wanted = f"card|{incident.incident_id}|{incident.revision}|{incident.count}"
            if self._nobody_noticed_the_deletion(incident, shown[incident.incident_id]):
                continue
            if shown[incident.incident_id] != [wanted]:
                yield f"cards {shown[incident.incident_id]}, should be [{wanted}]"
            card = self.cards.get(incident.incident_id)
            if card is None or card.shown != incident.revision or self._held(card) or card.intent:
                yield f"{incident.incident_id}: card at rest is {card}"

    def _shown(self) -> defaultdict[str, list[str]]:
        """The cards in Slack, by incident."""
        shown = defaultdict(list)
        for message in self.campaign.slack.messages:
            if message.text.startswith("card|"):
                shown[message.text.split("|")[1]].append(message.text)
        return shown

    def _nobody_noticed_the_deletion(self, incident: Incident, shown: list[str]) -> bool:
        """A deleted card comes back with the incident's next change, and not before it."""
        return incident.incident_id in self.campaign.slack.deleted and not shown

    def _held(self, card: Card) -> bool:
        """Whether somebody still holds the card; a lease that ran out hurts nobody.

        Nor does one that will: its owner failed, and another delivery of its message succeeded.
        """
        until = card.lease_until
        if not card.owner or card.owner in self.campaign.world.dead:
            return False
        return until is not None and until > self.campaign.world.now()

    def _threads(self) -> Iterator[str]:
        told = Counter(
            f"{message.text} in {message.thread_ts}"
            for message in self.campaign.slack.messages
            if message.text.startswith("notice|")
        )
        for text, number in told.items():
            if number > 1:
                yield f"told {number} times: {text}"
        for incident in self.incidents.values():
            card = self.cards.get(incident.incident_id)
            waits = incident.silence is not None
            if card is not None and card.told != incident.last_notice and not waits:
                yield f"{incident.incident_id}: told {card.told} of {incident.last_notice}"

    def _storms(self) -> Iterator[str]:
        """A storm or throttle ends, and lists exactly what it held; nobody waits for one then."""
        listed = Counter(
            (incident.incident_id, one.incident_id)
            for incident in self.incidents.values()
            for notice in incident.notices
            for one in storms.page_of(self.campaign.store, incident, notice)
        )
        for (storm_id, incident_id), number in listed.items():
            if number > 1:
                yield f"{incident_id}: {number} lines in the list of {storm_id}"
        for place, weather in self.weathers.items():
            if weather.storm_id:
                yield f"{place}: {weather.storm_id} holds what comes for ever"
        for incident in self.incidents.values():
            if incident.storm is not None and incident.state is IncidentState.OPEN:
                yield f"{incident.incident_id}: the storm never ebbed"
            if incident.held and incident.held not in HELD:
                yield f"{incident.incident_id}: held as {incident.held!r}, by nobody"
            holder = self.incidents.get(incident.storm_id)
            held_by = holder.storm.kind if holder and holder.storm else ""
            lines = listed[incident.storm_id, incident.incident_id]
            if incident.held in (Reason.STORM, Reason.THROTTLE) and (
                not lines or held_by != incident.held
            ):
                yield f"{incident.incident_id}: held by {incident.storm_id}, which lists it not"
            if incident.storm is not None:
                lines = sum(n for (of, _), n in listed.items() if of == incident.incident_id)
                if incident.storm.incidents != lines:
                    yield f"{incident.incident_id}: lists {lines} of {incident.storm.incidents}"
                yield from self._told_of(incident)
            waits = incident.held in (Reason.STORM, Reason.THROTTLE)
            if waits and incident.state is IncidentState.OPEN and not _says_so(holder):
                yield f"{incident.incident_id}: fires, and {incident.storm_id} says that none does"
            if (
                waits
                and incident.state is IncidentState.OPEN
                and self._fired_after(incident, holder)
            ):
                yield f"{incident.incident_id}: fired after {incident.storm_id}, and is held by it"
            if incident.held and incident.severity is Severity.CRITICAL:
                yield f"{incident.incident_id}: CRITICAL, and held"

    def _fired_after(self, incident: Incident, holder: Incident | None) -> bool:
        """Whether any of its alerts came when the storm was surely over, and there was room."""
        over = _end_of(holder) if holder else None
        return over is not None and any(
            record.alert.received_at > over + SURELY and self._had_room(record.alert.received_at)
            for record in self.records
            if record.incident_id == incident.incident_id
            and record.alert.status is Status.FIRING
            and not record.held
        )

    def _had_room(self, at: datetime) -> bool:
        """Whether nothing else had its first card, and no storm went on, at about that time."""
        begins, ends = at - ROOM, at + SURELY
        others = (opening for one in self.weathers.values() for opening in one.openings)
        storms_then = (
            one.opened_at <= ends and begins <= (_end_of(one) or ends)
            for one in self.incidents.values()
            if one.storm is not None
        )
        return not any(begins <= other <= ends for other in others) and not any(storms_then)

    def _listed_in_one_thread(self) -> Iterator[str]:
        """Who reads a storm's card reads all of its list, or none where it stood elsewhere then."""
        told = {(one.text, one.thread_ts) for one in self.campaign.slack.messages}
        for incident in self.incidents.values():
            card = self.cards.get(incident.incident_id)
            ts = card.ts if card else ""
            pages = [n.number for n in incident.notices if n.kind is NoticeKind.HELD_PAGE]
            here = [n for n in pages if (f"notice|{incident.incident_id}|{n}", ts) in told]
            if here and here != pages:
                yield f"{incident.incident_id}: only {here} of {pages} are in its card's thread"

    def _told_of(self, incident: Incident) -> Iterator[str]:
        """Its severity is its worst member's, and no notice of it was lost."""
        worst = incident.storm.severities[0][0] if incident.storm else None
        if incident.severity is not worst:
            yield f"{incident.incident_id}: {incident.severity}, its worst is {worst}"
        numbers = [notice.number for notice in incident.notices]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{incident.incident_id}: notices {numbers}"

    def _windows(self) -> Iterator[str]:
        """A window holds nothing after its end, and nobody hears of an end while it lasts."""
        window = self.campaign.window
        span = window.coming(START - timedelta(minutes=1)) if window else None
        heard = {(one.text, one.at) for one in self.campaign.slack.messages if one.thread_ts}
        for incident in self.incidents.values():
            waits = incident.silence.reason if incident.silence else incident.held
            opened = incident.state is IncidentState.OPEN or incident.silence is not None
            if waits == Reason.MAINTENANCE and opened:
                yield f"{incident.incident_id}: waits for the end of a window that is over"
            if span is None or incident.storm or incident.severity is Severity.CRITICAL:
                continue
            for notice in incident.notices:
                # An analysis does not ask for windows: the next alert or tick does.
                asked = notice.kind is not NoticeKind.SEVERITY_DOUBTED
                within = asked and span.begins <= notice.at < span.ends
                told = f"notice|{incident.incident_id}|{notice.number}"
                if within and any(text == told and at < span.ends for text, at in heard):
                    yield f"{incident.incident_id}: {notice.kind} was told in a window"

    def _muted(self) -> Iterator[str]:
        """Who is muted has an older open cause; the lists hold the open causes and nobody else."""
        opened = [one for one in self.incidents.values() if one.state is IncidentState.OPEN]
        muting = self.campaign.inhibitions.rules
        causes = [one for one in opened if one.title.startswith(CAUSE)] if muting else []
        for incident in opened:
            older = any(cause.opened_at <= incident.opened_at for cause in causes)
            if incident.silence is not None and not older:
                yield f"{incident.incident_id}: muted by nobody"
            is_symptom = incident.storm is None and incident.title.startswith(SYMPTOM)
            if incident.held == Reason.INHIBITED and not is_symptom:
                yield f"{incident.incident_id}: muted, and no symptom"
        listed = sorted(cause.incident_id for one in self.causes for cause in one.causes)
        seen = [one for one in causes if one.held not in UNSEEN and one.storm is None]
        if listed != sorted(one.incident_id for one in seen):
            yield f"causes listed: {listed}"

    def _operators(self) -> Iterator[str]:
        """What was reported is told by both sinks, or was shown in Slack before it could be."""
        lines = self.campaign.telemetry.warnings
        reported = {str(line["incident_id"]) for line in lines["Trouble reported"]}
        shown = {
            str(line["incident_id"])
            for line in lines["Operator notice held"]
            if line["reason"] == Reason.SHOWN_MEANWHILE
        }
        for sink in self.campaign.sinks:
            for incident_id in sorted(reported - shown - sink.told):
                yield f"{incident_id}: reported, and operators were never told"

    def _money(self) -> Iterator[str]:
        """No budget is ever exceeded, nothing paid is unknown to it, and ledgers add up to it."""
        claude, limits = self.campaign.claude, self.campaign.limits
        for limit in limits.every():
            paid = claude.paid_in_storm
            counted = paid[limit.name] if limit.name else paid.total()
            if counted > limit.micro:
                yield f"paid {counted} of a {limit.words} of {limit.micro}"
        taken = sum(purse.taken(purse.month) for purse in self.purses)
        if claude.paid.total() > taken:
            yield f"paid {claude.paid.total()}, of which budgets know {taken}"
        settled = sum(purse.settled.get(purse.month, 0) for purse in self.purses)
        booked = [ledger.total.micro_usd for ledger in self.ledgers]
        if sum(booked) != settled:
            yield f"ledgers add up to {booked}, budgets to {settled}"
        opened = [one.incident_id for one in self.ours.values() if one.state is IncidentState.OPEN]
        listed = [step.incident_id for told in self.told for step in told.steps.values()]
        if sorted(opened) != sorted(listed):
            yield f"open incidents of budgets {opened}, told {listed}"
        shown = self._shown()
        for incident in self.ours.values():
            wanted = [f"card|{incident.incident_id}|{incident.revision}|1"]
            found = shown[incident.incident_id]
            if found != wanted and not self._nobody_noticed_the_deletion(incident, found):
                yield f"cards {found}, should be {wanted}"

    def _details(self) -> Iterator[str]:
        """One reply in a thread, up to date in that of the card that stands."""
        replies: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for message in self.campaign.slack.messages:
            if message.text.startswith("details|"):
                incident_id, contents = message.text.split("|")[1:]
                replies[incident_id, message.thread_ts].append(contents)
        for (incident_id, ts), found in replies.items():
            if len(found) > 1:
                yield f"{incident_id}: {len(found)} details in the thread of {ts}"
        shown = self._shown()
        for incident in self.incidents.values():
            card = self.cards.get(incident.incident_id)
            told = incident.silence is None and PlainDetails.wanted(incident)
            if card is None or not (told or card.details.ts):
                continue
            if self._nobody_noticed_the_deletion(incident, shown[incident.incident_id]):
                continue
            found = replies[incident.incident_id, card.ts]
            if found != [PlainDetails.contents(incident)]:
                yield f"{incident.incident_id}: details {found}, the card knows {card.details}"

    def _told_by_a_vanished_request(self, entry: CacheEntry) -> bool:
        """A waiter may stay named when it wants no analysis and nobody can come to strike it out.

        That takes a request that SQS delivered twice: one delivery succeeds and deletes it, the
        other one is killed between telling and draining.
        """
        waiting = [self.incidents.get(waiter) for waiter in entry.waiters]
        wanting = [one for one in waiting if one and one.state is IncidentState.OPEN]
        answered = all(not one.analysis.is_fallback for one in wanting)
        return Queue.ANALYSIS in self.campaign.queues.doubled and answered

    def _analyses(self) -> Iterator[str]:
        claude = self.campaign.claude
        raised = {
            incident.cache_key
            for incident in self.incidents.values()
            if incident.severity is Severity.CRITICAL
        }
        for cache_key, payers in claude.payers.items():
            stored = len(self.campaign.store.verdicts[cache_key])
            if stored > 1 + (cache_key in raised):
                yield f"{cache_key}: {stored} verdicts stored"
            undisturbed = sum(not payer.disturbed for payer in payers)
            if undisturbed > stored:
                yield f"{cache_key}: {undisturbed} paid undisturbed for {stored} verdicts"
        for entry in self.entries:
            if entry.waiters and not self._told_by_a_vanished_request(entry):
                yield f"{entry.cache_key}: waiters left {entry.waiters}"
            if entry.lease_until is not None and entry.lease_until > self.campaign.world.now():
                yield f"{entry.cache_key}: still leased"
        for incident in self.incidents.values():
            wanted = incident.state is IncidentState.OPEN and not incident.held
            if wanted and _unanswered(incident):
                yield f"{incident.incident_id}: analysis never arrived"


def _says_so(storm: Incident | None) -> bool:
    """Whether a storm says that what it held still fires, or will count again."""
    return storm is not None and (storm.still_fires or storm.due_at is not None)


def _unanswered(incident: Incident) -> bool:
    return incident.analysis.is_fallback and not incident.analysis.fallback_reason


def _one[T](value: T | None) -> list[T]:
    return [] if value is None else [value]


def _end_of(one: Incident) -> datetime | None:
    """When a storm or a throttle was told to be over."""
    ends = (notice.at for notice in one.notices if notice.kind is NoticeKind.RESOLVED)
    return max(ends, default=None)

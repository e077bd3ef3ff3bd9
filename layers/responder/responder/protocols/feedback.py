"""What a person says of an analysis: right, wrong, or that the alert is noise.

    read ──▶ incident, its signature's and its day's feedback, cached analysis: one transaction ──▶
          (1)                                                  announce, request the analysis anew
                                                            (2)
The command line calls ``give``. Killed at (1): nothing happened, and the person is told so. Killed
at (2): the incident is due, and the tick announces it and asks within two minutes; so does the
person who says the same again, which counts nothing twice. A second person, or a worker on the same
incident: one transaction wins, the other reads again. The latest word on an incident counts.

``wrong`` takes the analysis out of the cache, so that nobody is served it any more and the next who
needs one asks Claude. An open incident keeps it, marked, until another one replaces it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from responder.analysis.context import Context
from responder.analysis.text import shorten
from responder.cache_entry import CacheEntry
from responder.incident import Feedback, Incident, IncidentState, Mark
from responder.ports import Key, Queues, Reads, Store
from responder.protocols import announcing, items, lease, requesting
from responder.protocols.draft import Draft

#: Kept of a signature word by word, the latest first; what came before is counted.
MAX_LATEST: Final = 20
#: Of these Claude is told.
MOST_TOLD: Final = 3
#: Signatures that a day remembers as called noise.
MAX_NOISY: Final = 200
#: So many incidents called noise make their signature worth a line in the report.
NOISY: Final = 3
#: Characters of the headline that is kept of an analysis.
MAX_HEADLINE: Final = 200


class Given(BaseModel):
    """What people said of the analyses of one signature, at most once per incident.

    ``older`` counts what ``latest`` has no room for.
    """

    model_config = ConfigDict(frozen=True)

    signature: str = ""
    title: str = ""
    latest: tuple[Feedback, ...] = ()
    older: dict[Mark, int] = {}

    @property
    def marks(self) -> Mapping[Mark, int]:
        """All of it, counted."""
        return Counter(self.older) + Counter(one.mark for one in self.latest)

    def heard(self, said: Feedback, before: Feedback | None) -> "Given":
        """With ``said``, which takes the place of what was said ``before`` of the same incident."""
        others = tuple(one for one in self.latest if one.incident_id != said.incident_id)
        older = Counter(self.older)
        if before is not None and len(others) == len(self.latest):
            older[before.mark] -= 1
        latest = (said, *others)
        older.update(one.mark for one in latest[MAX_LATEST:])
        return self.model_copy(update={"latest": latest[:MAX_LATEST], "older": dict(+older)})


class Day(BaseModel):
    """How much of each was said on a UTC day, and of which signatures that they are noise."""

    model_config = ConfigDict(frozen=True)

    marks: dict[Mark, int] = {}
    noisy: tuple[str, ...] = ()

    def heard(self, said: Feedback, subject: str) -> "Day":
        """With one more."""
        marks = Counter(self.marks)
        marks[said.mark] += 1
        noisy = self.noisy
        if said.mark is Mark.NOISE and subject not in noisy:
            noisy = (*noisy, subject)[:MAX_NOISY]
        return Day(marks=dict(marks), noisy=noisy)

    def taken_back(self, said: Feedback) -> "Day":
        """Without what somebody has said otherwise since."""
        marks = Counter(self.marks)
        marks[said.mark] -= 1
        return self.model_copy(update={"marks": dict(+marks)})


@dataclass(frozen=True)
class Summary:
    """What was said in some days; ``noisy`` are the signatures called noise again and again."""

    marks: Mapping[Mark, int]
    noisy: Sequence[Given]


def of(incident: Incident, mark: Mark, by: str, note: str, now: datetime) -> Feedback:
    """Feedback on the analysis that the incident has. Raises ValidationError for a long note."""
    analysis = incident.analysis
    return Feedback(
        mark=mark,
        by=by,
        at=now,
        note=note.strip(),
        incident_id=incident.incident_id,
        headline=shorten(analysis.headline, MAX_HEADLINE),
        made_at=analysis.made_at,
        made_by=analysis.made_by,
        prompt_version=analysis.prompt_version,
    )


def give(store: Store, queues: Queues, said: Feedback) -> Incident | None:
    """Remember feedback, and let its card and its analysis follow. Raises Retryable.

    None where the incident is gone, or has got another analysis than the one that is meant.
    """
    now = said.at
    incident = items.settle(lambda: _attempt(store, said, now))
    if incident is None or incident.held:
        return incident
    announcing.send(queues, incident, now)
    if incident.disputed and incident.state is IncidentState.OPEN:
        requesting.send(queues, incident, now)
    return incident


def load(store: Reads, incident: Incident) -> Given:
    """What was said of the analyses of an incident's signature."""
    return items.load(store, given_item(incident), Given) or Given()


def given_item(incident: Incident) -> Key:
    """Where what was said of an incident's signature lives."""
    return _given_item(subject_of(incident))


def source(store: Reads) -> Callable[[Incident, Context], Context]:
    """Adds what was said to what Claude is told: first of the incident itself, then the latest."""

    def add(incident: Incident, known: Context) -> Context:
        given = load(store, incident)
        own_first = sorted(given.latest, key=lambda one: one.incident_id != incident.incident_id)
        told = tuple(own_first[:MOST_TOLD])
        return known.model_copy(update={"feedback": told, "marks": given.marks})

    return add


def summary(store: Store, first: date, last: date) -> Summary:
    """What was said from one UTC day to another, both included."""
    length = (last - first).days + 1
    days = _read(store, [_day_item(first + timedelta(days=n)) for n in range(length)], Day)
    subjects = dict.fromkeys(subject for day in days for subject in day.noisy)
    given = _read(store, list(map(_given_item, subjects)), Given)
    noisy = [one for one in given if one.marks.get(Mark.NOISE, 0) >= NOISY]
    noisy.sort(key=lambda one: -one.marks[Mark.NOISE])
    marks: Counter[Mark] = Counter()
    for day in days:
        marks.update(day.marks)
    return Summary(marks, noisy)


def subject_of(incident: Incident) -> str:
    """What feedback is kept for: the signature; the storms of one place, as all have one."""
    return incident.key if incident.storm is not None else incident.signature


def _attempt(store: Store, said: Feedback, now: datetime) -> Incident | None:
    draft = Draft.of_others(store)
    incident = draft.look_up(items.incident_item(said.incident_id), Incident)
    if incident is None:
        return None
    before = incident.feedback
    if before is not None and before.model_copy(update={"at": said.at}) == said:
        return incident
    if incident.analysis.made_at != said.made_at:
        return None
    marked = _marked(incident, said, now)
    draft.put_incident(marked)
    _keep(draft, incident, said, before)
    if marked.disputed:
        key = items.cache_item(incident.cache_key)
        disputed = lease.dispute(draft.look_up(key, CacheEntry), said.made_at, now)
        if disputed is not None:
            draft.put(key, disputed)
    store.write(draft.writes(now))
    return marked


def _marked(incident: Incident, said: Feedback, now: datetime) -> Incident:
    """The incident with its feedback as its card shows it, and with what must follow."""
    look_again = now + announcing.LOOK_AGAIN
    marked = incident.model_copy(
        update={
            "feedback": said,
            "revision": incident.revision + 1,
            "due_at": min(incident.due_at or look_again, look_again),
        }
    )
    if marked.disputed and marked.state is IncidentState.OPEN and not marked.held:
        marked = marked.model_copy(update={"analysis_requested_at": now})
    return announcing.announced_at_once(marked, now)


def _keep(draft: Draft, incident: Incident, said: Feedback, before: Feedback | None) -> None:
    subject = subject_of(incident)
    key = _given_item(subject)
    given = draft.look_up(key, Given) or Given()
    named = given.model_copy(update={"signature": subject, "title": incident.title})
    draft.put(key, named.heard(said, before))
    if before is not None:
        key, day = _day_of(draft, before)
        draft.put(key, day.taken_back(before))
    key, day = _day_of(draft, said)
    draft.put(key, day.heard(said, subject))


def _day_of(draft: Draft, said: Feedback) -> tuple[Key, Day]:
    key = _day_item(said.at.date())
    return key, draft.look_up(key, Day) or Day()


def _read[M: BaseModel](store: Store, keys: Sequence[Key], model: type[M]) -> list[M]:
    found = store.read(keys) if keys else {}
    values = (items.decode(found[key], model) for key in keys)
    return [value for value in values if value is not None]


def _given_item(subject: str) -> Key:
    return items.state_item(f"feedback#{subject}")


def _day_item(day: date) -> Key:
    return items.state_item(f"feedback-day#{day.isoformat()}")

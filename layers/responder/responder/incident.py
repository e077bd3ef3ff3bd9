"""What the pipeline remembers of incidents: their state, where fingerprints lead, their alerts.

``card`` and ``cache_entry`` have the rest. Each item of a table is a value: a protocol reads one,
computes the next one and writes it on the condition that nobody wrote in between
(``ports.Store``).
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from responder.alert import Alert, Moment, Scope, Severity, Status
from responder.analysis.verdict import Analysis
from responder.recurrence import Recurrence

#: Notices kept on an incident, beside the pages of a storm's list; older ones were told long ago.
MAX_NOTICES = 20
#: Characters of a person's note on an analysis, so that a prompt has all of it; and of their name.
MAX_NOTE, MAX_NAME = 250, 80
#: Fingerprints that an incident keeps by name while they fire, and characters of each one's name.
MAX_FIRING, MAX_WHAT = 20, 80


#: Whom a card may call: people and groups by their ids in Slack, or all who are there.
Mention = Annotated[str, Field(pattern=r"^(?:[UWS][A-Z0-9]{5,20}|here|channel)$")]


class IncidentState(StrEnum):
    """Open, resolved by the tool, or closed by us after a quiet time."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


#: The detail of an ``ESCALATED`` notice of what begins anew as CRITICAL, instead of its rise.
FIRED_AGAIN = "fired again"


class NoticeKind(StrEnum):
    """Changes that people must be told of, beyond an edited card."""

    SEVERITY_RAISED = "severity_raised"
    REFIRED = "refired"
    RESOLVED = "resolved"
    FLAPPING = "flapping"
    STILL_FIRING = "still_firing"
    #: A page of what a storm or a throttle held; ``detail`` is the page's number.
    HELD_PAGE = "held_page"
    # What the analysis thinks of the severity that the alert claims.
    SEVERITY_DOUBTED = "severity_doubted"
    # Told in the channel of CRITICAL incidents, where that is not the card's own.
    ESCALATED = "escalated"


class Notice(BaseModel):
    """One numbered change; ``number`` rises by one within an incident and is never reused.

    ``mentions`` are whom it calls where that is not all whom the incident's route names.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    kind: NoticeKind
    at: Moment
    detail: str = ""
    mentions: tuple[Mention, ...] = ()


class Hold(BaseModel):
    """What keeps an incident from being told of: why, whose, and until when.

    ``silence_id`` names it: a silence, a maintenance window or a rule of inhibition, as ``reason``
    says. An inhibition ends with its ``cause``, the incident with the title ``subject``.
    """

    model_config = ConfigDict(frozen=True)

    silence_id: str
    reason: str = "silenced"
    until: Moment | None = None
    comment: str = ""
    author: str = ""
    cause: str = ""
    subject: str = ""


class Refusal(BaseModel):
    """A channel that Slack did not take a card to, and the reason."""

    model_config = ConfigDict(frozen=True)

    channel: str
    reason: str


class QuietHours(Recurrence):
    """Hours in which what is milder than ``below`` is not told of."""

    # Operators' spelling is checked where they write it; an incident must be read whatever a newer
    # version adds to it.
    model_config = ConfigDict(extra="ignore")

    below: Severity


class Destination(BaseModel):
    """What the operators' ``route`` (by its name; empty: none matched) says of an incident's card.

    An empty ``channel`` is the configured one. ``refused`` is known to the card, and to the
    incident only while its card is rendered.
    """

    model_config = ConfigDict(frozen=True)

    route: str = ""
    channel: str = ""
    mentions: tuple[Mention, ...] = ()
    minimum_severity: Severity = Severity.INFO
    renotify_after: timedelta | None = None
    quiet_hours: tuple[QuietHours, ...] = ()
    refused: Refusal | None = None

    def holds(self, severity: Severity) -> bool:
        """Whether an incident is too mild for a card; CRITICAL never is."""
        return self.minimum_severity.worse_than(severity)


class Storm(BaseModel):
    """What is known of a storm: ``incidents`` it holds, by service, rule and severity.

    ``kind`` is the reason that they are held for (``policy.storm.KINDS``): a throttle is one, too.
    ``most`` new incidents a minute (or an hour) had cards of their own. ``unlisted`` of those held
    are beyond what it keeps the names of. ``worst`` are a few by name, the newest first. One that
    ``goes_on`` was listed as it had lasted for too long. ``firing`` of those listed still fired at
    ``counted_at``, without a card, silence or window; ``counted_at`` is empty while it lasts and
    once none fires that it still holds.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "storm"
    most: int
    incidents: int = 0
    unlisted: int = 0
    services: tuple[tuple[str, int], ...] = ()
    rules: tuple[tuple[str, int], ...] = ()
    severities: tuple[tuple[Severity, int], ...] = ()
    worst: tuple[tuple[Severity, str], ...] = ()
    goes_on: bool = False
    firing: int = 0
    counted_at: Moment | None = None


class Worst(BaseModel):
    """The worst firing alert of an incident; among equals the newest, by the tool's clock.

    Each text is None where it is as in the first alert, so that repeats add nothing to the item.
    ``name`` is its fingerprint's in the list of what fires.
    """

    model_config = ConfigDict(frozen=True)

    alert_id: str
    name: str = ""
    at: Moment
    severity: Severity
    title: str | None = None
    message: str | None = None
    resource: str | None = None

    @property
    def speaks_otherwise(self) -> bool:
        """Whether it says anything in other words than the first one."""
        return self.title is not None or self.message is not None


class Firing(BaseModel):
    """A fingerprint that fires, as its newest alert has it; ``name`` tells it from the others."""

    model_config = ConfigDict(frozen=True)

    name: str
    severity: Severity
    at: Moment
    what: str


class Apart(BaseModel):
    """A later alert of an incident that is not held by what holds its first one.

    Where matchers are asked, its words take the places of the first one's.
    """

    model_config = ConfigDict(frozen=True)

    fingerprint: str
    rule: str
    title: str
    message: str
    service: str
    resource: str
    scope: Scope
    labels: dict[str, str]


class Mark(StrEnum):
    """What a person makes of an analysis, or (noise) of the alert that it is about."""

    RIGHT = "right"
    WRONG = "wrong"
    NOISE = "noise"


class Feedback(BaseModel):
    """A person's mark on the analysis of an incident, and which analysis that was."""

    model_config = ConfigDict(frozen=True)

    mark: Mark
    by: Annotated[str, Field(max_length=MAX_NAME)]
    at: Moment
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""
    incident_id: str
    headline: str = ""
    made_at: Moment
    made_by: str
    prompt_version: str = ""


class Incident(BaseModel):
    """An open (or past) episode of one signature in one scope.

    ``revision`` rises with every change that the card shows. ``count`` is the number of distinct
    firing alerts, ``resolves`` of resolved ones, ``firing`` of fingerprints that still fire, and
    ``firing_now`` the worst of these by name, the newest first among equals.
    ``announced_at`` and ``trailing_at`` pace counter-only changes; ``due_at`` is when the tick
    must look again; ``unshown_since`` is set by the tick while the card lags behind. ``silence`` is
    what keeps it from being told of (a silence, or what else ``Hold`` may be), ``silence_ended``
    one that ended while it was open, and ``held`` says why it must not have a card yet. What holds
    it must hold ``apart``, too.
    ``inhibits`` names the lists of causes that it stands in (``protocols.inhibiting``).
    ``refires`` are its new beginnings of late, ``critical_refires`` the newest as CRITICAL among
    them. ``storm_id`` is the storm or throttle that holds it
    (or held it), ``storm`` makes the incident itself one. ``rules`` is the number of the signature
    rules that it was opened under, ``route`` what the operators' routes say of its card (None:
    never asked), ``feedback`` the latest that a person said of an analysis of it. Title, message,
    resource, labels and links are the first alert's; ``worst`` has what the worst one says
    otherwise. ``told_from`` is when people were last let know of it beside the notices: when what
    held it from them ended.
    """

    model_config = ConfigDict(frozen=True)

    incident_id: str
    key: str
    episode: int
    signature: str
    cache_key: str
    rules: int = 0
    explanation: str = ""
    source: str
    rule: str = ""
    title: str
    message: str = ""
    service: str = ""
    resource: str = ""
    scope: Scope = Scope()
    labels: dict[str, str] = {}
    links: dict[str, str] = {}
    worst: Worst | None = None
    severity: Severity
    state: IncidentState = IncidentState.OPEN
    unknown_format: bool = False
    synthetic: bool = False
    first_alert_id: str
    count: int = 0
    resolves: int = 0
    firing: int = 0
    firing_now: tuple[Firing, ...] = ()
    first_seen: Moment
    last_seen: Moment
    opened_at: Moment
    first_received_at: Moment
    resolved_at: Moment | None = None
    refires: tuple[Moment, ...] = ()
    critical_refires: tuple[Moment, ...] = ()
    flapping: bool = False
    revision: int = 1
    notices: tuple[Notice, ...] = ()
    analysis: Analysis
    from_cache: bool = False
    analysis_requested_at: Moment | None = None
    announced_at: Moment | None = None
    trailing_at: Moment | None = None
    due_at: Moment | None = None
    unshown_since: Moment | None = None
    silence: Hold | None = None
    silence_ended: Hold | None = None
    held: str = ""
    apart: Apart | None = None
    told_from: Moment | None = None
    inhibits: tuple[str, ...] = ()
    storm_id: str = ""
    storm: Storm | None = None
    route: Destination | None = None
    feedback: Feedback | None = None
    trace: str = ""

    @property
    def disputed(self) -> bool:
        """Whether a person found the very analysis wrong that it has from Claude."""
        said = self.feedback
        return (
            said is not None
            and said.mark is Mark.WRONG
            and said.made_at == self.analysis.made_at
            and not self.analysis.is_fallback
        )

    @property
    def still_fires(self) -> bool:
        """Whether it is open, or a storm that is over before what it held is."""
        held_fire = self.storm is not None and self.storm.firing > 0
        return self.state is IncidentState.OPEN or held_fire

    @property
    def partly_known(self) -> bool:
        """Whether it is a storm that has no names, and so no state, of some that it held."""
        return self.storm is not None and self.storm.unlisted > 0

    @property
    def last_notice(self) -> int:
        """The number of the newest notice, 0 where there is none."""
        return self.notices[-1].number if self.notices else 0


class Head(BaseModel):
    """The newest episode of an incident key; makes "one open incident per key" checkable."""

    model_config = ConfigDict(frozen=True)

    key: str
    episode: int


class Pointer(BaseModel):
    """Where a fingerprint of a source leads: its incident, its last state and since when.

    ``heard_at`` is when we received that it was resolved, ``alert_id`` its newest firing.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    fingerprint: str
    state: Status
    event_at: Moment
    heard_at: Moment | None = None
    incident_id: str = ""
    signature: str = ""
    alert_id: str = ""


class AlertRecord(BaseModel):
    """An alert as the alerts table keeps it: what was accepted, and what became of it."""

    model_config = ConfigDict(frozen=True)

    alert: Alert
    signature: str
    incident_id: str = ""
    held: str = ""

"""What the pipeline remembers of an incident's Slack message, written only by distribution."""

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Severity
from responder.incident import Refusal


class Intent(BaseModel):
    """What a worker is about to send to Slack, written before it is sent.

    ``channel`` is where to, empty for the card's own.
    """

    model_config = ConfigDict(frozen=True)

    delivery_id: str
    at: Moment
    notice: int = 0
    channel: str = ""


class Details(BaseModel):
    """The one thread reply with what the card has no room for.

    ``shows`` names the contents that Slack shows, or that it refused for good. ``next_try`` is
    when the copy returns that waits for its turn.
    """

    model_config = ConfigDict(frozen=True)

    ts: str = ""
    shows: str = ""
    intent: Intent | None = None
    next_try: Moment | None = None


class Card(BaseModel):
    """The Slack message of an incident, written only by distribution.

    ``shown`` is the incident revision that Slack shows (0: none), ``wanted`` the highest one that
    somebody asked for while the lease was held, ``told`` the last notice told. In webhook mode
    ``ts`` and ``channel_id`` stay empty and ``posted`` says that the first message went out.
    ``intent`` is left behind by a crash between writing it and recording its result.
    ``told_severity`` is the worst that people were called for. ``thread_closed``: Slack takes no
    replies in the card's thread. ``waits_for`` says why the card waits until ``next_try``;
    ``edit_at`` is its slot in Slack's line of edits, where it has one, ``edit_urgent`` whether that
    is one of what is CRITICAL.
    ``refused`` is the channel that it should be in. ``shortened``: the shown card had room for some
    of its blocks only. ``reported_at`` is when operators were last told that it waits,
    ``reported_as`` with which severity.
    """

    model_config = ConfigDict(frozen=True)

    incident_id: str
    channel: str
    channel_id: str = ""
    refused: Refusal | None = None
    ts: str = ""
    posted: bool = False
    posted_at: Moment | None = None
    shown: int = 0
    shown_at: Moment | None = None
    shortened: bool = False
    wanted: int = 0
    told: int = 0
    told_severity: Severity | None = None
    told_analysis: str = ""
    owner: str = ""
    lease_until: Moment | None = None
    intent: Intent | None = None
    thread_closed: bool = False
    details: Details = Details()
    next_try: Moment | None = None
    waits_for: str = ""
    edit_at: Moment | None = None
    edit_urgent: bool = False
    first_sent: Moment | None = None
    dead_lettered: bool = False
    reported_at: Moment | None = None
    reported_as: Severity | None = None

"""What is next for a card: decisions only, which ``deliver`` and ``card_messages`` perform.

``card`` has what becomes of the card by each of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from responder.alert import Severity
from responder.card import Card, Intent
from responder.errors import Reason
from responder.incident import Destination, Incident, Notice, NoticeKind
from responder.protocols import details
from responder.protocols.card import Timing, analysis_id
from responder.values import changed


class Act(Enum):
    """What is to be done next for a card."""

    POST = auto()
    POST_ANALYSIS = auto()
    UPDATE = auto()
    TELL = auto()
    FIND = auto()
    WAIT = auto()
    NOTE = auto()
    DETAIL = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Step:
    """An act with what it needs: the notice to tell, the left-behind intent, or the wait's end."""

    act: Act
    notice: Notice | None = None
    intent: Intent | None = None
    until: datetime | None = None


#: Why Slack does not take a card to a channel, whatever its message is.
TURNED_AWAY = frozenset(
    {
        Reason.CHANNEL_NOT_FOUND,
        Reason.CHANNEL_ARCHIVED,
        Reason.NOT_IN_CHANNEL,
        Reason.CHANNEL_CLOSED,
    }
)
#: What is wrong with a first message wherever it is to stand.
_WRONG_ANYWHERE = frozenset({Reason.INVALID_MESSAGE, Reason.MISCONFIGURED})
_RISES = frozenset({NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED})
#: Notices that say how an incident stands: only the newest is true.
_STATES = frozenset({NoticeKind.RESOLVED, NoticeKind.REFIRED, NoticeKind.STILL_FIRING})
#: The notice number in the intent of a webhook's separate analysis message.
ANALYSIS_MESSAGE = -1


def next_step(
    incident: Incident,
    card: Card,
    now: datetime,
    timing: Timing,
    *,
    editable: bool,
    edit_waits: bool = False,
) -> Step:
    """The next act that brings Slack nearer to the incident's newest revision.

    While an ``edit_waits`` for its slot, what people must be told of does not wait with it.
    """
    if card.intent is not None:
        settled = card.intent.at + timing.settle
        if now < settled:
            return Step(Act.WAIT, until=settled)
        if editable:
            return Step(Act.FIND, intent=card.intent)
    if edit_waits and card.ts:
        return _telling(incident, card)
    step = _editing(incident, card) if editable else _appending(incident, card)
    if step.act is Act.NOTHING and details.due(card, incident, now):
        return Step(Act.DETAIL)
    return step


def _editing(incident: Incident, card: Card) -> Step:
    if not card.ts:
        return Step(Act.POST)
    if card.shown < incident.revision:
        return Step(Act.UPDATE)
    return _telling(incident, card)


def _telling(incident: Incident, card: Card) -> Step:
    notice = _untold(incident, card)
    return Step(Act.TELL, notice=notice) if notice else Step(Act.NOTHING)


def _appending(incident: Incident, card: Card) -> Step:
    """Webhook mode: first message, analysis, notices; counters alone are not worth a message."""
    if not card.posted:
        return Step(Act.POST)
    if incident.silence is not None:
        return Step(Act.NOTE) if card.shown < incident.revision else Step(Act.NOTHING)
    if not incident.analysis.is_fallback and card.told_analysis != analysis_id(incident):
        return Step(Act.POST_ANALYSIS)
    told = _telling(incident, card)
    if told.act is Act.TELL:
        return told
    return Step(Act.NOTE) if card.shown < incident.revision else Step(Act.NOTHING)


def _untold(incident: Incident, card: Card) -> Notice | None:
    """The next notice to tell; under a silence nobody is told, until it ends."""
    if incident.silence is not None:
        return None
    waiting = [notice for notice in incident.notices if notice.number > card.told]
    still_news = (
        notice
        for at, notice in enumerate(waiting, 1)
        if not any(_overtakes(later, notice, incident) for later in waiting[at:])
    )
    return next(still_news, None)


def _overtakes(later: Notice, earlier: Notice, incident: Incident) -> bool:
    """Whether an earlier notice is no news any more beside a later one, told at the same time."""
    if earlier.kind is NoticeKind.HELD_PAGE:
        return False
    # A reminder does not say that a storm was listed, and its end calls nobody.
    if incident.storm is not None and (
        earlier.kind is NoticeKind.RESOLVED
        or (later.kind is NoticeKind.RESOLVED and incident.still_fires)
    ):
        return False
    over = not incident.still_fires and later.kind is NoticeKind.RESOLVED
    if earlier.mentions:
        # No later one calls them.
        return over
    return over or later.kind is earlier.kind or {later.kind, earlier.kind} <= _STATES


def says_already(notice: Notice, incident: Incident) -> bool:
    """Whether a card that can be edited has said since a window that its incident is over."""
    waited = incident.told_from is not None and notice.at < incident.told_from
    return waited and notice.kind is NoticeKind.RESOLVED and not incident.still_fires


def passed_over(incident: Incident, card: Card, told: int) -> list[Notice]:
    """The notices that a later one, told now, has overtaken."""
    return [one for one in incident.notices if card.told < one.number < told]


def rises(card: Card, notice: Notice, severity: Severity) -> bool:
    """Whether it begins anew as CRITICAL, or worse than people were told.

    Its rise may have passed in a silence; and who read that it is over has gone back to bed.
    """
    before = card.told_severity
    worse = before is not None and severity.worse_than(before)
    return notice.kind is NoticeKind.REFIRED and (worse or severity is Severity.CRITICAL)


def flees(act: Act, reason: Reason) -> bool:
    """Whether what Slack refuses in a card's channel is tried in another one.

    A first message always is, as nobody sees the incident without it, and Slack has words for
    refusing a channel that nobody here knows.
    """
    return reason in TURNED_AWAY or (act is Act.POST and reason not in _WRONG_ANYWHERE)


def as_it_stands(incident: Incident, card: Card, act: Act) -> Incident:
    """The incident to render: its card calls people once, and says so where it stands elsewhere.

    What a webhook posted before there was a bot has called them, too. A card that is posted anew
    tells a rise that nobody was told of, and calls for that.
    """
    route = incident.route or Destination()
    again = act is Act.POST and card.posted_at is not None and card.refused is None
    news = any(one.number > card.told and one.kind in _RISES for one in incident.notices)
    called = () if again and not news else route.mentions
    return changed(
        incident, {"route": changed(route, {"mentions": called, "refused": card.refused})}
    )

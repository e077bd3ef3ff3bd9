"""A change that people must be told of, as a message; the card protocol calls it once per notice.

In bot mode it is a reply in the card's thread, shown in the channel too where the severity rises;
in webhook mode, and in the channel of CRITICAL incidents, it is a message that stands alone.
"""

from collections.abc import Sequence

from responder.alert import Severity
from responder.delivery import blocks, destination, mrkdwn, storm, words
from responder.incident import FIRED_AGAIN, Incident, Notice, NoticeKind
from responder.ports import Message

#: A thread that nobody follows must not be all that tells of these.
_BROADCAST = (NoticeKind.SEVERITY_RAISED, NoticeKind.STILL_FIRING)
#: Whom a card calls is called again.
_CALLS = (*_BROADCAST, NoticeKind.ESCALATED)
_DETAIL, _SUBJECT, _CHANNEL = 400, 240, 80


def render(
    incident: Incident,
    notice: Notice,
    held: Sequence[Incident] = (),
    *,
    standalone: bool = False,
    card_in: str = "",
    rises: bool = False,
) -> Message:
    """``standalone`` adds what the thread would have shown: which incident it is about.

    ``held`` are the incidents that a page of a storm's list tells of, ``card_in`` is the channel of
    its card where that is another one. ``rises``: nobody was told yet that it is so severe.
    """
    if notice.kind is NoticeKind.HELD_PAGE:
        return storm.page(incident, notice, held)
    news = _news(incident, notice)
    detail = "" if _is_anew(notice) else mrkdwn.inline(notice.detail, _DETAIL)
    subject = mrkdwn.inline(words.subject(incident), _SUBJECT)
    calls = rises or notice.kind in _CALLS
    broadcast = not standalone and (rises or notice.kind in _BROADCAST)
    about = f"{subject}\n{_where(incident)}" if standalone or broadcast else ""
    called = destination.mentions(incident, notice.mentions) if calls else ""
    body = blocks.section([called, f"*{news}*", about, detail])
    ends = standalone and notice.kind is NoticeKind.RESOLVED
    figures = storm.figures(incident.storm) if ends and incident.storm else []
    small = blocks.context([_context(incident, notice, standalone), _card(card_in)])
    return Message(
        text=f"{news}: {subject} {called}".rstrip(),
        blocks=[block for block in (body, *figures, small) if block],
        color=_color(incident, notice) if standalone else "",
        broadcast=broadcast,
    )


def _news(incident: Incident, notice: Notice) -> str:
    if notice.kind is NoticeKind.REFIRED or _is_anew(notice):
        severity = words.severity_now(incident)
        return f"🔁 Fired again ({words.SYMBOLS[severity]} {severity.value})"
    if notice.kind in (NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED):
        severity = _raised_to(incident, notice)
        return f"{words.SYMBOLS[severity]} Severity raised to {severity.value}"
    if notice.kind is NoticeKind.STILL_FIRING:
        symbol = words.SYMBOLS[incident.severity]
        lasted = words.duration(notice.at - incident.first_seen)
        return f"{symbol} Still firing after {lasted} ({words.times(incident)})"
    if notice.kind is NoticeKind.FLAPPING and not incident.flapping:
        return "🔁 It was flapping and has settled; changes are told again"
    if notice.kind is NoticeKind.FLAPPING:
        return f"🔁 Flapping: fired again {words.refires(incident)}; changes are on the card only"
    if notice.kind is NoticeKind.SEVERITY_DOUBTED:
        return "🤔 Claude doubts the severity"
    if incident.storm is not None:
        return storm.news(incident, incident.storm)
    lasted = words.duration(notice.at - incident.first_seen)
    return f"✅ Resolved after {lasted} ({words.times(incident)})"


def _is_anew(notice: Notice) -> bool:
    """The channel of what is CRITICAL is told of rises, and of what begins anew as bad as that."""
    return notice.kind is NoticeKind.ESCALATED and notice.detail == FIRED_AGAIN


def _raised_to(incident: Incident, notice: Notice) -> Severity:
    """What a rise ended at, which may be milder than what the incident once was."""
    named = notice.detail.rpartition(" ")[2]
    return Severity(named) if named in Severity else incident.severity


def _where(incident: Incident) -> str:
    return mrkdwn.inline(words.place(incident.scope), _SUBJECT)


def _context(incident: Incident, notice: Notice, standalone: bool) -> str:
    when = mrkdwn.date(notice.at)
    if not standalone:
        return when
    return f"{when} · incident {mrkdwn.code(incident.incident_id, 120)}"


def _card(channel: str) -> str:
    return f"The card is in {mrkdwn.inline(channel, _CHANNEL)}" if channel else ""


def _color(incident: Incident, notice: Notice) -> str:
    if incident.storm is not None:
        return words.color(incident)
    if notice.kind is NoticeKind.RESOLVED:
        return words.SOLVED_COLOR
    return words.COLORS[incident.severity]

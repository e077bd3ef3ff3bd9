"""A storm as a card, and the pages of its list; ``card`` and ``notices`` call these."""

from collections.abc import Sequence

from responder.delivery import blocks, limits, mrkdwn, words
from responder.incident import Incident, IncidentState, Notice, Storm
from responder.policy.storm import PAGE, named
from responder.ports import Message

_PLACE, _SERVICE, _NUMBER = 120, 60, 8
_STATES = {IncidentState.OPEN: "firing", IncidentState.RESOLVED: "resolved"}
#: So that a whole page fits into one section.
_LINE = limits.SECTION_TEXT // PAGE - 1


def state(incident: Incident, known: Storm) -> blocks.Block | None:
    """How many incidents it holds, how bad they are, since when."""
    how_bad = " · ".join(
        f"{words.SYMBOLS[severity]} {number:,} {severity.value}"
        for severity, number in known.severities
    )
    return blocks.section(
        [
            _since(incident, known),
            how_bad,
            mrkdwn.inline(words.place(incident.scope), _PLACE),
            f"Began {mrkdwn.date(incident.first_seen)} · newest {mrkdwn.date(incident.last_seen)}",
        ]
    )


def facts(incident: Incident, known: Storm) -> list[blocks.Block | None]:
    """What it does to cards, and which services it is about."""
    if incident.state is IncidentState.OPEN:
        meaning = (
            f"More than {known.most} new incidents within a minute: the next ones wait here. "
            "CRITICAL ones come at once. When it ebbs, all are listed in the thread."
        )
    else:
        meaning = (
            "All it held are listed in the thread; whichever fires again gets a card of its own."
        )
    services = [
        f"{mrkdwn.code(name, _SERVICE) or '(no service)'} {number:,}"
        for name, number in known.services
    ]
    shown = sum(number for _, number in known.services)
    if others := known.incidents - shown:
        services.append(f"others {others:,}")
    return [
        blocks.context([meaning]),
        blocks.section([f"*By service:* {' · '.join(services)}"] if known.services else []),
    ]


def news(incident: Incident, known: Storm) -> str:
    """The end of a storm, in one line."""
    lasted = words.duration(words.lasted(incident))
    unlisted = f", {known.unlisted:,} of them not by name" if known.unlisted else ""
    return f"✅ Ebbed after {lasted}: it held {_incidents(known.incidents)}{unlisted}"


def page(incident: Incident, notice: Notice, held: Sequence[Incident]) -> Message:
    """Some of what it held, as they are by now."""
    title = f"Held by the storm, part {mrkdwn.inline(notice.detail, _NUMBER)}"
    lines = [_line(one) for one in held]
    small = blocks.context([f"incident {mrkdwn.code(incident.incident_id, 120)}"])
    body = blocks.section([f"*{title}*", *lines]) if lines else blocks.section([title])
    return Message(text=title, blocks=[block for block in (body, small) if block])


def _since(incident: Incident, known: Storm) -> str:
    held = _incidents(known.incidents)
    lasted = words.duration(words.lasted(incident))
    if incident.state is IncidentState.OPEN:
        return f"*Storm* · *{held} held* in {lasted}"
    return f"✅ *Ebbed after {lasted}* · {held} held"


def _line(incident: Incident) -> str:
    """One incident: how bad, what, where, how often, and whether it still fires."""
    lead = f"{words.SYMBOLS[incident.severity]} {incident.severity.value} "
    times = f"{incident.count:,}\N{MULTIPLICATION SIGN}"
    tail = f" · {times} · {_STATES.get(incident.state, 'closed')}"
    room = _LINE - limits.width(lead) - limits.width(tail)
    place = words.place(incident.scope)
    what = words.about(incident, named(incident.rule, words.title(incident)))
    subject = what + (f" ({place})" if place else "")
    return f"{lead}{mrkdwn.inline(subject, room)}{tail}"


def _incidents(number: int) -> str:
    return "1 incident" if number == 1 else f"{number:,} incidents"

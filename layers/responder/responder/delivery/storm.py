"""A storm or throttle as a card, and the pages of its list; ``card`` and ``notices`` call these."""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.delivery import blocks, limits, mrkdwn, words
from responder.errors import Reason
from responder.incident import Incident, IncidentState, Notice, Storm
from responder.policy.storm import PAGE, named
from responder.ports import Message

_PLACE, _NAME, _TITLE, _NUMBER = 120, 60, 200, 8
_PAGE_TITLE = 60
_STATES = {IncidentState.OPEN: "firing", IncidentState.RESOLVED: "resolved"}


@dataclass(frozen=True)
class _Words:
    """What differs between the two."""

    name: str
    ended: str
    limit: str
    ends: str


_STORM = _Words(
    "Storm",
    "Ebbed",
    "new incidents within a minute",
    "When it ebbs, after an hour at the latest",
)
_THROTTLE = _Words(
    "Throttle",
    "Calm again",
    "new incidents of one source within an hour",
    "When it calms down, after an hour at the latest",
)
_WORDS = {Reason.STORM.value: _STORM, Reason.THROTTLE.value: _THROTTLE}
#: So that a whole page, its title included, fits into a message's text.
_LINE = (limits.MESSAGE_TEXT - _PAGE_TITLE) // PAGE - 1


def state(incident: Incident, known: Storm) -> blocks.Block | None:
    """How many incidents it holds, how bad they are, since when."""
    if words.just_begun(incident):
        return begins(incident, known)
    return blocks.section(
        [
            _since(incident, known),
            _how_bad(known),
            _place(incident),
            f"{_began(incident)} · newest {mrkdwn.date(incident.last_seen)}",
        ]
    )


def begins(incident: Incident, known: Storm) -> blocks.Block | None:
    """That it begins, where nothing is counted yet, or the message stays as it is."""
    lead = f"*{_WORDS[known.kind].name}*: new incidents are held"
    return blocks.section([lead, _place(incident), _began(incident)])


def facts(incident: Incident, known: Storm) -> list[blocks.Block | None]:
    """What it does to cards, and which services it is about."""
    if incident.state is IncidentState.OPEN:
        return [blocks.context([_meaning(known, "in the thread")]), *_by(known), _worst(known)]
    listed = (
        "All it held are listed; whichever fires again, or is reported again while it fires, "
        "gets a card of its own once there is room."
    )
    return [blocks.context([listed]), *_by(known)]


def announced(known: Storm) -> list[blocks.Block | None]:
    """What it does to messages, where the first one stays as it is."""
    return [blocks.context([_meaning(known, "here, 20 to a message")])]


def figures(known: Storm) -> list[blocks.Block | None]:
    """What it holds so far, for a message that stands alone."""
    held = f"*{words.incidents(known.incidents)} held*"
    return [blocks.section([held, _how_bad(known)]), *_by(known)]


def news(incident: Incident, known: Storm) -> str:
    """The end of a storm, in one line."""
    unlisted = f", {known.unlisted:,} of them not by name" if known.unlisted else ""
    held = f"it held {words.incidents(known.incidents)}{unlisted}"
    return f"{_end(incident, known)}: {held}; {_how_many_fire(known)}"


def page(incident: Incident, notice: Notice, held: Sequence[Incident]) -> Message:
    """Some of what it held, as they are by now."""
    kind = _WORDS[incident.storm.kind if incident.storm else Reason.STORM.value].name.lower()
    title = f"Held by the {kind}, part {mrkdwn.inline(notice.detail, _NUMBER)}"
    lines = [_line(one) for one in held]
    small = blocks.small_print([f"incident {mrkdwn.code(incident.incident_id, 120)}"])
    # Screen readers hear the text alone, and where blocks are refused it is all there is.
    text = "\n".join([title, *lines])
    return Message(text=text, blocks=[*blocks.sections([f"*{title}*", *lines]), small])


def _since(incident: Incident, known: Storm) -> str:
    held = f"{words.incidents(known.incidents)} held"
    if incident.state is IncidentState.OPEN:
        lasted = words.duration(words.lasted(incident))
        return f"*{_WORDS[known.kind].name}* · *{held}* in {lasted}"
    return f"*{_end(incident, known)}* · {held} · *{_how_many_fire(known)}*"


def _end(incident: Incident, known: Storm) -> str:
    over = "☑️" if known.unlisted else "✅"
    symbol = words.SYMBOLS[incident.severity] if known.firing else over
    lasted = words.duration(words.lasted(incident))
    if known.goes_on:
        return f"{symbol} Listed after {lasted}, as it went on"
    return f"{symbol} {_WORDS[known.kind].ended} after {lasted}"


def _how_many_fire(known: Storm) -> str:
    """Only those with names can be looked at."""
    unknown = f", {known.unlisted:,} unknown" if known.unlisted else ""
    if known.firing:
        return f"{known.firing:,} still fire{unknown}"
    which = "all listed" if known.unlisted else "all"
    return f"{which} are over, silenced or have cards of their own{unknown}"


def _place(incident: Incident) -> str:
    return mrkdwn.inline(words.located(incident.scope), _PLACE)


def _began(incident: Incident) -> str:
    return f"Began {mrkdwn.date(incident.first_seen)}"


def _meaning(known: Storm, where: str) -> str:
    said = _WORDS[known.kind]
    return (
        f"More than {known.most} {said.limit}: the next ones wait. "
        f"CRITICAL ones come at once. {said.ends}, all are listed {where}."
    )


def _how_bad(known: Storm) -> str:
    return " · ".join(
        f"{words.SYMBOLS[severity]} {number:,} {severity.value}"
        for severity, number in known.severities
    )


def _by(known: Storm) -> list[blocks.Block | None]:
    services = _counted(known.services)
    if others := known.incidents - sum(number for _, number in known.services):
        services.append(f"others {others:,}")
    rules = _counted(known.rules)
    return [
        blocks.section([f"*By service:* {' · '.join(services)}"] if known.services else []),
        blocks.section([f"*By rule:* {' · '.join(rules)}"] if known.rules else []),
    ]


def _worst(known: Storm) -> blocks.Block | None:
    """A few by name, as the list comes only when it is over."""
    lines = [
        f"{words.SYMBOLS[severity]} {severity.value} {mrkdwn.inline(title, _TITLE)}"
        for severity, title in known.worst
    ]
    return blocks.section(["*Worst, newest first:*", *lines] if lines else [])


def _counted(names: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{mrkdwn.code(name, _NAME) or '(no service)'} {number:,}" for name, number in names]


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

"""An incident as a Slack message.

The card protocol calls ``render`` in bot mode, where one
message is edited for as long as the incident lives, and the ``webhook_…`` ones in webhook mode,
where nothing can be edited and each says for itself what it adds.
"""

from datetime import datetime, timedelta

from responder.alert import Severity
from responder.delivery import (
    blocks,
    destination,
    feedback,
    findings,
    firing,
    holds,
    limits,
    links,
    mrkdwn,
    storm,
    words,
)
from responder.incident import Incident, IncidentState, Worst
from responder.ports import Message

#: Shown of the alert's own text, and of a payload that no parser knows.
_MESSAGE, _UNKNOWN = 700, 1_200
_FIRST = 300
_PLACE, _RESOURCE = 300, 300
_NAME = 60
#: Readers see minutes: a first and a last time that differ by less are one.
_SAME_TIME = timedelta(minutes=1)
_MAX_LABELS, _LABEL, _LABELS = 25, 120, 1_200
_ID = 120


def render(incident: Incident, now: datetime) -> Message:
    """The card in bot mode: the whole state of the incident as of ``now``."""
    body = [*_facts(incident, now), *_findings(incident, now)]
    return _message(incident, _state(incident), body, _footer(incident))


def webhook_first(incident: Incident, now: datetime) -> Message:
    """The first message in webhook mode: all that is known, and what will be sent later."""
    footer = _footer(incident, _what_follows(incident))
    known, state, facts = incident.storm, _state(incident), _facts(incident, now)
    if known is not None and incident.state is IncidentState.OPEN:
        # It is never edited: figures of its first seconds would stand there for good.
        state, facts = storm.begins(incident, known), storm.announced(known)
    return _message(incident, state, [*facts, *_findings(incident, now)], footer)


def webhook_analysis(incident: Incident, now: datetime) -> Message:
    """The analysis as a message of its own in webhook mode; it names its incident itself."""
    subject = words.subject(incident)
    header = blocks.header(_headline(subject, "🔎 Analysis · "))
    text = mrkdwn.inline(incident.analysis.headline or incident.title, 240)
    held = storm.figures(incident.storm) if incident.storm is not None else []
    return Message(
        text=f"🔎 Analysis for {mrkdwn.inline(subject, 240)}: {text}",
        blocks=blocks.fit([header], [*held, *_findings(incident, now)], _footer(incident)),
        color=words.color(incident),
    )


def _message(
    incident: Incident,
    state: blocks.Block | None,
    body: list[blocks.Block | None],
    footer: blocks.Block,
) -> Message:
    subject = words.subject(incident)
    called = destination.mentions(incident)
    head = [
        blocks.section([called]),
        blocks.header(_headline(subject, f"{words.lead(incident)} · ")),
        state,
    ]
    return Message(
        # Where blocks are refused the text is all there is, and must call them, too.
        text=f"{words.lock_screen(incident, subject)} {called}".rstrip(),
        blocks=blocks.fit(head, body, footer),
        color=words.color(incident),
    )


def _headline(subject: str, lead: str) -> str:
    room = limits.HEADER_TEXT - limits.width(lead)
    return lead + mrkdwn.plain(subject, room)


def _state(incident: Incident) -> blocks.Block | None:
    """Where, since when, how long and how often: what must never be dropped."""
    if incident.storm is not None:
        return storm.state(incident, incident.storm)
    owner = mrkdwn.inline(words.owner(incident), _NAME)
    resource = mrkdwn.code(words.resource(incident), _RESOURCE)
    whose = (f"Owner *{owner}*" if owner else "", f"Resource {resource}" if resource else "")
    named = firing.line(incident)
    return blocks.section(
        [
            _since(incident, several=incident.firing > 1 or bool(named)),
            named,
            mrkdwn.inline(words.located(incident.scope), _PLACE),
            " · ".join(part for part in whose if part),
            _seen(incident),
        ]
    )


def _seen(incident: Incident) -> str:
    first = mrkdwn.date(incident.first_seen)
    if incident.last_seen - incident.first_seen < _SAME_TIME:
        return f"Seen {first}"
    return f"First seen {first} · last seen {mrkdwn.date(incident.last_seen)}"


def _since(incident: Incident, *, several: bool) -> str:
    how_often = f"*{words.times(incident)}*"
    lasted = words.duration(words.lasted(incident))
    if incident.state is IncidentState.RESOLVED:
        return f"✅ *Resolved after {lasted}* · {how_often}{_ended(incident)}"
    if incident.state is IncidentState.CLOSED:
        quiet = "closed after a quiet time; the tool never said resolved"
        return f"☑️ *Closed* · {quiet} · {how_often}{_ended(incident)}"
    rate = words.rate(incident)
    average = f" ({rate})" if rate else ""
    now = f" · {incident.firing:,} firing now" if several else ""
    return f"*Firing* · {how_often}{average}{now}"


def _ended(incident: Incident) -> str:
    return f" · {mrkdwn.date(incident.resolved_at)}" if incident.resolved_at else ""


def _facts(incident: Incident, now: datetime) -> list[blocks.Block | None]:
    said = blocks.context(feedback.line(incident))
    if incident.storm is not None:
        return [*storm.facts(incident, incident.storm), said]
    age = words.duration(now - incident.first_seen)
    still = incident.state is IncidentState.OPEN and incident.count > 1
    return [
        blocks.context(destination.misplaced(incident)),
        blocks.context(holds.line(incident)),
        blocks.context([f"🔁 *Flapping*: {words.refires(incident)}"] if incident.flapping else []),
        blocks.context(
            [f"Open for {age} at the last update ({mrkdwn.date(now)})"] if still else []
        ),
        _alert_text(incident),
        blocks.context(_otherwise(incident)),
        said,
    ]


def _alert_text(incident: Incident) -> blocks.Block | None:
    title, message = words.title(incident), words.message(incident)
    if incident.unknown_format:
        return blocks.section(
            [
                "⚠️ *Unknown format*: no parser knows this payload. It begins:",
                mrkdwn.fence(message or title, _UNKNOWN),
            ]
        )
    if message.strip() == title.strip():
        return None
    return blocks.section([mrkdwn.paragraph(message, _MESSAGE)])


def _otherwise(incident: Incident) -> list[str]:
    """What the first alert said, where the card shows another's text, and what became of that."""
    worst = incident.worst
    if worst is None:
        return []
    said = mrkdwn.inline(_first_text(incident, worst), _FIRST)
    return [
        f"Text of {mrkdwn.date(worst.at)}; the first alert said: {said}" if said else "",
        firing.outdated(incident),
    ]


def _first_text(incident: Incident, worst: Worst) -> str:
    """What the first alert said otherwise than the worst one."""
    changed = (
        incident.title if worst.title is not None else "",
        incident.message if worst.message is not None and not _is_title(incident) else "",
    )
    return " · ".join(text for text in changed if text)


def _is_title(incident: Incident) -> bool:
    return incident.message == incident.title


def text_is_cut(incident: Incident) -> bool:
    """Whether the card leaves out anything that the first or the worst alert says."""
    room = _UNKNOWN - mrkdwn.FENCE if incident.unknown_format else _MESSAGE
    worst = incident.worst
    if not mrkdwn.fits(words.message(incident), room):
        return True
    return worst is not None and not mrkdwn.fits(_first_text(incident, worst), _FIRST)


def labels_are_cut(incident: Incident) -> bool:
    """Whether the card leaves out any label, or the end of one."""
    pairs = [f"{name}={value}" for name, value in incident.labels.items()]
    if len(pairs) > _MAX_LABELS or not all(mrkdwn.fits(pair, _LABEL - 2) for pair in pairs):
        return True
    # As the footer has them: each in backticks, with a blank behind it.
    return not mrkdwn.fits("".join(f"`{pair}` " for pair in pairs) + ".", _LABELS + 1)


def _findings(incident: Incident, now: datetime) -> list[blocks.Block | None]:
    """From the most to the least important: the last ones go first when room is short."""
    analysis = incident.analysis
    return [
        findings.verdict(incident),
        findings.checks(analysis),
        findings.causes(analysis),
        findings.actions(analysis),
        links.section(incident),
        findings.provenance(incident, now),
    ]


def _footer(incident: Incident, note: str = "") -> blocks.Block:
    """Labels and ids, in small print beside the coloured bar (see ``adapters.slack``)."""
    alert = mrkdwn.code(incident.first_alert_id, _ID)
    ids = (
        mrkdwn.inline(incident.source, _NAME),
        f"incident {mrkdwn.code(incident.incident_id, _ID)}",
        f"alert {alert}" if alert else "",
    )
    test = "🧪 Test alert, nothing is wrong" if incident.synthetic else ""
    items = (test, note, _labels(incident), " · ".join(part for part in ids if part))
    return blocks.small_print([item for item in items if item])


def _labels(incident: Incident) -> str:
    pairs: list[str] = []
    left = _LABELS
    for name, value in list(incident.labels.items())[:_MAX_LABELS]:
        pair = mrkdwn.code(f"{name}={value}", _LABEL)
        left -= limits.width(pair) + 1
        if left < 0:
            break
        pairs.append(pair)
    hidden = len(incident.labels) - len(pairs)
    return " ".join(pairs) + (f" {mrkdwn.MARK} and {hidden} more labels" if hidden else "")


def _what_follows(incident: Incident) -> str:
    end = "the list of what it holds" if incident.storm is not None else "the end"
    later = f"the analysis and {end} are" if incident.analysis.is_awaited else f"{end} is"
    if incident.state is not IncidentState.OPEN:
        return "Incoming webhook: this message is not updated"
    urgent = ", as is a rise in severity" if incident.severity is not Severity.CRITICAL else ""
    return (
        f"Incoming webhook: this message is not updated, repeats are not posted; "
        f"{later} sent as a new message{urgent}"
    )

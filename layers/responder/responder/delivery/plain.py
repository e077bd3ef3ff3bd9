"""The card as plain text, for readers outside Slack: dead letters, e-mail, the generic webhook."""

import re
from collections.abc import Iterator
from datetime import datetime

from responder.delivery import mrkdwn, words
from responder.incident import Incident, IncidentState

#: Ours: what a reader takes in from a dead letter or a mail; it is cut with a visible mark.
CARD = 3_000
#: The parts, each cut by itself, so that no long one takes the place of the others.
_LINE, _PARAGRAPH = 300, 700
_MAX_LINKS, _MAX_CHECKS, _MAX_ACTIONS = 6, 3, 3

# What ``visible`` leaves in and SQS refuses in a message and its attributes:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_REFUSED = re.compile("[\ufffe\uffff]")
_SPACE = re.compile(r"\s+")


def card(incident: Incident) -> str:
    """What the card of ``incident`` says, most important first; never empty."""
    return cut("\n".join(line for line in _lines(incident) if line), CARD)


def line(text: str, limit: int = _LINE) -> str:
    """One visible line of untrusted text, cut with a mark."""
    return cut(_SPACE.sub(" ", _visible(text[: limit * 4])).strip(), limit)


def moment(at: datetime) -> str:
    """A time for readers in every time zone."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters."""
    if len(text) <= limit:
        return text
    return text[: limit - len(mrkdwn.MARK)].rstrip() + mrkdwn.MARK


def _lines(incident: Incident) -> Iterator[str]:
    yield line(f"{words.lead(incident)} · {words.subject(incident)}")
    yield _state(incident)
    yield line(words.located(incident.scope))
    yield _labelled("Resource", words.resource(incident))
    message = words.message(incident)
    if message.strip() != words.title(incident).strip():
        yield cut(_visible(message[: _PARAGRAPH * 4]).strip(), _PARAGRAPH)
    yield from _findings(incident)
    for name, url in list(incident.links.items())[:_MAX_LINKS]:
        if address := mrkdwn.safe_url(url):
            yield f"{line(name, 60) or 'Link'}: {address}"
    yield f"Incident {line(incident.incident_id)} of {line(incident.source, 60)}"


def _state(incident: Incident) -> str:
    how_often = words.times(incident)
    seen = f"first seen {moment(incident.first_seen)}, last seen {moment(incident.last_seen)}"
    if incident.state is IncidentState.OPEN:
        firing = "Going on, with" if incident.storm is not None else "Firing"
        return f"{firing} {how_often}, {seen}"
    word = "Resolved" if incident.state is IncidentState.RESOLVED else "Closed"
    if incident.storm is not None:
        word = "Over"
    return f"{word} after {words.duration(words.lasted(incident))}, {how_often}, {seen}"


def _findings(incident: Incident) -> Iterator[str]:
    analysis = incident.analysis
    maker = "Triage (rule-based)" if analysis.is_fallback else "Analysis"
    yield _labelled(maker, words.headline(incident) or analysis.summary)
    for cause in analysis.causes[:1]:
        yield _labelled(f"Probable cause ({cause.confidence.value} confidence)", cause.text)
    for check in analysis.checks[:_MAX_CHECKS]:
        yield _labelled("Check", f"{check.text}: {check.command}" if check.command else check.text)
    for action in analysis.actions[:_MAX_ACTIONS]:
        yield _labelled("Next", action)


def _labelled(name: str, text: str) -> str:
    shown = line(text)
    return f"{name}: {shown}" if shown else ""


def _visible(text: str) -> str:
    return _REFUSED.sub("", mrkdwn.visible(text))

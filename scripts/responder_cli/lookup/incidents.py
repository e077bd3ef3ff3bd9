"""``responder incidents list|show``: what is open, and the whole story of one."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from responder.alert import Severity
from responder.card import Card
from responder.clock import utc_now
from responder.delivery import words
from responder.incident import AlertRecord, Incident, IncidentState
from responder_cli import console, incidents
from responder_cli.accepted import is_same
from responder_cli.aws import Stack
from responder_cli.lookup.alerts import document as alert_document
from responder_cli.lookup.narrowing import narrowed
from responder_cli.lookup.timeline import Event, timeline
from responder_cli.mending import command
from responder_cli.options import examples, json_option, moment, on_stack

OPEN, OVER, ALL = "open", "over", "all"
DEFAULT_ALERTS = 10
MOST_ALERTS = 200


@dataclass(frozen=True)
class Story:
    """An incident with what lies around it in the tables."""

    incident: Incident
    card: Card | None
    alerts: Sequence[AlertRecord]

    @property
    def events(self) -> list[Event]:
        """What happened, in order."""
        return timeline(self.incident, self.card)

    @property
    def link(self) -> str:
        """The card's address; Slack leads from it to whoever's workspace. Empty for a webhook's."""
        if self.card is None or not (self.card.channel_id and self.card.ts):
            return ""
        ts = self.card.ts.replace(".", "")
        return f"https://slack.com/archives/{self.card.channel_id}/p{ts}"

    @property
    def shown(self) -> str:
        """Where people see it, or why they do not."""
        if self.card is None or not self.card.shown:
            why = self.incident.held or self.given_up or (self.card.waits_for if self.card else "")
            return f"no card: {why or 'not posted yet'}"
        behind = self.incident.revision - self.card.shown
        late = f", {behind} changes behind" if behind > 0 else ""
        refused = self.card.refused
        instead = f", as {refused.channel} refused it: {refused.reason}" if refused else ""
        gone = f"; {self.given_up}" if self.given_up else ""
        return f"card in {self.card.channel}{instead}{late}{gone}"

    @property
    def given_up(self) -> str:
        """Where an announcement lies that nobody tries any more; empty while somebody does.

        The card of a check of our own leaves no letter.
        """
        if self.card is None or not self.card.dead_lettered or self.incident.synthetic:
            return ""
        return "given up, its announcement is a dead letter"


@click.group(
    "incidents",
    epilog=examples(
        "responder incidents list --severity CRITICAL",
        "responder incidents show INCIDENT",
    ),
)
def group() -> None:
    """Look incidents up: what is open, and all that is known of one."""


@group.command(
    "list",
    epilog=examples(
        "responder incidents list",
        "responder incidents list --severity CRITICAL --severity HIGH --service checkout",
        "responder incidents list --state over --since 7d --json",
        "responder incidents list --state all --since 14h --held",
    ),
)
@narrowed
@click.option("--state", type=click.Choice([OPEN, OVER, ALL]), default=OPEN, show_default=True,
              help="What is over is resolved by its tool, or closed by us as quiet.")  # fmt: skip
@click.option("--since", "start", type=moment, default="24h", show_default=True,
              help="With over and all: that had an alert since then.")  # fmt: skip
@click.option("--held", "without_card", is_flag=True,
              help="Only what a silence, a window or anything else keeps, or kept, from having a "
              "card.")  # fmt: skip
@json_option
@on_stack
def list_(
    stack: Stack,
    severities: tuple[Severity, ...],
    source: str,
    service: str,
    state: str,
    start: datetime,
    without_card: bool,
    as_json: bool,
) -> None:
    """Open incidents, the worst first, the newest first among equals.

    The open ones are found through the index of due times, those that are over through the alerts
    that they had (of the newest 2,000): neither is a scan.
    """
    found = [
        one
        for one in _found(stack, state, start)
        if one.severity in severities
        and is_same(service, one.service)
        and is_same(source, one.source)
        and (one.held or not without_card)
    ]
    found.sort(key=lambda one: (one.severity.rank, -one.opened_at.timestamp()))
    if as_json:
        console.as_json([_line(one) for one in found])
        return
    now = utc_now()
    console.grid(
        ("severity", "state", "for", "alerts", "service", "title", "held", "incident"),
        [
            (
                one.severity.value,
                one.state.value,
                words.duration((one.resolved_at or now) - one.opened_at),
                str(one.count),
                one.service,
                words.title(one),
                one.held,
                one.incident_id,
            )
            for one in found
        ],
        copied=True,
    )


@group.command(
    epilog=examples(
        "responder incidents show v1:5f2c.0b1d.3",
        "responder incidents show ALERT_ID --alerts 50 --json",
    )
)
@click.argument("named", metavar="INCIDENT")
@click.option("--alerts", "most", type=click.IntRange(0, MOST_ALERTS), default=DEFAULT_ALERTS,
              show_default=True, help="So many of its newest alerts.")  # fmt: skip
@json_option
@on_stack
def show(stack: Stack, named: str, most: int, as_json: bool) -> None:
    """All that is known of INCIDENT: counts, timeline, analysis, card, what held it, alerts.

    INCIDENT is an id from the card, of the incident or of an alert.
    """
    incident = incidents.of_alert(stack, named)
    story = Story(
        incident,
        incidents.card(stack, incident.incident_id),
        incidents.alerts(stack, incident, most) if most else [],
    )
    if as_json:
        console.as_json(_document(story))
        return
    console.fields(_facts(story))
    if story.given_up:
        letter = command(stack, f"dlq show --queue all --id {shlex.quote(incident.incident_id)}")
        console.say(f"Look: {letter}")
    console.heading("Timeline")
    console.grid(("at (UTC)", "what"), [(_at(one.at), one.what) for one in story.events])
    console.heading("Analysis")
    console.fields(_analysis(incident))
    if not story.alerts:
        return
    console.heading("Alerts")
    console.grid(
        ("received (UTC)", "status", "severity", "title", "alert"),
        [
            (
                _at(one.alert.received_at),
                one.alert.status.value,
                one.alert.severity.value,
                one.alert.title,
                one.alert.alert_id,
            )
            for one in story.alerts
        ],
        copied=True,
    )


def _found(stack: Stack, state: str, start: datetime) -> list[Incident]:
    """Each once, whichever way leads to it."""
    found: dict[str, Incident] = {}
    if state != OVER:
        found |= {one.incident_id: one for one in incidents.opened(stack)}
    if state != OPEN:
        known = incidents.alerted(stack, start)
        found |= {one.incident_id: one for one in known if one.state is not IncidentState.OPEN}
    return list(found.values())


def _line(one: Incident) -> dict[str, Any]:
    return {
        "incident_id": one.incident_id,
        "severity": one.severity.value,
        "state": one.state.value,
        "opened_at": one.opened_at,
        "resolved_at": one.resolved_at,
        "last_seen": one.last_seen,
        "count": one.count,
        "firing": one.firing,
        "source": one.source,
        "service": one.service,
        "title": words.title(one),
        "held": one.held,
        "analysed_by": one.analysis.made_by,
    }


def _document(story: Story) -> dict[str, Any]:
    card = story.card
    return {
        "incident": story.incident.model_dump(mode="json"),
        "card": card.model_dump(mode="json") if card else None,
        "card_link": story.link,
        "shown": story.shown,
        "timeline": [{"at": one.at, "what": one.what} for one in story.events],
        "alerts": [alert_document(one) for one in story.alerts],
    }


def _facts(story: Story) -> Iterator[tuple[str, str]]:
    """What is asked first; empty ones are left out."""
    one = story.incident
    labels = ", ".join(f"{name}={value}" for name, value in one.labels.items())
    every = {
        "incident": one.incident_id,
        "title": words.title(one),
        "severity": one.severity.value,
        "state": f"{one.state.value}, {words.times(one)}",
        "fires now": ", ".join(fire.what for fire in one.firing_now) if one.firing else "",
        "resolves": str(one.resolves) if one.resolves else "",
        "source": one.source,
        "rule": one.rule,
        "service": one.service,
        "resource": words.resource(one),
        "where": words.place(one.scope),
        "message": words.message(one),
        "labels": labels,
        "shown": story.shown,
        "link": story.link,
        "held": _held(one),
        "route": _route(one),
        "storm": one.storm_id,
        "signature": f"{one.signature} ({one.explanation})" if one.explanation else one.signature,
        "cache key": one.cache_key,
        "trace": one.trace,
    }
    yield from ((name, value) for name, value in every.items() if value)
    yield from ((f"link {name}", url) for name, url in one.links.items())


def _held(one: Incident) -> str:
    """What keeps it from being told, whose that is, and until when."""
    hold = one.silence
    if hold is None:
        return one.held
    until = f" until {_at(hold.until)}" if hold.until else ""
    cause = f", while {hold.cause} is open ({hold.subject})" if hold.cause else ""
    why = f": {hold.comment}" if hold.comment else ""
    by = f" by {hold.author}" if hold.author else ""
    return f"{hold.reason} {hold.silence_id}{by}{until}{cause}{why}"


def _route(one: Incident) -> str:
    if one.route is None or not one.route.route:
        return ""
    channel = f" to {one.route.channel}" if one.route.channel else ""
    return f"{one.route.route}{channel}"


def _analysis(one: Incident) -> Iterator[tuple[str, str]]:
    found = one.analysis
    shared = ", from the cache" if one.from_cache else ""
    yield "made by", f"{found.made_by} at {_at(found.made_at)}{shared}"
    if found.fallback_reason:
        yield "not by Claude", found.fallback_reason
    if one.disputed:
        yield "disputed", "a person found it wrong"
    every = {
        "headline": found.headline,
        "summary": found.summary,
        "impact": found.impact,
        "confidence": found.confidence.value,
    }
    yield from ((name, value) for name, value in every.items() if value)
    for cause in found.causes:
        yield "cause", f"{cause.text} ({cause.confidence.value})"
    for check in found.checks:
        yield "check", f"{check.text}: {check.command}" if check.command else check.text
    for action in found.actions:
        yield "action", action
    if found.runbook:
        yield "runbook", found.runbook
    if found.cost_usd:
        yield "cost", f"${found.cost_usd:.4f}"


def _at(moment: datetime) -> str:
    return f"{moment:{console.SECOND}}"

"""``responder explain``: how a payload would be read and where it would go, without sending it."""

from pathlib import Path
from typing import Any

import click

from responder.alert import Alert, Status
from responder.analysis.freshness import Makers, News
from responder.change import Change
from responder.clock import utc_now
from responder.incident import Incident
from responder.intake.draft import slug
from responder.intake.errors import BadRequest
from responder.intake.mapping import FieldMapping
from responder.intake.registry import read
from responder.policy.route import Channels, route
from responder.policy.routes import Routes, routed
from responder.protocols.announcing import queue_of
from responder.protocols.draft import Draft
from responder.protocols.episode import Arrival
from responder.protocols.identities import arrive
from responder.protocols.opening import open_incident
from responder.signature import Rules
from responder_cli import console, documents
from responder_cli.options import examples, json_option
from responder_cli.signature.written import WrittenRules

#: Nothing here asks a stack: its parameters have the template's defaults, and channels are named
#: by their parameters.
CACHE_SHARING = "environment"
CHANNELS = Channels("SlackChannel", "SlackCriticalChannel (else SlackChannel)", "TestChannel")


@click.command(
    epilog=examples(
        "responder explain events/alertmanager/firing.json",
        "responder explain page.txt --header 'Content-Type: text/plain'",
        "responder explain body.json --tool grafana --json",
        "responder explain events/alertmanager/firing.json --rules rules.json",
        "responder explain events/alertmanager/firing.json --routes routes.json",
        "responder explain body.json --tool shopmon --mapping shopmon.json",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tool", help="The tool, as in the route /alerts/TOOL.")
@click.option("--header", "headers", multiple=True, metavar="'K: V'",
              help="A header of the request (repeatable).")  # fmt: skip
@click.option("--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Signature rules to obey, as `signature rules apply` takes them.")  # fmt: skip
@click.option("--routes", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Routes to obey, as `route apply` takes them.")  # fmt: skip
@click.option("--mapping", type=documents.FILE,
              help="A field mapping for the tool's route (docs/mapping.md).")  # fmt: skip
@json_option
def explain(
    file: Path,
    tool: str | None,
    headers: tuple[str, ...],
    rules: Path | None,
    routes: Path | None,
    mapping: Path | None,
    as_json: bool,
) -> None:
    """Show how a payload would be read: alerts (severity, signature, route) and changes.

    A file named .json is read as sent with Content-Type: application/json, unless --header says
    else.
    """
    given = dict(map(_header, headers))
    if file.suffix == ".json":
        given = {"Content-Type": "application/json", **given}
    if mapping and not tool:
        raise click.UsageError("--mapping needs --tool: it is for the route of a tool.")
    mappings = {slug(tool): documents.parsed(mapping, FieldMapping)} if mapping and tool else {}
    try:
        parcel = read(file.read_bytes(), given, tool, mappings=mappings)
    except BadRequest as error:
        words = console.safe(str(error))
        raise click.ClickException(f"refused with {error.status}: {words}") from error
    obeyed = documents.read(rules, WrittenRules) if rules else Rules()
    followed = documents.read(routes, Routes) if routes else Routes()
    explained = [_explained(alert, obeyed, followed) for alert in parcel.alerts]
    explained += [_remembered(change) for change in parcel.changes]
    if parcel.nothing is not None:
        explained.append({"held": parcel.nothing.value, "card": "none"})
    if as_json:
        console.as_json(explained)
        return
    for one in explained:
        console.fields((name, console.flat(value)) for name, value in one.items())
        console.say()


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise click.UsageError(f"A header is written 'Name: value', not {console.safe(line)!r}.")
    return name.strip(), value.strip()


def _explained(alert: Alert, rules: Rules, routes: Routes) -> dict[str, Any]:
    """What the pipeline would make of one alert; the payload itself is left out."""
    alert = routes.rated(alert)
    found = alert.model_dump(mode="json", exclude={"raw"}, exclude_defaults=True)
    arrival = arrive(alert, "", CACHE_SHARING, rules=rules)
    incident = routed(incident_of(arrival), None, routes)
    decision = route(incident, CHANNELS)
    return {
        **found,
        "signature": arrival.signature,
        "signature_made_of": arrival.signed.explanation,
        "incident_key": arrival.incident_key,
        "cache_key": arrival.cache_key,
        "queue": queue_of(incident).value,
        "channel": decision.channel,
        "route_reason": decision.reason.value,
        "card": _card(alert),
    }


def _remembered(change: Change) -> dict[str, Any]:
    told = "none: a change is remembered, and Claude told of it when something breaks"
    return {**change.model_dump(mode="json", exclude_defaults=True), "card": told}


def incident_of(arrival: Arrival) -> Incident:
    """The incident that an alert would open were it the first of its kind."""
    now = utc_now()
    # Nothing is cached in this draft: who makes analyses, and what is newer, does not matter.
    makers, news = Makers((), ""), News()
    draft = Draft(
        lambda opening, episode, draft: open_incident(opening, episode, draft, makers, now, news)
    )
    return draft.open(arrival, 1)


def _card(alert: Alert) -> str:
    if alert.status is Status.RESOLVED:
        return "changes the card of the incident that its fingerprint fired in; opens none"
    return "a new card, or a higher count on the card of the open incident"

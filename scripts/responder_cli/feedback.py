"""``responder feedback``: what you make of an analysis, so that the next one knows it."""

import getpass
from typing import Any

import click

from responder.clock import utc_now
from responder.incident import MAX_NAME, MAX_NOTE, Feedback, Incident, IncidentState, Mark
from responder.ports import Table
from responder.protocols import feedback as protocol
from responder_cli import console, incidents
from responder_cli.aws import Stack
from responder_cli.options import examples, json_option, on_stack, refusals_as_usage

DONE = {
    Mark.RIGHT: "Confirmed",
    Mark.WRONG: "Marked wrong",
    Mark.NOISE: "Marked as noise",
}


@click.command(
    epilog=examples(
        'responder feedback v1:5f2c.0b1d.3 wrong --note "the certificate had expired"',
        "responder feedback v1:5f2c.0b1d.3 right",
        "responder feedback v1:5f2c.0b1d.3",
    )
)
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("mark", type=click.Choice([one.value for one in Mark]), required=False)
@click.option("--note", default="", help=f"Why, or what it was; {MAX_NOTE} characters at most.")
@json_option
@on_stack
def feedback(stack: Stack, incident_id: str, mark: str | None, note: str, as_json: bool) -> None:
    """Say that the analysis of INCIDENT is right or wrong, or that its alert is noise.

    INCIDENT is an id from the card, of the incident or of an alert. The next analysis of the
    signature is told. A wrong one is served to nobody any more: Claude is asked anew, at once where
    the incident is open. Without a mark: what people said of the signature.
    """
    incident = incidents.of_alert(stack, incident_id)
    if mark is None:
        _show(stack, incident, as_json)
        return
    with refusals_as_usage(note="--note"):
        by = getpass.getuser()[:MAX_NAME]
        said = protocol.of(incident, Mark(mark), by, note, utc_now())
    store = stack.store(Table.INCIDENTS, Table.STATE, Table.CACHE)
    marked = protocol.give(store, stack.queues(), said)
    if marked is None:
        raise click.ClickException("The incident has another analysis by now; look again.")
    if as_json:
        console.as_json(_line(said))
    else:
        console.say(f"{DONE[said.mark]}: {said.headline} ({said.made_by}). {_follows(marked)}")


def _follows(incident: Incident) -> str:
    if not incident.disputed:
        return "The next analysis of the signature is told."
    if incident.state is IncidentState.OPEN and not incident.held:
        return "Claude is asked for another one."
    return "Claude is asked for another one when the problem comes back."


def _show(stack: Stack, incident: Incident, as_json: bool) -> None:
    given = protocol.load(stack.store(Table.STATE), incident)
    if as_json:
        marks = {mark.value: given.marks.get(mark, 0) for mark in Mark}
        console.as_json({"marks": marks, "latest": [_line(one) for one in given.latest]})
        return
    console.grid(
        ("at", "by", "mark", "incident", "note", "analysis"),
        [
            (
                f"{one.at:{console.MINUTE}}",
                one.by,
                one.mark.value,
                one.incident_id,
                one.note,
                f"{one.headline} ({one.made_by} {one.prompt_version})".replace(" )", ")"),
            )
            for one in given.latest
        ],
    )
    if before := sum(given.older.values()):
        console.say(f"and {before} before these")


def _line(said: Feedback) -> dict[str, Any]:
    return said.model_dump(mode="json")

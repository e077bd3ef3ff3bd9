"""``responder card preview``: incidents as they look in Slack, without Slack."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from pydantic import ValidationError

from local_stack import slack_page
from responder.clock import utc_now
from responder.incident import Incident, NoticeKind
from responder_cli import console, incidents, problems
from responder_cli.aws import Stack
from responder_cli.card import examples as golden
from responder_cli.card import posting
from responder_cli.options import examples, json_option, on_stack

_TOLD = golden.RESOLVED.model_copy(
    update={
        "notices": tuple(
            golden.notice(kind, detail).model_copy(update={"number": number})
            for number, (kind, detail) in enumerate(
                (
                    (NoticeKind.SEVERITY_RAISED, "HIGH → CRITICAL"),
                    (NoticeKind.REFIRED, ""),
                    (NoticeKind.RESOLVED, ""),
                ),
                start=1,
            )
        )
    }
)
#: What can be previewed by name: the incidents of the golden tests, and one with a thread.
EXAMPLES: dict[str, Incident] = {**golden.INCIDENTS, "told_in_the_thread": _TOLD}
OUT = Path("card-preview.html")
_NOTE = "Made by “responder card preview”. Nothing was sent."


@click.group(epilog=examples("responder card preview", "responder card preview --help"))
def card() -> None:
    """Cards looked at before anybody is woken by them."""


@card.command(
    epilog=examples(
        "responder card preview",
        "responder card preview analysed_by_claude hostile_text_everywhere",
        "responder card preview analysed_by_claude --json",
        "responder card preview --file incident.json --webhook --out /tmp/card.html",
        "responder card preview --incident 5f2c9b#1 --stack mcp-incident-responder-dev",
    )
    + "\n\n\b\nNames:\n"
    + "\n".join(f"  {name}" for name in EXAMPLES)
)
@click.argument("names", nargs=-1, type=click.Choice(list(EXAMPLES)), metavar="[NAME]...")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An incident as JSON.",
)  # fmt: skip
@click.option("--incident", "incident_id", help="A stored incident of the stack.")
@click.option("--webhook", is_flag=True, help="As an incoming webhook sends it; else as the bot.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=OUT, show_default=True,
    help="The page to write: one file, for any browser.",
)  # fmt: skip
@json_option
@on_stack
def preview(
    stack: Stack,
    names: Sequence[str],
    file: Path | None,
    incident_id: str | None,
    webhook: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Show cards as Slack would, without Slack; without a NAME all the examples.

    Only --incident needs a stack. With --json, the message as Slack would get it, ready for Block
    Kit Builder; several messages (a thread, several incidents) are a list. Exit code 1: Slack would
    refuse a message; the page shows why.
    """
    chosen, now = _chosen(stack, names, file, incident_id)
    shown = posting.post(chosen, now, webhook=webhook)
    for refusal in shown.refusals:
        console.warn(f"Slack would refuse it: {refusal}")
    if as_json:
        console.as_json(shown.messages[0] if len(shown.messages) == 1 else shown.messages)
    else:
        _write(out, slack_page.standalone(shown.state, _NOTE))
        console.say(f"{len(shown.messages)} messages: {out.resolve().as_uri()}")
    if shown.refusals:
        click.get_current_context().exit(1)


def _write(out: Path, page: str) -> None:
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}; --out names another place") from error


def _chosen(
    stack: Stack, names: Sequence[str], file: Path | None, incident_id: str | None
) -> tuple[list[Incident], datetime]:
    """The incidents that are meant, and the time at which they are looked at."""
    if sum(map(bool, (names, file, incident_id))) > 1:
        raise click.UsageError("Give names, or --file, or --incident.")
    if file:
        return [_read(file)], utc_now()
    if incident_id:
        return [incidents.load(stack, incident_id)], utc_now()
    return [EXAMPLES[name] for name in names or EXAMPLES], golden.NOW


def _read(file: Path) -> Incident:
    try:
        return Incident.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise click.UsageError(console.safe(f"{file}: {problems.told(error)[0]}")) from error

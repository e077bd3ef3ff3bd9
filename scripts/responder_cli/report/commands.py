"""``responder report``: what the stack did, what it cost, and which alerts deserve mending."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click

from responder.clock import utc_now
from responder.incident import Mark
from responder.ports import Message, Table
from responder.protocols import feedback
from responder_cli import console, tabular
from responder_cli.aws import Stack
from responder_cli.health.metrics import DAY_MINUTES, Window
from responder_cli.options import examples, json_option, on_stack, yes_option
from responder_cli.report import advice, figures, money, problems, sections, slack
from responder_cli.report.advice import Advice
from responder_cli.report.problems import Problem
from responder_cli.report.sections import Report, Section

DAYS = {"daily": 1, "weekly": 7, "monthly": 30}


@click.command(
    epilog=examples(
        "responder report",
        "responder report weekly --markdown > report.md",
        "responder report weekly --slack '#ops' --dry-run",
        "responder report weekly --slack '#ops' --yes",
        "responder report monthly --json",
    )
)
@click.argument("span", type=click.Choice(list(DAYS)), default="daily")
@click.option("--markdown", "as_markdown", is_flag=True, help="To paste, or to keep.")
@click.option("--slack", "channel", metavar="CHANNEL",
              help="Show it here, ask, and post it to this channel.")  # fmt: skip
@click.option("--dry-run", is_flag=True,
              help="With --slack: print what Block Kit Builder takes, post nothing.")  # fmt: skip
@yes_option
@json_option
@on_stack
def report(
    stack: Stack,
    span: str,
    as_markdown: bool,
    channel: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """What the stack did, what it cost, and which alerts deserve mending.

    Figures are the stack's own metrics beside those of the span before; alerts are counted through
    their index; AWS's costs are Cost Explorer's, by the tag aws:cloudformation:stack-name, which
    has to be activated in Billing. Costs and what people said of analyses are those of whole UTC
    days, the first one included. --slack posts with the stack's bot token.
    """
    if dry_run and not channel:
        raise click.UsageError("--dry-run goes with --slack.")
    if as_json and (as_markdown or channel):
        raise click.UsageError("--json goes with neither --markdown nor --slack.")
    with console.progress("Reading") as step:
        found = _read(stack, span, step)
    shown = sections.of(found)
    if as_json:
        console.as_json(_document(found))
        return
    if channel and dry_run:
        message = slack.message(found, shown)
        click.echo(console.to_json({"text": message.text, "blocks": message.blocks}, indent=2))
        return
    if as_markdown:
        for line in _markdown(found, shown):
            click.echo(console.safe(line))
    else:
        _show(found, shown)
    if channel:
        _post(stack, channel, slack.message(found, shown), found, yes=yes)


def _read(stack: Stack, span: str, step: Callable[[], None]) -> Report:
    window = Window(utc_now().replace(second=0, microsecond=0), DAYS[span] * DAY_MINUTES)
    stack.check()
    measured = figures.read(stack, window)
    step()
    traffic = problems.read(stack, window)
    step()
    said = feedback.summary(stack.store(Table.STATE), window.start.date(), window.end.date())
    step()
    return Report(stack.name, span, window, measured, traffic, said, money.read(stack, window))


def _show(found: Report, shown: Sequence[Section]) -> None:
    console.say(f"{found.title}, {found.span}", style="bold")
    for section in shown:
        console.say()
        console.say(section.title, style="bold cyan")
        if section.rows:
            console.grid(section.columns, tabular.aligned(section.columns, section.rows))
        for sentence in section.sentences:
            console.say(f"- {sentence}" if len(section.sentences) > 1 else sentence)


def _post(stack: Stack, channel: str, message: Message, found: Report, *, yes: bool) -> None:
    if not yes:
        console.ask(f"Post this to {channel} with the bot of {stack.name}?")
    name = f"report-{found.name}-{found.window.end:%Y%m%dT%H%M}"
    place = slack.post(stack, channel, message, name)
    console.say(f"Posted to {place.channel}.")


def _markdown(found: Report, shown: Sequence[Section]) -> Iterator[str]:
    yield f"# {tabular.plain(found.title)}"
    yield ""
    yield found.span
    for section in shown:
        yield ""
        yield f"## {tabular.plain(section.title)}"
        yield ""
        if section.rows:
            yield from tabular.markdown(section.columns, section.rows)
        yield from (f"- {tabular.plain(sentence)}" for sentence in section.sentences)


def _document(found: Report) -> dict[str, Any]:
    measured, traffic, spent = found.figures, found.traffic, found.money
    marks = {mark.value: found.feedback.marks.get(mark, 0) for mark in Mark}
    marked = sum(marks.values())
    return {
        "stack": found.stack,
        "report": found.name,
        "from": found.window.start,
        "to": found.window.end,
        "figures": [asdict(one) for one in (*measured.figures, *measured.reasons)],
        "waits": [asdict(one) for one in measured.waits],
        "served_from_cache": measured.served,
        "accepted": {one.value: count for one, count in sorted(traffic.severities.items())},
        "unreadable": traffic.unreadable,
        "problems": [_problem(one) for one in traffic.problems],
        "feedback": {
            "marks": marks,
            "false_positives": marks[Mark.NOISE.value] / marked if marked else None,
            "noisy": [
                {"signature": one.signature, "title": one.title, "marks": one.marks}
                for one in found.feedback.noisy
            ],
        },
        "noisiest": [_advice(one) for one in advice.noisy(traffic.problems)],
        "never_acted_upon": [_advice(one) for one in advice.never_acted_upon(traffic.problems)],
        "claude": {
            "usd": spent.usd,
            "before": spent.before,
            "models": {name: line.usd for name, line in spent.models.items()},
            "services": {name: line.usd for name, line in spent.services.items()},
            "forecast": spent.forecast and {"month": spent.month, **asdict(spent.forecast)},
        },
        "aws": {
            "usd": spent.aws.usd,
            "services": dict(spent.aws.services),
            "month": spent.aws.month,
            "unknown": spent.aws.unknown,
        },
    }


def _problem(one: Problem) -> dict[str, Any]:
    return {
        "title": one.title,
        "source": one.source,
        "service": one.service,
        "alerts": one.alerts,
        "firing": one.firing,
        "incidents": [incident.incident_id for incident in one.incidents],
    }


def _advice(one: Advice) -> dict[str, Any]:
    return {**_problem(one.problem), "why": one.why, "fix": one.fix}

"""``responder logs ID`` and ``responder tail``."""

import time
from datetime import datetime, timedelta
from typing import NamedTuple

import click

from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.protocols import items
from responder_cli import bulk, console, incidents
from responder_cli.aws import NoSuch, Stack
from responder_cli.logs import reading
from responder_cli.logs.lines import Line
from responder_cli.logs.reading import GROUPS, Follower
from responder_cli.options import examples, json_option, moment, on_stack

#: Logged before the alert is received by our clock, and after the incident is over by its tool's.
AROUND = timedelta(minutes=15)
#: Where nothing says when a trace was.
TRACE_SPAN = timedelta(days=1)
EXIT_FAILED = 1


class About(NamedTuple):
    """What lines name, from when to when, and whether the tables know it."""

    terms: tuple[str, ...]
    begin: datetime
    end: datetime
    known: bool = True


@click.command(
    epilog=examples(
        "responder logs v1:5f2c.0b1d.3",
        "responder logs ALERT_ID --json",
        "responder logs Root=1-67891233-abcdef012345678912345678 --since 3d",
    )
)
@click.argument("named", metavar="ID")
@click.option("--since", "start", type=moment,
              help="From when on; else from its beginning, and 24h for a trace.")  # fmt: skip
@json_option
@on_stack
def logs(stack: Stack, named: str, start: datetime | None, as_json: bool) -> None:
    """What the functions logged of one alert, incident or trace, in time order, a line a step.

    On AWS by Logs Insights, which bills what it looks at: the functions' logs of that time.
    """
    if not reading.is_id(named):
        raise click.UsageError("ID is the id of an alert or an incident, or a trace.")
    about = _about(stack, named)
    begin = start or about.begin
    try:
        found = reading.search(stack, about.terms, begin, about.end, time.sleep)
    except reading.Failed as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        console.as_json([one.document() for one in found])
    for line in () if as_json else found:
        console.say(line.words(), style=line.style)
    if not found:
        since = f"since {begin:{console.MINUTE}} UTC"
        if not about.known:
            raise NoSuch(f"no alert and no incident is {named}, and nothing names it {since}")
        console.warn(f"Nothing names it {since}.")
        click.get_current_context().exit(EXIT_FAILED)


def _about(stack: Stack, named: str) -> About:
    """By its own name alone, as a trace, where another release wrote what is kept of it."""
    now = utc_now()
    try:
        return _kept(stack, named, now)
    except bulk.Unreadable as error:
        console.warn(error.message)
        return About((named,), now - TRACE_SPAN, now)


def _kept(stack: Stack, named: str, now: datetime) -> About:
    """An alert's incident is looked for as well."""
    record = bulk.one(stack, named, items.alert_key(named), AlertRecord)
    if record is not None and not record.incident_id:
        return About((named,), record.alert.received_at - AROUND, now)
    try:
        incident = incidents.load(stack, record.incident_id if record else named)
    except NoSuch:
        begin = record.alert.received_at - AROUND if record else now - TRACE_SPAN
        return About((named,), begin, now, known=record is not None)
    end = min(now, incident.resolved_at + AROUND) if incident.resolved_at else now
    begin = incident.first_received_at - AROUND
    if record is None:
        terms = tuple(filter(reading.is_id, (named, incident.first_alert_id)))
        return About(terms, begin, end)
    terms = tuple(filter(reading.is_id, (named, incident.incident_id)))
    return About(terms, min(begin, record.alert.received_at - AROUND), end)


@click.command(
    epilog=examples(
        "responder tail",
        "responder tail --function distribution --errors",
        "responder tail --since 1h --once --json",
    )
)
@click.option("--function", "functions", type=click.Choice(list(GROUPS)), multiple=True,
              help="Only this one (repeatable); else those on an alert's way.")  # fmt: skip
@click.option("--errors", is_flag=True, help="Only what a person should look at.")
@click.option("--since", "start", type=moment, default="1m", show_default=True)
@click.option("--once", is_flag=True, help="Show what is there, and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@on_stack
def tail(
    stack: Stack,
    functions: tuple[str, ...],
    errors: bool,
    start: datetime,
    once: bool,
    as_json: bool,
) -> None:
    """Follow what the functions log, until Ctrl-C.

    Metrics, and invocations that end as they should, are left out.
    """
    stack.check()
    follower = Follower(stack, functions or reading.WAY, start)
    try:
        while True:
            for line in follower.news():
                if line.is_bad or not errors:
                    _tell(line, as_json)
            if once:
                return
            time.sleep(reading.FOLLOW_POLL_SECONDS)
    except KeyboardInterrupt:
        return


def _tell(line: Line, as_json: bool) -> None:
    if as_json:
        click.echo(console.to_json(line.document()))
    else:
        console.say(line.words(), style=line.style)

"""``responder alerts query|show``: accepted alerts by severity, source, service, time and title."""

import shlex
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import click

from responder import raw
from responder.alert import Alert, Severity
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.protocols import items
from responder_cli import accepted, bulk, console
from responder_cli.accepted import Accepted, is_same
from responder_cli.aws import NoSuch, Stack
from responder_cli.lookup.narrowing import narrowed
from responder_cli.mending import command
from responder_cli.options import examples, json_option, moment, on_stack

#: Where few of many alerts match, a query ends here and says how to go on: no command reads on for
#: minutes. It is about 3 MB of the index.
MOST_LOOKED_AT = 20_000
MOST_SHOWN = 1_000


@dataclass(frozen=True)
class Wanted:
    """Which alerts; an empty part wants any."""

    severities: tuple[Severity, ...]
    source: str
    service: str
    title: str
    start: datetime
    end: datetime

    def wants(self, one: Accepted) -> bool:
        """Whether the index says of an alert what is wanted; case makes no difference."""
        return (
            is_same(self.source, one.source)
            and is_same(self.service, one.service)
            and self.title.casefold() in one.title.casefold()
        )


@dataclass(frozen=True)
class Page:
    """What was found; ``go_on`` is the --until of the next page, None after the last one.

    The index knows whole seconds, so that alerts of that second are shown again.
    """

    alerts: tuple[Accepted, ...]
    go_on: datetime | None = None


@click.group(
    epilog=examples(
        "responder alerts query --severity CRITICAL --since 24h",
        "responder alerts show ALERT_ID",
    )
)
def alerts() -> None:
    """Look accepted alerts up; they are kept for 90 days."""


@alerts.command(
    epilog=examples(
        "responder alerts query --severity CRITICAL --since 24h",
        'responder alerts query --service checkout --title "disk" --since 7d',
        "responder alerts query --since 2026-11-20T02:00 --until 2026-11-20T04:00 --json",
    )
)
@narrowed
@click.option("--title", default="", help="Only with this in their title.")
@click.option("--since", "start", type=moment, default="24h", show_default=True,
              help="From when on: so long ago, or a date and time in UTC.")  # fmt: skip
@click.option("--until", "end", type=moment, help="Until when, likewise; else until now.")
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=50, show_default=True)
@json_option
@on_stack
def query(
    stack: Stack,
    severities: tuple[Severity, ...],
    source: str,
    service: str,
    title: str,
    start: datetime,
    end: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Accepted alerts, the newest first, by when we received them.

    Through the index by severity and time, never by a scan. Where there are more than --limit, or
    too many were looked at, it says how to go on.
    """
    until = end or utc_now()
    if start >= until:
        raise click.UsageError("--since must be before --until.")
    page = find(stack, Wanted(severities, source, service, title, start, until), limit)
    if as_json:
        console.as_json({"alerts": [asdict(one) for one in page.alerts], "go_on": page.go_on})
        return
    console.grid(
        ("received (UTC)", "severity", "status", "source", "service", "title", "alert"),
        [
            (
                f"{one.at:{console.SECOND}}",
                one.severity.value,
                one.status,
                one.source,
                one.service,
                one.title,
                one.alert_id,
            )
            for one in page.alerts
        ],
        copied=True,
    )
    if page.go_on is not None:
        console.warn(f"There may be more: --until {page.go_on:%Y-%m-%dT%H:%M:%S}, or --limit.")


def find(stack: Stack, wanted: Wanted, limit: int) -> Page:
    """The newest ``limit`` alerts that are wanted, of the newest that may be looked at."""
    found: list[Accepted] = []
    stream = accepted.newest(stack, wanted.severities, wanted.start, wanted.end)
    for number, one in enumerate(stream, start=1):
        if wanted.wants(one):
            found.append(one)
        if len(found) == limit or number == MOST_LOOKED_AT:
            return Page(tuple(found), one.at if next(stream, None) else None)
    return Page(tuple(found))


@alerts.command(
    epilog=examples("responder alerts show ALERT_ID", "responder alerts show ALERT_ID --raw")
)
@click.argument("alert_id", metavar="ALERT_ID")
@click.option("--raw", "as_received", is_flag=True, help="The payload as the tool sent it.")
@json_option
@on_stack
def show(stack: Stack, alert_id: str, as_received: bool, as_json: bool) -> None:
    """All that is kept of one alert, and which incident it is in or why it is in none."""
    record = bulk.one(stack, alert_id, items.alert_key(alert_id), AlertRecord)
    if record is None:
        raise NoSuch(f"stack {stack.name} has no alert {alert_id}")
    if as_received and as_json:
        console.as_json({"alert_id": alert_id, "raw": _raw(record.alert)})
        return
    if as_received:
        for line in _raw(record.alert).split("\n"):
            click.echo(console.safe(line))
        return
    if as_json:
        console.as_json(document(record))
        return
    console.fields(_fields(record))
    if record.incident_id:
        more = command(stack, f"incidents show {shlex.quote(record.incident_id)}")
        console.say(f"More: {more}")


def document(record: AlertRecord) -> dict[str, Any]:
    """An alert for a machine, without the payload, which may be large."""
    return {
        **record.alert.model_dump(mode="json", exclude={"raw"}),
        "signature": record.signature,
        "incident_id": record.incident_id,
        "held": record.held,
    }


def _fields(record: AlertRecord) -> Iterator[tuple[str, str]]:
    """What is known, in the order in which it is asked for."""
    for name, value in document(record).items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", str(inner)) for key, inner in value.items() if inner)
        elif isinstance(value, list) and value:
            yield name, ", ".join(map(str, value))
        elif value:
            yield name, str(value)


def _raw(alert: Alert) -> str:
    try:
        text = raw.unpack(alert.raw)
    except (ValueError, zlib.error) as error:
        raise click.ClickException("Its payload cannot be unpacked.") from error
    if not text:
        raise click.ClickException("Its payload was not kept: it was too large.")
    return text

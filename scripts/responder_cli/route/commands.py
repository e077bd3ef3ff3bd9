"""The commands of ``responder route``; ``trying`` computes what routes do."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from responder.alert import Severity
from responder.clock import utc_now
from responder.policy.routes import Routes
from responder.protocols.versions import ROUTES
from responder.recurrence import knows_zone
from responder_cli import console, documents
from responder_cli.aws import Stack
from responder_cli.documents import FILE, OBEYED
from responder_cli.options import (
    asks_where_it_acts,
    date_time,
    examples,
    json_option,
    on_stack,
    yes_option,
)
from responder_cli.route import trying
from responder_cli.route.trying import Outcome, Way

EXIT_FAILED = 1
SHOWN_CHANGES = 10

_EXAMPLE = """\b
A file of routes; the first one that matches wins:
  {"routes": [
    {"name": "payments", "match": ["service=~\\"pay.*\\"", "environment=prod"],
     "channel": "#payments", "mentions": ["S0614TZR7"], "renotify_after": "4h",
     "quiet_hours": [{"every": "mon-fri", "at": "18:00", "lasts": "14h", "zone": "Europe/Berlin"}]},
    {"name": "storage", "match": ["label.team=storage"],
     "channel": "C0123ABCD", "minimum_severity": "MEDIUM"},
    {"match": ["severity=CRITICAL"], "mentions": ["here"]}],
   "tests": [
    {"facts": {"service": "payments-api", "environment": "prod", "severity": "HIGH"},
     "channel": "#payments"},
    {"facts": {"label.team": "storage", "severity": "INFO"},
     "channel": "C0123ABCD", "held": true}]}

\b
Mentions: users (U…, W…) and user groups (S…) by id, here, channel.
Matchers: as in `responder silence add`. No channel: SlackCriticalChannel for CRITICAL, where the
stack has one, else SlackChannel. renotify_after (10m to 7d): what still fires so long after it was
last told of is told of again, with the mentions. quiet_hours: what is milder than "below" (HIGH)
waits for their end; a test with "at" (2026-11-21T03:00+01:00) asks at that moment.
"""


@click.group(epilog=_EXAMPLE)
def route() -> None:
    """Where cards go, whom they call, and how severe an incident must be to get one.

    What no route matches goes to the channels of the stack's parameters, and so does a card whose
    channel Slack refuses. Test alerts go to the test channel whatever the routes say.
    """


@route.command(epilog=examples("responder route show", "responder route show 2 --json"))
@click.argument("version", required=False, type=click.IntRange(1))
@json_option
@on_stack
def show(stack: Stack, version: int | None, as_json: bool) -> None:
    """The active routes, or those of an older version; --json gives the file that `apply` takes."""
    found = documents.load(stack, ROUTES, version)
    if as_json:
        console.as_json(documents.content(found))
        return
    if found.severities or found.routes:
        console.say(f"Version {found.number} by {found.by} at {found.at}")
    if found.severities:
        console.grid(
            ("severity", "rule", "matches"),
            [(one.severity, one.name, " ".join(one.match)) for one in found.severities],
        )
    if not found.routes:
        console.say("No routes: every card goes to the channels of the stack's parameters.")
        return
    console.grid(
        ("route", "matches", "channel", "mentions", "minimum", "told again after", "quiet hours"),
        [
            (
                f"{number} {one.name}".rstrip(),
                " ".join(one.match) or "everything",
                one.channel or trying.CONFIGURED,
                " ".join(one.mentions),
                "" if one.minimum_severity is Severity.INFO else one.minimum_severity.value,
                one.renotify_after,
                ", ".join(hours.words for hours in one.quiet_hours),
            )
            for number, one in enumerate(found.routes, 1)
        ],
    )


@route.command(epilog=examples("responder route check routes.json"))
@click.argument("file", type=FILE)
@json_option
def check(file: Path, as_json: bool) -> None:
    """Say what is wrong with a file of routes, its own tests included. Needs no stack."""
    routes = _read(file)
    outcomes = trying.run_tests(routes)
    if as_json:
        console.as_json({"routes": len(routes.routes), **_as_json(outcomes)})
    else:
        console.say(f"{len(routes.routes)} routes.")
        _tell(outcomes)
    _end(outcomes)


@route.command(
    epilog=examples(
        "responder route test routes.json",
        "responder route test routes.json --alert body.json --json",
        "responder route test routes.json --at 2026-11-21T03:00:00",
        "responder route test routes.json --stored --stack mcp-incident-responder-prod",
    )
)
@click.argument("file", type=FILE)
@click.option("--alert", "alerts", type=FILE, multiple=True,
              help="A payload, instead of the samples in events/ (repeatable).")  # fmt: skip
@click.option("--stored", is_flag=True, help="The open incidents of the stack, instead.")
@click.option("--at", type=date_time, help="Ask as at this moment, in UTC; else now.")
@json_option
@on_stack
def test(
    stack: Stack,
    file: Path,
    alerts: tuple[Path, ...],
    stored: bool,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Show which route each alert takes and why, and run the file's own tests.

    Nothing is changed or sent; only --stored asks a stack. Exit code 1 when a test fails.
    """
    if alerts and stored:
        raise click.UsageError("Give --alert or --stored, one of them.")
    routes = _read(file)
    now = at or utc_now()
    if stored:
        found = trying.stored(stack)
    else:
        found = trying.from_files(alerts, routes) if alerts else trying.sampled(routes)
    ways = [trying.way(name, incident, routes, now) for name, incident in found]
    outcomes = trying.run_tests(routes)
    if as_json:
        console.as_json({"alerts": [asdict(one) for one in ways], **_as_json(outcomes)})
    else:
        _list(ways)
        _tell(outcomes)
    _end(outcomes)


@route.command(
    epilog=examples("responder route apply routes.json --stack mcp-incident-responder-prod")
)
@click.argument("file", type=FILE)
@yes_option
@json_option
@on_stack
def apply(stack: Stack, file: Path, yes: bool, as_json: bool) -> None:
    """Show what a file of routes would change, ask, and make it the next active version.

    A file whose own tests fail is refused. A card that stands stays where it is.
    """
    proposed = _read(file)
    outcomes = trying.run_tests(proposed)
    if any(not one.passed for one in outcomes):
        _tell(outcomes)
        raise click.ClickException("Its own tests fail; nothing is changed.")
    active = documents.load(stack, ROUTES, None)
    changed, looked_at = _changed(stack, active, proposed)
    if not as_json:
        _show_changed(changed, looked_at)
    if not yes:
        console.ask(f"Make these {len(proposed.routes)} routes active on {stack.name}?")
    saved = documents.save(stack, ROUTES, proposed, active.number)
    if as_json:
        ways = [{**asdict(new), "channel_now": old.channel} for old, new in changed]
        console.as_json({"version": saved.number, "changed": ways})
    else:
        console.say(f"Version {saved.number} is active; {OBEYED}.")


@route.command(epilog=examples("responder route use 2", "responder route use 0"))
@click.argument("version", type=click.IntRange(0))
@json_option
@on_stack
@asks_where_it_acts
def use(stack: Stack, version: int, as_json: bool) -> None:
    """Go back to an older version of the routes; 0 is none at all."""
    documents.use(stack, ROUTES, version)
    if as_json:
        console.as_json({"version": version})
    else:
        console.say(f"Version {version} is active; {OBEYED}.")


def _read(file: Path) -> Routes:
    """The routes of a file; their time zones must be ones that there are."""
    routes = documents.read(file, Routes)
    for number, one in enumerate(routes.routes, 1):
        for hours in one.quiet_hours:
            if not knows_zone(hours.zone):
                raise click.ClickException(
                    f"{file}: route {number}: {console.safe(hours.zone)!r} is no time zone like"
                    " Europe/Berlin or UTC"
                )
    return routes


def _changed(stack: Stack, before: Routes, after: Routes) -> tuple[list[tuple[Way, Way]], int]:
    """Where open incidents would go by the old and by the new routes, where people would notice.

    And how many were looked at.
    """
    found, now = list(trying.stored(stack)), utc_now()
    pairs = [(trying.way(*one, before, now), trying.way(*one, after, now)) for one in found]
    return [(old, new) for old, new in pairs if old.words != new.words], len(found)


def _show_changed(changed: Sequence[tuple[Way, Way]], looked_at: int) -> None:
    console.say(
        f"{len(changed)} of {looked_at} open incidents would be routed differently if they opened"
        " now. Cards stay where they are."
    )
    if changed:
        console.grid(
            ("incident", "severity", "title", "from", "to", "because of"),
            [
                (new.of, new.severity, new.title, old.words, f"→ {new.words}", new.why)
                for old, new in changed[:SHOWN_CHANGES]
            ],
        )


def _list(ways: Sequence[Way]) -> None:
    if ways:
        console.grid(
            ("alert", "severity", "title", "channel", "mentions", "because of"),
            [
                (
                    one.of,
                    one.severity,
                    one.title,
                    one.place,
                    " ".join(one.mentions),
                    one.why,
                )
                for one in ways
            ],
        )


def _tell(outcomes: Sequence[Outcome]) -> None:
    failed = [one for one in outcomes if not one.passed]
    for one in failed:
        told = " ".join(f"{name}={value}" for name, value in one.facts.items())
        console.say(f"Test {one.test} failed: {told}", style="bold red")
        console.say(f"  expected {one.expected}")
        console.say(f"  came     {one.came} ({one.why})")
    console.say(f"{len(outcomes) - len(failed)} of {len(outcomes)} tests of the file pass.")


def _as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    failed = sum(not one.passed for one in outcomes)
    return {"tests": [asdict(one) for one in outcomes], "failed": failed}


def _end(outcomes: Sequence[Outcome]) -> None:
    if not all(one.passed for one in outcomes):
        click.get_current_context().exit(EXIT_FAILED)

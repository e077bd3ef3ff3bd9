"""The commands of ``responder signature``; ``comparing`` computes."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import click

from responder.clock import utc_now
from responder.ports import Table
from responder.protocols.versions import RULES
from responder.signature import VERSIONS
from responder_cli import accepted, console, documents
from responder_cli.aws import Stack
from responder_cli.documents import FILE, OBEYED
from responder_cli.options import (
    Command,
    asks_where_it_acts,
    examples,
    json_anyway,
    json_option,
    on_stack,
    yes_option,
)
from responder_cli.signature.comparing import Change, Comparison, Variant, compare
from responder_cli.signature.written import WrittenRules

VERSION = click.Choice(list(VERSIONS))
DAYS = 7
MOST_ALERTS = 5_000
SHOWN_CHANGES = 10
SHOWN_SIDES = 5

_EXAMPLE = """\b
A file of rules:
  {"rules": [
    {"why": "both belts feed one sorter",
     "source": "alertmanager", "rule": "Belt*", "ignore_labels": ["belt"]},
    {"why": "shops are separate problems",
     "rule": "CheckoutSlow", "split_by": ["shop"]},
    {"why": "two names of one rule", "rule": "DiskFullOld", "same_as": "DiskFull"},
    {"why": "the courier never matters", "ignore_text": ["by courier *"]}]}

In a pattern of text, * is exactly one whole word; in source and rule it is any characters.
Other fields: keep_labels, keep_text.
"""


@click.group(
    epilog=examples(
        "responder signature rules show",
        "responder signature diff --rules rules.json",
        "responder signature rules apply rules.json",
    )
)
def signature() -> None:
    """Which alerts are one problem: rules of yours, and what a change would do."""


def _dry_run(command: Command) -> Command:
    """Give a command the span of history that it replays."""
    for option in (
        click.option("--most", default=MOST_ALERTS, show_default=True, type=click.IntRange(1),
                     help="Read no more alerts than this."),
        click.option("--days", default=DAYS, show_default=True, type=click.IntRange(1, 90),
                     help="How far back to read stored alerts."),
    ):  # fmt: skip
        command = option(command)
    return command


@signature.command(
    epilog=examples(
        "responder signature diff --rules rules.json",
        "responder signature diff --rules rules.json --days 30 --json",
        "responder signature diff --from-version 1 --to-version 1",
    )
)
@click.option("--rules", "file", type=FILE, help="Rules to compare with the active ones.")
@click.option("--from-version", type=VERSION, help="Else the active one.")
@click.option("--to-version", type=VERSION, help="Else the active one.")
@_dry_run
@json_option
@on_stack
def diff(
    stack: Stack,
    file: Path | None,
    from_version: str | None,
    to_version: str | None,
    days: int,
    most: int,
    as_json: bool,
) -> None:
    """Replay stored alerts in two ways: which problems would split, and which would merge.

    Nothing is changed. Without --rules both sides have the active rules.
    """
    before = _active(stack)
    after = replace(before, rules=documents.read(file, WrittenRules)) if file else before
    before = replace(before, version=from_version or before.version)
    after = replace(after, version=to_version or after.version)
    found = _compared(stack, before, after, days, most)
    if as_json:
        console.as_json(asdict(found))
    else:
        _show(found, days)


@signature.group(epilog=_EXAMPLE)
def rules() -> None:
    """The rules by which you correct signatures without code."""


@rules.command(
    epilog=examples("responder signature rules show", "responder signature rules show 2")
)
@click.argument("version", required=False, type=click.IntRange(1))
@json_anyway
@on_stack
def show(stack: Stack, version: int | None) -> None:
    """Print the active rules, or those of an older version, as the JSON that `apply` takes."""
    console.as_json(documents.content(documents.load(stack, RULES, version)))


@rules.command(epilog=examples("responder signature rules check rules.json"))
@click.argument("file", type=FILE)
@_dry_run
@on_stack
def check(stack: Stack, file: Path, days: int, most: int) -> None:
    """Say what is wrong with a file of rules, or what it would do to stored alerts."""
    proposed = documents.read(file, WrittenRules)
    active = _active(stack)
    _show(_compared(stack, active, replace(active, rules=proposed), days, most), days)


@rules.command(
    epilog=examples(
        "responder signature rules apply rules.json --stack mcp-incident-responder-prod"
    )
)
@click.argument("file", type=FILE)
@_dry_run
@yes_option
@on_stack
def apply(stack: Stack, file: Path, days: int, most: int, yes: bool) -> None:
    """Show what a file of rules would do, ask, and make it the next active version.

    What is open keeps its incident until it is over, whatever its signature has become. Obeyed
    within 30 seconds.
    """
    proposed = documents.read(file, WrittenRules)
    active = _active(stack)
    _show(_compared(stack, active, replace(active, rules=proposed), days, most), days)
    if not yes:
        console.ask(f"Make these {len(proposed.rules)} rules active on {stack.name}?")
    saved = documents.save(stack, RULES, proposed, active.rules.number)
    console.say(f"Version {saved.number} is active; {OBEYED}.")


@rules.command(
    epilog=examples("responder signature rules use 2", "responder signature rules use 0")
)
@click.argument("version", type=click.IntRange(0))
@on_stack
@asks_where_it_acts
def use(stack: Stack, version: int) -> None:
    """Go back to an older version of the rules; 0 is none at all."""
    documents.use(stack, RULES, version)
    console.say(f"Version {version} is active; {OBEYED}.")


def _active(stack: Stack) -> Variant:
    """How the stack signs now."""
    return Variant(
        stack.parameter("SignatureVersion", next(iter(VERSIONS))),
        RULES.load(stack.store(Table.STATE)),
        stack.parameter("CacheSharing", "environment"),
    )


def _compared(stack: Stack, before: Variant, after: Variant, days: int, most: int) -> Comparison:
    start = utc_now() - timedelta(days=days)
    with console.progress("Reading stored alerts") as advance:
        alerts = []
        for record in accepted.stored(stack, start, most):
            alerts.append(record.alert)
            advance()
    return compare(alerts, before, after)


def _show(found: Comparison, days: int) -> None:
    console.say(
        f"{found.alerts} firing alerts of {days} days: {found.before} problems now, "
        f"{found.after} then; {found.moved} alerts would have another signature."
    )
    console.say(
        f"First analyses by Claude: {found.calls_before} now, {found.calls_after} then "
        f"({found.calls_after - found.calls_before:+d})."
    )
    for one in found.idle:
        console.say(f"Rule {one.number} ({one.why}) {one.sentence}.")
    _show_changes("would split into", found.splits)
    _show_changes("would be made of", found.merges)


def _show_changes(words: str, changes: Sequence[Change]) -> None:
    for change in changes[:SHOWN_CHANGES]:
        console.say()
        console.say(f"{change.title} ({change.alerts} alerts) {words} {len(change.sides)}:")
        sides = change.sides[:SHOWN_SIDES]
        console.grid(
            ("alerts", "title", "grouped by"),
            [(str(side.alerts), side.title, side.explanation) for side in sides],
        )
        if len(change.sides) > SHOWN_SIDES:
            console.say(f"and {len(change.sides) - SHOWN_SIDES} more")
    if len(changes) > SHOWN_CHANGES:
        console.say(f"and {len(changes) - SHOWN_CHANGES} more that {words} several")

"""``responder backup`` and ``responder restore``: options, tables and questions."""

import shlex
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from responder.clock import utc_now
from responder.ports import Table
from responder_cli import aws, console
from responder_cli.aws import Stack
from responder_cli.backup import reading, taking, vaults
from responder_cli.backup.filling import Filling, Restore
from responder_cli.backup.reading import POLL_SECONDS
from responder_cli.backup.vaults import Bucket, Folder, Vault
from responder_cli.mending import command
from responder_cli.options import examples, json_option, moment, on_stack, yes_option

EXIT_FAILED = 1
LATEST = "latest"
#: Incidents that stay away are named up to this many.
MOST_NAMED = 20
TABLES = click.Choice([table.value for table in taking.TABLES])


@click.command(
    epilog=examples(
        "responder backup --bucket my-backups",
        "responder backup --bucket my-backups --wait",
        "responder backup --directory /var/backups/responder/2026-11-21",
    )
)
@click.option("--bucket", "name", help="A bucket of this account and region.")
@click.option("--directory", type=click.Path(path_type=Path), help="A new directory instead.")
@click.option("--wait", is_flag=True, help="Until DynamoDB has exported the tables to the bucket.")
@json_option
@on_stack
def backup(
    stack: Stack, name: str | None, directory: Path | None, wait: bool, as_json: bool
) -> None:
    """Keep the tables, the stack's description and what operators decided; no secret's value.

    To a bucket, DynamoDB exports the tables in the background, in some minutes; to a directory, the
    command reads them, which costs their reading. `responder restore` brings either back. Between
    backups, point-in-time recovery covers the last 35 days.
    """
    if bool(name) is bool(directory):
        raise click.UsageError("Say where to: --bucket or --directory, one of them.")
    now = utc_now()
    vault = _folder(directory) if directory else _bucket(stack, str(name), now)
    with console.progress("kept") as advance:
        manifest = taking.take(stack, vault, now, advance)
    exports = _exported(stack, manifest) if wait else taking.exporting(stack, manifest)
    if as_json:
        console.as_json({"place": vault.place, **manifest, "exports": exports})
    else:
        _show_backup(stack, vault, manifest, exports)
    unguarded = [name for name, one in manifest["recovery"].items() if not one["enabled"]]
    if unguarded:
        console.warn(
            f"No point-in-time recovery: {', '.join(unguarded)}; deploy the template anew."
        )
    for name, why in manifest["missing"].items():
        console.warn(
            f"Not kept: {name}. A newer deployment deleted that layer, as after a rollback, or you"
            f" may not read it: {why}"
        )
    failed = any(not told.startswith(("COMPLETED", "IN_PROGRESS")) for told in exports.values())
    if unguarded or manifest["missing"] or failed:
        click.get_current_context().exit(EXIT_FAILED)


def _bucket(stack: Stack, name: str, now: datetime) -> Bucket:
    account = stack.client("sts").get_caller_identity()["Account"]
    prefix = f"backups/{stack.name}/{now:%Y-%m-%dT%H%M%SZ}"
    return Bucket(stack.client("s3"), name, prefix, account)


def _folder(directory: Path) -> Folder:
    """A directory that nothing is in: two backups in one would be neither."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise click.UsageError(f"{directory} is there already; give a new directory.")
    return Folder(directory)


def _exported(stack: Stack, manifest: dict[str, Any]) -> dict[str, str]:
    """The state of the exports when all have ended."""
    while True:
        exports = taking.exporting(stack, manifest)
        if not any(told.startswith("IN_PROGRESS") for told in exports.values()):
            return exports
        time.sleep(POLL_SECONDS)


def _show_backup(
    stack: Stack, vault: Vault, manifest: dict[str, Any], exports: dict[str, str]
) -> None:
    console.grid(
        ("table", "kept", "restorable to any second since"),
        [
            (
                name,
                exports.get(name) or f"{kept['items']} items",
                _told(manifest["recovery"][name]["earliest"]),
            )
            for name, kept in manifest["tables"].items()
        ],
    )
    console.say(
        f"Kept in {vault.place}, with stack, template, operators' documents, runbooks, code."
    )
    restored = command(stack, f"restore {shlex.quote(vault.place)}")
    console.say(f"Secrets are in no backup. It comes back by {restored}")


def _told(at: datetime | None) -> str:
    return f"{at:{console.MINUTE}}" if at else "-"


@click.command(
    epilog=examples(
        "responder restore /var/backups/responder/2026-11-21 --dry-run",
        "responder restore s3://my-backups/backups/mcp-incident-responder-prod/2026-11-21T020000Z",
        "responder restore --at latest --table incidents",
        "responder restore --at 2026-11-21T14:00 --dry-run",
        "responder restore s3://copy-of-my-backups/... --region us-west-2",
    )
)
@click.argument("place", required=False)
@click.option("--at", help="Instead: point-in-time recovery. latest, 2h ago, or a date and time.")
@click.option("--source-region", default="", help="With --at: the region that the tables are in.")
@click.option("--table", "names", multiple=True, type=TABLES, help="Only these (repeatable).")
@click.option("--all-cards", is_flag=True,
              help="Also incidents that had no card: each gets one, perhaps a second.")  # fmt: skip
@click.option("--keep", is_flag=True, help="With --at: leave the tables of then in place.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and end.")
@yes_option
@json_option
@on_stack
def restore(
    stack: Stack,
    place: str | None,
    at: str | None,
    source_region: str,
    names: tuple[str, ...],
    all_cards: bool,
    keep: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring back what the stack's tables lack: of a backup in PLACE, or of an earlier moment.

    PLACE is a directory or s3://bucket/prefix, as `responder backup` said; --region names another
    region's stack. What the tables have stays as it is, and the stack may work meanwhile. Nothing
    that comes back is posted to Slack a second time. Interrupted, start it again. With --at, it has
    copies of the tables made, and deletes them afterwards; what it leaves, it names.
    """
    if bool(place) is bool(at):
        raise click.UsageError("Say what to restore: a PLACE or --at, one of them.")
    tables = tuple(table for table in taking.TABLES if not names or table.value in names)
    source = _source(stack, place, at, tables, source_region)
    stack.check()
    console.warn(f"From {source.said} into {stack.name}.")
    if isinstance(source, reading.Then) and dry_run:
        _tell_window(source, as_json=as_json)
        source.check()
        return
    if at and not yes:
        copies = ", ".join(stack.table(one.value) for one in tables)
        after = "kept" if keep else "deleted"
        console.ask(f"Have copies made of {copies}, which are {after} when their items are back?")
    try:
        source.prepare()
        work = Restore(stack, source, tables, utc_now(), all_cards)
        done = _done(work, dry_run=dry_run, yes=yes, as_json=as_json)
    except BaseException:
        source.tidy(keep=True)
        raise
    source.tidy(keep=keep or bool(done.overtaken))
    if as_json:
        console.as_json(_json(tables, done))
    elif not dry_run:
        console.say(f"{done.written.total()} items are back.")
    if done.overtaken and not dry_run:
        console.warn(f"{done.overtaken} did not come back: the stack wrote theirs meanwhile.")
        click.get_current_context().exit(EXIT_FAILED)


def _done(work: Restore, *, dry_run: bool, yes: bool, as_json: bool) -> Filling:
    """Look, show, ask and write."""
    with console.progress("looked at") as advance:
        found = work.look(advance)
    if not as_json:
        _show(tuple(work.tables), found)
    if dry_run or not found.coming.total():
        return found
    if not yes:
        console.ask(f"Write {found.coming.total()} items into the tables of {work.stack.name}?")
    with console.progress("written") as advance:
        return work.carry_out(advance)


def _source(
    stack: Stack, place: str | None, at: str | None, tables: tuple[Table, ...], region: str
) -> reading.Source:
    if place:
        return reading.Kept(vaults.known(stack, place))
    then = None if at == LATEST or at is None else moment(at)
    origin = _elsewhere(stack, region) if region else stack
    return reading.Then(stack, tables, then, region, origin.client("dynamodb"), time.sleep)


def _elsewhere(stack: Stack, region: str) -> Stack:
    """The stack as another region has it; nothing is asked of it that may be gone there."""
    ctx = click.get_current_context()
    connect: Callable[..., Stack] = ctx.obj or aws.connect
    return connect(stack.name, region, ctx.params["profile"])


def _tell_window(source: reading.Then, *, as_json: bool) -> None:
    """What point-in-time recovery could bring back; making the copies is no dry run."""
    windows = {table.value: source.window(table) for table in source.tables}
    if as_json:
        console.as_json({"recovery": windows})
        return
    console.grid(
        ("table", "recovery", "earliest", "latest"),
        [
            (
                name,
                "on" if one["enabled"] else "off",
                _told(one["earliest"]),
                _told(one["latest"]),
            )
            for name, one in windows.items()
        ],
    )


def _show(tables: tuple[Table, ...], found: Filling) -> None:
    console.grid(
        ("table", "comes back", "is there", "stays away"),
        [
            (
                table.value,
                str(found.coming[table]),
                str(found.there[table]),
                ", ".join(f"{count}: {why}" for why, count in _reasons(table, found)) or "-",
            )
            for table in tables
        ],
    )
    for why, item in found.incidents_left[:MOST_NAMED]:
        console.say(f"stays away ({why}): {item.text('incident_id')} {item.text('title')}")
    if (more := len(found.incidents_left) - MOST_NAMED) > 0:
        console.say(f"and {more} incidents more; --json names them all")


def _reasons(table: Table, found: Filling) -> Iterator[tuple[str, int]]:
    return ((why.value, count) for (one, why), count in found.left.items() if one is table)


def _json(tables: tuple[Table, ...], done: Filling) -> dict[str, Any]:
    return {
        "tables": {
            table.value: {
                "coming": done.coming[table],
                "there": done.there[table],
                "written": done.written[table],
                "left": dict(_reasons(table, done)),
            }
            for table in tables
        },
        "incidents_left": [
            {"why": why.value, "incident_id": item.text("incident_id"), "title": item.text("title")}
            for why, item in done.incidents_left
        ],
    }

"""``responder runbook push|list|search``: the Markdown files that analyses are told of."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from responder.adapters.runbooks import (
    MAX_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    SUFFIX,
    Listed,
    S3Shelf,
    chosen,
    listed,
)
from responder.analysis.context import Passage
from responder.analysis.markdown import split
from responder.analysis.retrieval import Index, Question
from responder.ports import RunbookFile
from responder.protocols.runbooks import MAX_AGE
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.options import (
    ask_where_it_acts,
    examples,
    json_option,
    on_stack,
    yes_option,
)

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
OUTPUT = "RunbookBucketName"


@dataclass(frozen=True)
class Change:
    """What makes the bucket equal to a folder."""

    written: list[str]
    removed: list[str]


@click.group(epilog=examples("responder runbook push runbooks/", "responder runbook list"))
def runbook() -> None:
    """Give Claude, and the fixed triage, your runbooks: Markdown files, found by their headings.

    docs/runbooks.md says how to write runbooks that are found, and what is sent to Claude.
    """


@runbook.command(
    epilog=examples(
        "responder runbook push runbooks/ --dry-run",
        "responder runbook push runbooks/ --stack mcp-incident-responder-prod",
        "responder runbook push runbooks/ --yes",
    )
)
@click.argument("folder", type=FOLDER)
@click.option("--dry-run", is_flag=True, help="Show what would change, and end.")
@yes_option
@on_stack
def push(stack: Stack, folder: Path, dry_run: bool, yes: bool) -> None:
    """Make the bucket hold the Markdown files of FOLDER and its folders, and no others.

    What is as it was is not sent again. It asks before it removes anything; S3 keeps what was
    overwritten or removed for 90 days.
    """
    files = _files(folder)
    change = _change(files, _stored(stack))
    _show(change)
    if dry_run:
        if not (change.written or change.removed):
            console.say("Nothing would change.")
        return
    if change.removed and not yes:
        console.ask(f"Remove these {len(change.removed)} from the runbooks of {stack.name}?")
    elif change.written and not yes:
        ask_where_it_acts(stack)
    client, bucket = stack.client("s3"), stack.output(OUTPUT)
    for name in change.written:
        client.put_object(
            Bucket=bucket, Key=name, Body=files[name], ContentType="text/markdown; charset=utf-8"
        )
    for name in change.removed:
        client.delete_object(Bucket=bucket, Key=name)
    console.say(
        f"{len(change.written)} written, {len(change.removed)} removed, "
        f"{len(files) - len(change.written)} as before; "
        f"used within {MAX_AGE.seconds // 60} minutes."
    )


def _show(change: Change) -> None:
    for what, names in (("To be written", change.written), ("Not in the folder", change.removed)):
        if names:
            console.say(f"{what}: {', '.join(names)}")


@runbook.command("list", epilog=examples("responder runbook list", "responder runbook list --json"))
@json_option
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """The runbooks as the analysis function reads them, each with its number of passages."""
    files, left_out = _shelf(stack).read()
    rows = [(one.name, len(split(one.name, one.text)), one.changed_at) for one in files]
    if as_json:
        names = ("name", "passages", "changed_at")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        console.as_json({"runbooks": found, "left_out": list(left_out)})
        return
    console.grid(
        ("runbook", "passages", "changed (UTC)"),
        [(name, str(passages), f"{at:{console.MINUTE}}") for name, passages, at in rows],
    )
    for name in left_out:
        console.warn(f"Not read, beyond the limits: {name}")


@runbook.command(
    epilog=examples(
        'responder runbook search "DLQ has messages"',
        "responder runbook search KubePodCrashLooping --folder runbooks/",
    )
)
@click.argument("text")
@click.option("--folder", type=FOLDER, help="Search these files instead of those of the stack.")
@json_option
@on_stack
def search(stack: Stack, text: str, folder: Path | None, as_json: bool) -> None:
    """What an alert with the title TEXT would find, the best first; at most three passages."""
    files = _shelf(stack).read().files if folder is None else list(_as_read(folder))
    found = Index([one for file in files for one in split(*file)]).search(Question.of(text))
    if as_json:
        console.as_json([_as_json(one) for one in found])
        return
    if not found:
        console.say(f"Nothing in {len(files)} runbooks has most of these words, one in a heading.")
    for one in found:
        console.say(one.place, style="bold")
        if one.url:
            console.say(f"  {one.url}")
        for line in one.text.split("\n"):
            console.say(f"  {line}")


def _as_json(passage: Passage) -> dict[str, str]:
    return {
        "file": passage.file,
        "heading": passage.heading,
        "text": passage.text,
        "url": passage.url,
    }


def _shelf(stack: Stack) -> S3Shelf:
    return S3Shelf(lambda: stack.client("s3"), stack.output(OUTPUT))


def _stored(stack: Stack) -> list[Listed]:
    """All Markdown files of the bucket, also those beyond what is read."""
    pages = stack.client("s3").get_paginator("list_objects_v2")
    contents = pages.paginate(Bucket=stack.output(OUTPUT)).search("Contents[]")
    return listed(one for one in contents if one)


def _files(folder: Path) -> dict[str, bytes]:
    """The folder's Markdown files by their names. Raises ClickException where there are too many.

    Hidden folders hold what belongs to tools.
    """
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix.lower() == SUFFIX
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    if not files:
        raise click.ClickException(f"There is no {SUFFIX} file in {folder}.")
    sizes = [Listed(name, "", len(content), datetime.min) for name, content in files.items()]
    _, beyond = chosen(sorted(sizes))
    if beyond:
        raise click.ClickException(
            f"Beyond what is read ({MAX_FILES} files, {MAX_FILE_BYTES:,} bytes each, "
            f"{MAX_BYTES:,} together): {', '.join(beyond)}"
        )
    return files


def _change(files: dict[str, bytes], stored: list[Listed]) -> Change:
    """The ETag of what was written at once, and without a key of KMS, is its MD5.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    there = {one.name: one.etag.strip('"') for one in stored}
    written = [
        name
        for name, content in files.items()
        if there.get(name) != hashlib.md5(content, usedforsecurity=False).hexdigest()
    ]
    return Change(written, [name for name in there if name not in files])


def _as_read(folder: Path) -> Iterator[RunbookFile]:
    for name, content in _files(folder).items():
        changed_at = datetime.fromtimestamp(os.path.getmtime(folder / name)).astimezone()
        yield RunbookFile(name, content.decode(errors="replace"), changed_at)

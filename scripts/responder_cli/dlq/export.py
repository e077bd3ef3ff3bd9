"""``responder dlq export|discard``: the file, the question, and what was deleted.

The work is in ``discarding``.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.dlq import discarding
from responder_cli.dlq.discarding import Exported
from responder_cli.dlq.letters import Selection
from responder_cli.dlq.options import selecting
from responder_cli.dlq.places import Place, chosen
from responder_cli.options import examples, json_option, on_stack, yes_option

EXIT_FAILED = 1


@click.command(
    epilog=examples(
        "responder dlq export",
        "responder dlq export letters.jsonl --queue all",
        "responder dlq export --queue distribution --before 12h",
    )
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@selecting
@json_option
@on_stack
def export(
    stack: Stack, queue: str, selection: Selection, file: Path | None, as_json: bool
) -> None:
    """Write dead letters to a new FILE, whole, and leave them where they are.

    One JSON document a line, with body, attributes and times; it may hold personal data. Without a
    FILE it is dead-letters-TIME.jsonl in this directory.
    """
    path = file or _new_path()
    exported = _exported(stack, chosen(queue, stack.outputs), selection, path)
    if as_json:
        console.as_json([_exported_json(one, path) for one in exported])
        return
    console.grid(
        ("queue", "exported", "reasons"),
        [(one.place.name, str(len(one.ids)), _told(one.reasons)) for one in exported],
    )
    if any(one.ids for one in exported):
        console.say(f"Written to {path}.")


def _new_path() -> Path:
    return Path(f"dead-letters-{utc_now():%Y%m%dT%H%M%SZ}.jsonl")


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items()) or "-"


@click.command(
    epilog=examples(
        "responder dlq discard --reason unreadable",
        "responder dlq discard --queue distribution --id MESSAGE --export letters.jsonl",
        "responder dlq discard --queue all --all --yes",
    )
)
@selecting
@click.option("--all", "everything", is_flag=True, help="Every letter, where nothing selects.")
@click.option("--export", "file", type=click.Path(path_type=Path),
              help="A new file; else dead-letters-TIME.jsonl in this directory.")  # fmt: skip
@yes_option
@json_option
@on_stack
def discard(
    stack: Stack,
    queue: str,
    selection: Selection,
    everything: bool,
    file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write dead letters that nobody can use to a file, ask, and delete them.

    The file is the only copy left: one JSON document a line, with body, attributes and times.
    Nothing is deleted that is not in it; whoever says no keeps it all the same. Interrupted, start
    it again.
    """
    if selection.everything is not everything:
        raise click.UsageError("Say which letters: by an option, or --all.")
    path = file or _new_path()
    exported = _exported(stack, chosen(queue, stack.outputs), selection, path)
    if not as_json:
        _show_exported(exported)
    due = [one for one in exported if one.ids]
    if due and not yes:
        console.ask(f"They are written to {path}. Delete them from the queues of {stack.name}?")
    for one in due:
        discarding.delete(stack, one)
    if as_json:
        console.as_json([_exported_json(one, path) for one in exported])
    else:
        _show_deleted(due, path)
    if any(one.kept for one in due):
        click.get_current_context().exit(EXIT_FAILED)


def _exported(
    stack: Stack, places: tuple[Place, ...], selection: Selection, path: Path
) -> list[Exported]:
    """What is in the file, which is there only if something is in it."""
    try:
        exported = discarding.export(stack, places, selection, path)
        if not any(one.ids for one in exported):
            path.unlink()
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}; nothing was deleted") from error
    return exported


def _show_exported(exported: list[Exported]) -> None:
    console.grid(
        ("queue", "selected", "reasons", "what would happen"),
        [
            (
                one.place.name,
                str(len(one.ids)),
                _told(one.reasons),
                "deleted; only the export keeps them" if one.ids else "nothing to do",
            )
            for one in exported
        ],
    )


def _exported_json(one: Exported, path: Path) -> dict[str, Any]:
    return {
        "queue": one.place.name,
        "export": str(path) if one.ids else None,
        "exported": len(one.ids),
        "deleted": one.deleted,
    }


def _show_deleted(due: list[Exported], path: Path) -> None:
    for one in due:
        console.say(f"{one.place.name}: {one.deleted} deleted, kept in {path}")
        if one.kept:
            console.warn(
                f"{one.kept} of the export were not handed out by SQS, or are held by somebody"
                " else: start again"
            )

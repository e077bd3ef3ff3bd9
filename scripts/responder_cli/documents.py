"""What the commands on operators' documents share: one JSON file in, numbered versions kept."""

import getpass
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ValidationError

from responder.clock import utc_now
from responder.document import Document
from responder.policy.matching import AS_WRITTEN
from responder.ports import Table
from responder.protocols.versions import MAX_AGE, Versions
from responder_cli import console, problems
from responder_cli.aws import NoSuch, Stack

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OBEYED = f"obeyed within {MAX_AGE.seconds} seconds"


def read[D: Document](file: Path, model: type[D]) -> D:
    """The document in a file; who changed it, and when, is not for the file to say.

    Raises ClickException, naming the place, for what is wrong.
    """
    return parsed(file, model, Document.model_fields.keys())


def parsed[M: BaseModel](file: Path, model: type[M], left_out: Collection[str] = ()) -> M:
    """What a file holds, without the fields ``left_out``. Raises ClickException as ``read``."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_unique)
        if isinstance(given, dict):
            given = {name: value for name, value in given.items() if name not in left_out}
        return model.model_validate(given, context=AS_WRITTEN)
    except ValidationError as error:
        said = [console.safe(line) for line in problems.of_document(error, model)]
        words = f" {said[0]}" if len(said) == 1 else "".join(f"\n  {line}" for line in said)
        raise click.ClickException(f"{file}:{words}") from error
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """What stands twice would silently count once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}
        raise ValueError(f"written twice: {', '.join(sorted(twice))}")
    return found


def load[D: Document](stack: Stack, versions: Versions[D], number: int | None) -> D:
    """The active version, or ``number``. Raises NoSuch where there is none of that."""
    found = versions.load(stack.store(Table.STATE), number)
    if number is not None and found.number != number:
        raise _no_version(number)
    return found


def content(document: Document) -> dict[str, Any]:
    """A document as the JSON that ``read`` takes; its lists also where they are empty."""
    fields = type(document).model_fields
    empty: dict[str, Any] = {name: [] for name, field in fields.items() if field.default == ()}
    return {**empty, **document.model_dump(mode="json", exclude_defaults=True)}


def save[D: Document](stack: Stack, versions: Versions[D], document: D, replaces: int) -> D:
    """Make a document the next active version, unless ``replaces`` is active no more."""
    now = utc_now()
    named = document.model_copy(update={"by": getpass.getuser(), "at": now.isoformat()})
    saved = versions.save(stack.store(Table.STATE), named, replaces, now)
    if saved is None:
        raise click.ClickException("Somebody else changed it meanwhile; look again.")
    return saved


def use[D: Document](stack: Stack, versions: Versions[D], number: int) -> None:
    """Go back to an older version."""
    if not versions.activate(stack.store(Table.STATE), number, utc_now()):
        raise _no_version(number)


def _no_version(number: int) -> NoSuch:
    return NoSuch(f"there is no version {number}")

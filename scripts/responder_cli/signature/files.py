"""Signature rules as an operator writes them: one JSON file."""

import json
from pathlib import Path

import click
from pydantic import ValidationError

from responder.signature import Rules
from responder_cli import console


def read_rules(file: Path) -> Rules:
    """The rules of a file; who changed them, and when, is not for the file to say.

    Raises ClickException, naming the place, for what is wrong.
    """
    try:
        given = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_unique)
        if isinstance(given, dict):
            given = {name: given[name] for name in given.keys() - {"number", "by", "at"}}
        return Rules.model_validate(given)
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise click.ClickException(f"{file}: {'; '.join(map(console.safe, said))}") from error
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """What stands twice would silently count once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}
        raise ValueError(f"written twice: {', '.join(sorted(twice))}")
    return found

"""The cases of ``tests/evals``: what is asked about, what is expected, and answers to replay.

A case is a folder: ``case.json`` (fields of the alert and of its incident, and the context),
``expected.json`` (``scoring.Expected``) and ``answers/*.json``.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from responder.analysis.context import Case, Context
from responder_cli.eval.incidents import incident
from responder_cli.eval.scoring import Expected, Part


class Answer(BaseModel):
    """A recorded answer. ``fails`` names the parts that must fail; none: it must pass.

    ``written_by`` is ``hand``: answers of Claude are never kept as if a person had checked them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    written_by: Literal["hand"]
    why: str
    fails: tuple[Part, ...] = ()
    answer: dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One case with its name, and what is recorded of it."""

    name: str
    story: str
    case: Case
    expected: Expected
    answers: tuple[tuple[str, Answer], ...]


def load(corpus: Path, pattern: str = "*") -> list[Scenario]:
    """The cases whose names match, by name. Raises ValueError that names a malformed file."""
    folders = sorted(file.parent for file in corpus.glob("*/case.json"))
    return [_scenario(folder) for folder in folders if fnmatch(folder.name, pattern)]


def _scenario(folder: Path) -> Scenario:
    try:
        given = _json(folder / "case.json")
        answers = sorted((folder / "answers").glob("*.json"))
        return Scenario(
            name=folder.name,
            story=given["story"],
            case=Case(
                incident=incident(**given["incident"]),
                context=Context.model_validate(given.get("context", {})),
            ),
            expected=Expected.model_validate(_json(folder / "expected.json")),
            answers=tuple((file.stem, Answer.model_validate(_json(file))) for file in answers),
        )
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(f"{folder.name}: {error}") from error


def _json(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document

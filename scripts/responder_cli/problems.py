"""What a model refuses, told to the person who wrote it: one line a problem, in their words.

Options (``options.refusals_as_usage``), documents and files are told of by the same lines.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from inspect import isclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

#: How pydantic begins its sentences; the place stands before them instead.
_SUBJECT = re.compile(r"^\w+ should (?:be a |be an )?valid (\w+).*|^\w+ should ")
_LONGEST_INPUT = 60
#: Of a matcher, which people write in one piece.
_INNER = {"field", "operator", "value"}
_SHORT = {
    "missing": "is missing",
    "model_type": "must be an object, written {…}",
    "dict_type": "must be an object, written {…}",
}
#: What pydantic would show the pattern of.
_WRITTEN = {
    "mentions": "is no mention: a user's id (U…, W…), a group's (S…), here or channel",
    "name": "must be 1 to 64 letters, digits, dots, dashes or underscores",
}

Place = tuple[int | str, ...]


class Unreadable(ValueError):
    """What is stored, or deployed, is written as this release does not read it."""


def told(error: ValidationError, names: Mapping[str, str] | None = None) -> list[str]:
    """The problems, a line each. ``names`` say what the reader calls the fields; without, as we."""
    return [_line(one, names) for one in error.errors(include_url=False)]


def of_stored(error: KeyError | ValueError) -> str:
    """What to tell where an item, or a parameter of the stack, is another release's."""
    if isinstance(error, Unreadable):
        return f"this release cannot read {error}"
    lines = told(error) if isinstance(error, ValidationError) else [repr(error)]
    return f"this release cannot read what is stored: {'; '.join(lines)}"


def of_document(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """The problems of a file, with the fields that an unknown one may have meant."""
    found = []
    for one in error.errors(include_url=False):
        if one["type"] == "extra_forbidden":
            *above, unknown = one["loc"]
            known = [name for owner in _owners(model, above) for name in owner.model_fields]
            found.append(_at(_place(tuple(above)), _unknown(str(unknown), known)))
        else:
            found.append(_line(one))
    return found


def _line(one: ErrorDetails, names: Mapping[str, str] | None = None) -> str:
    return _at(_place(one["loc"], names), _words(one))


def _at(place: str, words: str) -> str:
    return f"{place}: {words}" if place else words


def _place(loc: Place, names: Mapping[str, str] | None = None) -> str:
    """Where it stands, for a person: (routes, 0, match, 1) is "route 1, match 2"."""
    found: list[str] = []
    for part in loc:
        if isinstance(part, int) and names is None:
            last = found.pop().removesuffix("s") if found else "entry"
            found.append(f"{last} {part + 1}")
        elif isinstance(part, str) and part not in _INNER:
            found += [part] if names is None else filter(None, [names.get(part)])
    return ", ".join(found)


def _words(one: ErrorDetails) -> str:
    raised = one.get("ctx", {}).get("error")
    fields = [part for part in one["loc"] if isinstance(part, str)]
    if raised is not None:
        return str(raised)
    if one["type"] in _SHORT:
        return _SHORT[one["type"]]
    if one["type"] == "string_pattern_mismatch" and fields and fields[-1] in _WRITTEN:
        return f"{one['input']!r} {_WRITTEN[fields[-1]]}"
    return f"{_SUBJECT.sub(_must, one['msg'])}{_input(one['input'])}"


def _must(begin: re.Match[str]) -> str:
    return f"must be a {begin[1]}" if begin[1] else "must "


def _input(given: object) -> str:
    """What was given, where it is short enough to be recognised."""
    written = repr(given) if isinstance(given, str | int | float) else ""
    return f", not {written}" if 0 < len(written) <= _LONGEST_INPUT else ""


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"unknown field {name} ({hint})"


def _owners(model: type[BaseModel], place: list[int | str]) -> list[type[BaseModel]]:
    """The model whose field it would be; none where the place leads to no model."""
    owners = [model]
    for part in place:
        if isinstance(part, str):
            owners = [
                inner
                for owner in owners
                if part in owner.model_fields
                for inner in _models(owner.model_fields[part].annotation)
            ]
    return owners


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)

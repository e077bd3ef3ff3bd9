"""What this version writes is read by the one before, beside which it runs during a canary.

``previous.json`` says how that one reads: JSON Schemas made by its own models. Its readers pass
over fields that they do not know, and fail at what they require and at words that are new.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from upgrades import kinds, record
from upgrades.old import plain

PREVIOUS = json.loads(record.PREVIOUS.read_text())["readers"]
TODAY = kinds.readers()
#: What operators write as documents is refused with a field that a version does not know; lanes
#: then go on with what they knew (``versions.Current``, ``chunks.Current``), and say so.
DOCUMENTS = {
    kinds.ITEMS["state", prefix]
    for prefix in ("inhibitions#", "routes#", "signature-rules#", "silences#", "windows#")
}


@pytest.fixture(scope="module")
def today() -> dict[str, Any]:
    """A day in the life of this version."""
    return record.record("today")


def refused(path: str, value: dict[str, Any]) -> list[str]:
    """Why the version before cannot read a value; nothing where it has no such model."""
    if path not in PREVIOUS:
        return []
    # The index of due times wants a number, which every version reads as a moment.
    known = set(PREVIOUS[path]["properties"]) - {"due_at"}
    value = {name: part for name, part in value.items() if name in known}
    return [error.message for error in Draft202012Validator(PREVIOUS[path]).iter_errors(value)]


def test_each_of_its_models_is_compared_wherever_it_lies_today() -> None:
    assert set(PREVIOUS) <= set(TODAY)


def test_it_reads_every_item(today: dict[str, Any]) -> None:
    for table, members in today["tables"].items():
        for item_id, item in members.items():
            for path in kinds.readers_of(table, item_id):
                assert refused(path, plain(item)) == [], (path, item_id)


def test_it_reads_every_message(today: dict[str, Any]) -> None:
    assert set(today["messages"]) == set(kinds.MESSAGES)
    for queue, bodies in today["messages"].items():
        for body in bodies:
            assert refused(kinds.MESSAGES[queue], json.loads(body)) == [], queue


def test_every_command_of_an_operator_was_recorded(today: dict[str, Any]) -> None:
    assert set(today["commands"].values()) == {"done"}


@pytest.mark.parametrize("change", [{"state": "paused"}, {"count": "many"}, {"title": None}])
def test_what_it_cannot_read_is_noticed(today: dict[str, Any], change: dict[str, Any]) -> None:
    stored = today["tables"]["incidents"]
    item = next(plain(item) for key, item in stored.items() if key.startswith("incident#"))
    path = kinds.ITEMS["incidents", "incident#"]
    assert refused(path, item | {"unheard_of": {"a": 1}}) == []
    assert refused(path, item | change) != []


@pytest.mark.parametrize("path", sorted(set(PREVIOUS) & set(TODAY)))
def test_no_word_is_written_that_it_does_not_know(path: str) -> None:
    """A new word is read by one release and written by the next one (docs/deploy.md, Upgrades)."""
    before, after = dict(_words(PREVIOUS[path])), dict(_words(TODAY[path]))
    for place, words in after.items():
        assert words <= before.get(place, words), place


@pytest.mark.parametrize("path", sorted(set(PREVIOUS) & set(TODAY)))
def test_what_it_requires_is_still_a_field(path: str) -> None:
    # Every item of these tables has its key under that name, whatever its model says.
    required = set(PREVIOUS[path].get("required", ())) - {"id"}
    assert required <= set(TODAY[path]["properties"])


@pytest.mark.parametrize("path", sorted(set(PREVIOUS) & set(TODAY) - set(kinds.MESSAGES.values())))
def test_what_is_stored_has_the_defaults_that_it_was_written_without(path: str) -> None:
    before, after = _defaults(PREVIOUS[path]), _defaults(TODAY[path])
    both = before.keys() & after.keys()
    assert {name: after[name] for name in both} == {name: before[name] for name in both}


@pytest.mark.parametrize("path", sorted(set(TODAY) - DOCUMENTS))
def test_a_field_that_a_newer_version_adds_is_passed_over(path: str) -> None:
    assert '"additionalProperties": false' not in json.dumps(TODAY[path])


def _defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """The default of each field that has one, those of the models within included."""
    models = {"": schema, **schema.get("$defs", {})}
    return {
        f"{model}.{name}": field["default"]
        for model, said in models.items()
        for name, field in said.get("properties", {}).items()
        if "default" in field
    }


def _words(schema: Any, place: str = "") -> Iterator[tuple[str, set[str]]]:
    """The words that each enumeration of a schema has."""
    if isinstance(schema, dict):
        if "enum" in schema:
            yield place, set(map(str, schema["enum"]))
        for name, inner in schema.items():
            yield from _words(inner, f"{place}/{name}")

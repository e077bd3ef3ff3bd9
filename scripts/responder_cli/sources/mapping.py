"""``responder sources map``: what is read of a tool's fields, and an operator's own way of it."""

from pathlib import Path
from typing import Any

import click

from responder.intake.draft import slug
from responder.intake.mapping import FieldMapping
from responder_cli import console, documents
from responder_cli.aws import NoSuch, Stack
from responder_cli.options import asks_where_it_acts, examples, json_option, on_stack
from responder_cli.sources import vault
from responder_cli.sources.guides import guides
from responder_cli.sources.shared import known_as

#: The key of the secret that holds the mappings.
PLACE = "mappings"


@click.command(
    "map",
    epilog=examples(
        "responder sources map grafana",
        "responder sources map shopmon shopmon.json",
        "responder sources map shopmon --remove",
    ),
)
@click.argument("tool")
@click.argument("file", required=False, type=documents.FILE)
@click.option("--remove", is_flag=True, help="Read it again as without a mapping.")
@json_option
@on_stack
@asks_where_it_acts
def map_(stack: Stack, tool: str, file: Path | None, remove: bool, as_json: bool) -> None:
    """Show what is read of a tool's fields; with FILE, read them by that field mapping.

    docs/mapping.md says what the file holds; try it with `responder explain --mapping` before.
    """
    if file and remove:
        raise click.UsageError("Give a file or --remove, one of them.")
    held, name = vault.load(stack), slug(tool)
    known = dict(held.document.get(PLACE) or {})
    if not (file or remove):
        _show(tool, known.get(name), as_json=as_json)
        return
    if file:
        made = documents.parsed(file, FieldMapping)
        known[name] = made.model_dump(mode="json", exclude_defaults=True)
    elif known.pop(name, None) is None:
        raise NoSuch(f"there is no mapping for {name}")
    vault.save(stack, {**held.document, PLACE: known}, held)
    if as_json:
        console.as_json({"tool": name, "mapping": known.get(name)})
    else:
        way = "by this mapping" if file else "as without a mapping"
        console.say(f"What comes on the route of {name} is read {way} within {vault.OBEYED}.")


def _show(tool: str, mapping: Any, *, as_json: bool) -> None:  # noqa: ANN401 - any JSON value
    guide = guides().get(known_as(tool))
    if mapping is None and guide is None:
        raise NoSuch(
            f"there is neither a mapping for {tool} nor a guide: responder explain shows more"
        )
    if as_json:
        maps = dict(guide.maps) if guide else {}
        console.as_json({"tool": tool, "mapping": mapping, "maps": maps})
        return
    if mapping is not None:
        console.say("Read by an operator's mapping:")
        console.fields((place, console.to_json(value)) for place, value in mapping.items())
    elif guide:
        console.say(f"{guide.title}: {guide.documentation}")
        console.grid(("of an alert", "from"), list(guide.maps.items()))
        console.say(f"Resolved: {guide.resolves}")

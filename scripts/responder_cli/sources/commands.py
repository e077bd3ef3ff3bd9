"""The commands of ``responder sources``; those that change anything are in ``changing``."""

from typing import Any

import click

from responder.intake.authentication.sources import Source, named_entries, sources_in
from responder.intake.mapping import mappings_in
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.mending import command
from responder_cli.options import examples, json_option, on_stack
from responder_cli.sources import changing, entries, mapping, pages, vault
from responder_cli.sources.shared import EVERY_TOOL, entry_of, tell, ways_of

EXIT_FAILED = 1


@click.group(
    epilog=examples(
        "responder sources add grafana-prod --tool grafana",
        "responder sources rotate grafana-prod",
        "responder sources rotate grafana-prod --finish",
        "responder sources check --stack mcp-incident-responder-prod",
    )
)
def sources() -> None:
    """Who may send without the API key, as which tools, and how each one proves who it is.

    Kept in the secret PREFIX/sources. docs/sources.md has the settings of every tool.
    """


@sources.command("list", epilog=examples("responder sources list --json"))
@json_option
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """Every source, its tools, and how it proves who it is; never its secrets."""
    document = vault.load(stack).document
    found = sources_in(document)
    if as_json:
        shown = {name: entries.masked(entry) for name, entry in named_entries(document)}
        console.as_json({"sources": shown, "unreadable": dict(found.unreadable)})
        return
    if not (found.known or found.unreadable):
        added = command(stack, "sources add NAME --tool TOOL")
        console.say(f"No sources: only the routes with the API key are open. {added}")
        return
    rows = [
        (
            name,
            " ".join(source.tools) or "any",
            entries.proofs(source),
            "rotating" if entries.is_rotating(_written(source)) else "",
        )
        for name, source in found.known.items()
    ]
    rows += [(name, "", f"not right: {words}", "") for name, words in found.unreadable.items()]
    console.grid(("name", "tools", "proves itself by", ""), rows)


@sources.command(epilog=examples("responder sources show grafana-prod", "… show NAME --reveal"))
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show the secrets themselves.")
@json_option
@on_stack
def show(stack: Stack, name: str, reveal: bool, as_json: bool) -> None:
    """One source, and the settings of its tool; secrets only with --reveal."""
    entry = entry_of(vault.load(stack), name)
    shown = entry if reveal else entries.masked(entry)
    if as_json:
        console.as_json({"name": name, **shown})
        return
    console.fields((place, console.to_json(value)) for place, value in shown.items())
    tell(stack, name, shown, ways_of(entry))


@sources.command(epilog=examples("responder sources check --json"))
@json_option
@on_stack
def check(stack: Stack, as_json: bool) -> None:
    """Say what is wrong with the sources and mappings. Exit code 1 where one is not obeyed."""
    document = vault.load(stack).document
    found, mapped = sources_in(document), mappings_in(document.get(mapping.PLACE))
    wrong = [f"{name}: {words}" for name, words in found.unreadable.items()]
    wrong += [f"mapping {name}: {words}" for name, words in mapped.unreadable.items()]
    doubts = [
        words
        for one in found.known.items()
        for words in entries.doubts(stack, *one, tools=EVERY_TOOL)
    ]
    if as_json:
        console.as_json({"sources": len(found.known), "wrong": wrong, "doubts": doubts})
    else:
        for line in wrong:
            console.say(f"Not right: {line}", style="bold red")
        for line in doubts:
            console.say(f"Doubtful: {line}", style="yellow")
        console.say(f"{len(found.known)} sources can be read; {len(wrong)} problems.")
    if wrong:
        click.get_current_context().exit(EXIT_FAILED)


@sources.command(epilog=examples("responder sources docs", "responder sources docs --check"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where it is old.")
def docs(only_check: bool) -> None:
    """Write docs/sources.md from the guides. Needs no stack."""
    text = pages.document()
    old = pages.PAGE.read_text(encoding="utf-8") if pages.PAGE.exists() else ""
    if only_check:
        if old != text:
            console.say(f"{pages.PAGE.name} is not what the guides say: responder sources docs")
            click.get_current_context().exit(EXIT_FAILED)
        return
    pages.PAGE.write_text(text, encoding="utf-8")
    console.say(f"Wrote {pages.PAGE.name}.")


for _command in (changing.add, changing.rotate, changing.remove, mapping.map_):
    sources.add_command(_command)


def _written(source: Source) -> dict[str, Any]:
    return source.model_dump(mode="json", exclude_none=True)

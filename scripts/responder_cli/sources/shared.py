"""What the commands on sources share: entries found and replaced, and their settings told."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click

from responder.intake.authentication.sources import named_entries
from responder.intake.recognition import ALIASES, TOOLS
from responder_cli import console
from responder_cli.aws import NoSuch, Stack
from responder_cli.sources import entries, pages, vault
from responder_cli.sources.guides import Way, guides

OUTPUT = "IntakeUrl"
#: Names that a route may use.
EVERY_TOOL = frozenset({*TOOLS, *ALIASES, "generic"})


def known_as(tool: str) -> str:
    """The tool's own name, by which its guide is found."""
    return ALIASES.get(tool, tool)


def names(held: vault.Held) -> list[str]:
    """Every source, the unreadable ones too."""
    return [name for name, _ in named_entries(held.document)]


def entry_of(held: vault.Held, name: str) -> dict[str, Any]:
    """One entry. Raises NoSuch where there is none."""
    for known, entry in named_entries(held.document):
        if known == name and isinstance(entry, dict):
            return entry
    raise unknown(name, names(held))


def unknown(name: str, known: Sequence[str]) -> NoSuch:
    """There is no such source; these there are."""
    there = f"; there are {', '.join(known)}" if known else ""
    return NoSuch(f"there is no source {name}{there}")


def with_entry(document: Mapping[str, Any], name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The secret with this entry in the place of any of that name."""
    rest = without_entry(document, name)
    return {**rest, "sources": {**rest.get("sources", {}), name: entry}}


def without_entry(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The secret without the entry, in whichever form it stands."""
    kept = dict(document)
    for form in ("tokens", "sources"):
        if name in (kept.get(form) or {}):
            kept[form] = {known: entry for known, entry in kept[form].items() if known != name}
    return kept


def tool_of(entry: Mapping[str, Any]) -> str:
    """The tool whose settings an entry has."""
    return str(next(iter(entry.get("tools") or ()), "generic"))


def ways_of(entry: Mapping[str, Any]) -> frozenset[Way]:
    """The ways of an entry that was made earlier, as its guide has them."""
    found: set[Way] = set()
    if entry.get("signature"):
        found.add("signature")
    if entry.get("header"):
        found.add("shared-header")
    if entry.get("tokens"):
        guide = guides().get(known_as(tool_of(entry)))
        beside = [way for way in guide.authentication if way in entries.BESIDE] if guide else []
        found.update(beside[:1] or ["url"])
    return frozenset(found)


def url_of(stack: Stack, name: str, entry: Mapping[str, Any], ways: Collection[Way]) -> str:
    """The address to paste: with the token in it where nothing else can carry it."""
    in_path = entries.is_in_path(ways) and entry.get("tokens")
    segment = entry["tokens"][-1] if in_path else name
    return f"{stack.output(OUTPUT)}/{segment}/{tool_of(entry)}"


def tell(stack: Stack, name: str, entry: Mapping[str, Any], ways: Collection[Way]) -> None:
    """Print the settings to paste, unfolded."""
    guide = guides().get(known_as(tool_of(entry)))
    click.echo()
    for line in pages.settings(guide, entry, url_of(stack, name, entry, ways)):
        for part in line.splitlines() or [""]:
            click.echo(console.safe(part))

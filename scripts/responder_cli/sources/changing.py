"""``responder sources add|rotate|remove``: one entry changed, written only over what was read."""

import re
from collections.abc import Collection, Sequence
from typing import Any, get_args

import click
from pydantic import ValidationError

from responder.intake.authentication.sources import NAME, Source, why
from responder_cli import console, secret_store
from responder_cli.aws import Stack
from responder_cli.mending import command
from responder_cli.options import (
    asks_where_it_acts,
    examples,
    json_option,
    on_stack,
    yes_option,
)
from responder_cli.sources import entries, vault
from responder_cli.sources.guides import Guide, Way, guides
from responder_cli.sources.shared import (
    EVERY_TOOL,
    entry_of,
    known_as,
    names,
    tell,
    tool_of,
    unknown,
    url_of,
    ways_of,
    with_entry,
    without_entry,
)

_USED = f"It is used within {vault.OBEYED}."
_SIGNING_SECRET = click.option(
    "--signing-secret", "secret_file", type=click.File("r"), metavar="FILE",
    help="The secret that the tool has made, in a file (- for standard input).",
)  # fmt: skip


@click.command(
    epilog=examples(
        "responder sources add grafana-prod --tool grafana",
        "responder sources add alarms --tool sns --topic arn:aws:sns:eu-west-1:123456789012:alarms",
        "responder sources add sentry --tool sentry --signing-secret -",
        "responder sources add cron --tool generic --by basic --user cron",
        "responder sources add azure --tool azure --tenant GUID --audience api://responder",
    )
)
@click.argument("name")
@click.option("--tool", "tools", multiple=True, required=True,
              help="What it sends as, the last part of its address (repeatable).")  # fmt: skip
@click.option("--by", "ways", multiple=True, type=click.Choice(get_args(Way)),
              help="How it proves itself; else what suits the tool best (repeatable).")  # fmt: skip
@click.option("--topic", "topics", multiple=True, help="ARN of a topic of SNS (repeatable).")
@_SIGNING_SECRET
@click.option("--user", default="", help="The user that Basic must come with.")
@click.option("--header", default="", help="Name of the header of the secret or signature.")
@click.option("--timestamp-header", default="", help="Grafana's header of the signed time.")
@click.option("--tenant", default="", help="Of Entra ID, for Azure's secure webhooks.")
@click.option("--audience", default="", help="Of Entra ID's token: the application's identifier.")
@json_option
@on_stack
@asks_where_it_acts
def add(
    stack: Stack,
    name: str,
    tools: tuple[str, ...],
    ways: tuple[Way, ...],
    topics: tuple[str, ...],
    secret_file: Any,  # noqa: ANN401 - click's file
    as_json: bool,
    **named: str,
) -> None:
    """Add a source, and print the exact settings to paste into its tool.

    The secrets are made here and shown this once; `show --reveal` shows them again.
    """
    _check_name(name)
    held = vault.load(stack)
    if name in names(held):
        raise click.ClickException(f"There is a source {name} already.")
    guide = guides().get(known_as(tools[0]))
    # Entra ID's token is proof enough, and Bearer is taken by it.
    chosen = ways if named["tenant"] else _chosen(guide, ways, topics, secret_file)
    try:
        made = entries.make(
            tools, chosen, topics=topics, signing_secret=_read(secret_file), **named
        )
    except ValidationError as error:
        raise click.UsageError(console.safe(why(error))) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    vault.save(stack, with_entry(held.document, name, made.entry), held)
    if as_json:
        url = url_of(stack, name, made.entry, made.ways)
        console.as_json({"name": name, "url": url, **made.entry})
        return
    for tool in tools:
        if tool not in EVERY_TOOL:
            console.warn(f"No tool is called {tool}: its alerts are read by their common names.")
    console.say(f"Added {name}; it is let in within seconds.")
    tell(stack, name, made.entry, made.ways)
    if "signature" in chosen and "signature" not in made.ways:
        told = command(stack, f"sources rotate {name} --signing-secret -")
        console.say(
            "\nThe tool makes its signing secret itself. Until it is told here, the token in the"
            f" address is the only proof: {told}"
        )


@click.command(
    epilog=examples(
        "responder sources rotate grafana-prod",
        "responder sources rotate sentry --signing-secret -",
        "responder sources rotate grafana-prod --finish",
    )
)
@click.argument("name")
@click.option("--finish", is_flag=True, help="Take the old secrets away.")
@_SIGNING_SECRET
@json_option
@on_stack
@asks_where_it_acts
def rotate(stack: Stack, name: str, finish: bool, secret_file: Any, as_json: bool) -> None:  # noqa: ANN401 - click's file
    """Make a second secret live beside the old one; with --finish, take the old one away.

    Between the two, old and new are good, so that no alert is refused.
    """
    held = vault.load(stack)
    entry = entry_of(held, name)
    try:
        if finish:
            changed = entries.finished(entry)
        else:
            changed = entries.rotated(entry, tool_of(entry), _read(secret_file))
        Source.model_validate(changed)
    except ValidationError as error:
        raise click.ClickException(console.safe(why(error))) from error
    except ValueError as error:
        raise click.ClickException(f"{name}: {error}.") from error
    vault.save(stack, with_entry(held.document, name, changed), held)
    if as_json:
        url = url_of(stack, name, changed, ways_of(changed))
        console.as_json({"name": name, "url": url, **changed})
        return
    if finish:
        console.say(f"Only the newest secrets of {name} are good from now on. {_USED}")
        return
    if entry.keys() != changed.keys():
        console.say(f"From now on {name} needs the tool's signature, too. {_USED}")
        return
    console.say(f"Old and new secrets of {name} are good. {_USED} Then change the tool:")
    tell(stack, name, changed, ways_of(changed))
    finished = command(stack, f"sources rotate {name} --finish")
    console.say(f"\nWhen it sends with the new ones: {finished}")


@click.command(epilog=examples("responder sources remove grafana-prod --yes"))
@click.argument("name")
@yes_option
@json_option
@on_stack
def remove(stack: Stack, name: str, yes: bool, as_json: bool) -> None:
    """Let a source in no more. It asks, unless there is --yes."""
    held = vault.load(stack)
    known = names(held)
    if name not in known:
        raise unknown(name, known)
    if not yes:
        console.ask(f"Refuse whatever {name} sends to {stack.name} from now on?")
    vault.save(stack, without_entry(held.document, name), held)
    if as_json:
        console.as_json({"removed": name})
    else:
        console.say(f"Removed {name}.")


def _chosen(
    guide: Guide | None, ways: Sequence[Way], topics: Sequence[str], secret: object
) -> Collection[Way]:
    if ways:
        return ways
    best = entries.ways_of(guide) if guide else frozenset[Way]({"bearer"})
    return best | {"signature"} if topics or secret else best


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name):
        raise click.UsageError("A name has 1 to 64 letters, digits, dots, dashes or underscores.")


def _read(file: Any) -> str:  # noqa: ANN401 - click's file
    if file is None:
        return ""
    text = str(file.read(secret_store.MOST_BYTES)).strip()
    if not text:
        raise click.UsageError("The signing secret is empty.")
    return text

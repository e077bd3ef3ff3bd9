"""``responder changes list``: the deployments that Claude is told of when something breaks."""

import click

from responder.alert import Scope
from responder.policy.changes import EVERYWHERE, lists
from responder.ports import Table
from responder.protocols import items
from responder.protocols.changes import Changes, changes_item
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.options import examples, json_option, on_stack


@click.group(
    epilog=examples("responder changes list", "responder changes list --service checkout --json")
)
def changes() -> None:
    """Deployments, releases and pushes that were told of (docs/changes.md)."""


@changes.command(
    "list",
    epilog=examples("responder changes list", "responder changes list --service checkout --json"),
)
@click.option("--service", default="", help="Only those of this service; else the latest of all.")
@json_option
@on_stack
def list_(stack: Stack, service: str, as_json: bool) -> None:
    """What is remembered, the latest first; at most 50, for 14 days."""
    name = lists(service, Scope())[0] if service else EVERYWHERE
    known = items.load(stack.store(Table.STATE), changes_item(name), Changes) or Changes()
    if as_json:
        console.as_json([one.model_dump(mode="json") for one in known.changes])
        return
    console.grid(
        ("began", "service", "what", "state", "version", "by", "where", "told by"),
        [
            (
                f"{one.at:{console.MINUTE}}",
                one.service,
                one.what,
                one.state.value,
                one.revision,
                one.by,
                " ".join(value for _, value in one.scope if value),
                one.source,
            )
            for one in known.changes
        ],
    )

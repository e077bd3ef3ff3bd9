"""The options that say which letters of which queue are meant; ``commands`` gives them."""

from datetime import datetime
from functools import wraps
from typing import Any

import click

from responder_cli.dlq.letters import Selection
from responder_cli.dlq.places import ALIASES, ALL, NAMES
from responder_cli.options import Command, moment


class QueueName(click.Choice[str]):
    """A queue by its name, or by another word for it."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The name."""
        return super().convert(ALIASES.get(value, value), param, ctx)


def selecting(command: Command) -> Command:
    """Give a command the options that say which letters of which queue are meant."""

    @click.option("--queue", type=QueueName([*NAMES, ALL]), default="processing",
                  show_default=True)  # fmt: skip
    @click.option("--reason", "reasons", multiple=True, help="Only these reasons (repeatable).")
    @click.option("--source", "sources", multiple=True, help="Only these tools (repeatable).")
    @click.option("--signature", "signatures", multiple=True, help="Only these signatures.")
    @click.option("--id", "ids", multiple=True, help="Only these message, alert or incident ids.")
    @click.option("--before", type=moment, help="Only what was sent before: 2h ago, or a time.")
    @click.option("--since", type=moment, help="Only what was sent since then.")
    @wraps(command)
    def wrapped(
        *args: object,
        reasons: tuple[str, ...],
        sources: tuple[str, ...],
        signatures: tuple[str, ...],
        ids: tuple[str, ...],
        before: datetime | None,
        since: datetime | None,
        **options: object,
    ) -> Any:  # noqa: ANN401 - what the command returns
        selection = Selection(reasons, sources, signatures, ids, before, since)
        return command(*args, selection=selection, **options)

    return wrapped

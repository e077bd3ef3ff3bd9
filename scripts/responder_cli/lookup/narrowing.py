"""The options by which ``alerts query`` and ``incidents list`` are narrowed down."""

import click

from responder.alert import Severity
from responder_cli.options import Command


def narrowed(command: Command) -> Command:
    """Give a command --severity, which means every one where none is named, --source, --service."""
    for option in (
        click.option("--service", default="", help="Only of this service."),
        click.option("--source", default="", help="Only of this tool."),
        click.option("--severity", "severities", multiple=True, callback=_severities,
                     type=click.Choice([one.value for one in Severity], case_sensitive=False),
                     help="Only of it (repeatable)."),
    ):  # fmt: skip
        command = option(command)
    return command


def _severities(
    _: click.Context, __: click.Parameter, named: tuple[str, ...]
) -> tuple[Severity, ...]:
    return tuple(map(Severity, dict.fromkeys(named))) or tuple(Severity)

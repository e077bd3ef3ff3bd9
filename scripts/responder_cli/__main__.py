"""Lets ``python -m responder_cli`` start the command line; ``scripts/responder`` calls it."""

from responder_cli.main import cli

cli(prog_name="responder")

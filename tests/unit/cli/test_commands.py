"""The root of the command line lists every command, and imports only the one that is called."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from responder_cli.main import COMMANDS, cli

_PROGRAM = """
import json, sys
from responder_cli.main import cli
cli(sys.argv[1:], standalone_mode=False)
print(json.dumps([name for name in sys.modules if name.startswith("responder_cli.")]))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_where_the_table_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name


def test_the_help_lists_every_command_with_its_first_line() -> None:
    said = CliRunner().invoke(cli, ["--help"]).output
    _, _, section = said.partition("\nCommands:\n")
    listed = dict(line.split(maxsplit=1) for line in section.partition("\n\n")[0].splitlines())
    assert listed.keys() == COMMANDS.keys()
    assert listed["report"].startswith("What the stack did, what it cost")


def test_a_name_that_is_nearly_a_command_is_told_which() -> None:
    done = CliRunner().invoke(cli, ["sillence"])
    assert done.exit_code == 2
    assert "No such command 'sillence'. Did you mean 'silence'?" in done.output


def test_a_command_is_imported_without_the_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "silence", "--help"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    others = {f"responder_cli.{place.partition(':')[0]}" for place in COMMANDS.values()}
    assert modules & others == {"responder_cli.silence"}

"""Hostile text can neither steer a terminal nor disguise itself in one."""

from unicodedata import category

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from responder_cli.console import UNSAFE_CATEGORIES, as_json, ask, safe, say


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_steering_characters_are_shown_as_escapes(
    hostile: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say(hostile)
    assert capsys.readouterr().out == f"{shown}\n"


@given(st.text())
def test_nothing_unsafe_passes_in_any_text(text: str) -> None:

    assert not {category(character) for character in safe(text)} & UNSAFE_CATEGORIES


def test_json_holds_printable_ascii_only(capsys: pytest.CaptureFixture[str]) -> None:
    as_json({"a": "\x7f\x1b\x9bé"})
    assert all(
        " " <= character <= "~" or character == "\n" for character in capsys.readouterr().out
    )


@click.command()
def asking() -> None:
    ask("Go on?")
    click.echo("went on")


@pytest.mark.parametrize(
    ("answer", "code", "stdout"), [("y\n", 0, "went on\n"), ("n\n", 1, ""), ("", 1, "")]
)
def test_what_follows_a_question_begins_a_line_of_its_own(
    answer: str, code: int, stdout: str
) -> None:
    result = CliRunner().invoke(asking, input=answer)
    assert result.exit_code == code
    assert result.stdout == stdout
    assert result.stderr.startswith("Go on? [y/N]: ")
    assert code == 0 or result.stderr.endswith("\nAborted!\n")

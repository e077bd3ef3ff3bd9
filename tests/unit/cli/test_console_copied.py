"""What people copy out of a terminal, ids and commands, is never broken by its width."""

import io

import pytest
from rich.console import Console

from responder_cli import console

COMMAND = "aws lambda update-event-source-mapping --uuid 3f9c2a10-5f2c-4b1d --enabled --region x"
COLUMNS = ("component", "verdict", "reason", "to mend it")
ROWS = (
    ("mapping", "failing", "is switched off, so that nobody takes what arrives " * 2, COMMAND),
    ("tick", "ok", "ran 12 s ago", ""),
)


def drawn(width: int, *, copied: bool = True) -> list[str]:
    """The table as a terminal of that width has it."""
    screen = Console(file=io.StringIO(), width=width, force_terminal=False)
    table = console.drawn(COLUMNS, ROWS, verdict=1, copied=copied)
    with screen.capture() as captured:
        screen.print(table, soft_wrap=True)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_in_a_narrow_terminal_it_stands_below_its_row_alone(width: int) -> None:
    lines = drawn(width)
    assert lines.count(f"  {COMMAND}") == 1
    assert COLUMNS[-1] not in lines[0]
    assert all(len(line) <= width for line in lines if COMMAND not in line)
    (mapping, below, tick) = (
        next(number for number, line in enumerate(lines) if line.startswith(begin))
        for begin in ("mapping", "  aws", "tick")
    )
    assert mapping < below == tick - 1
    assert tick == len(lines) - 1
    assert all(word in lines[mapping] for word in ROWS[0][:2])


def test_each_of_several_commands_has_a_line() -> None:
    rows = [("tick", "failing", "ran 900 s ago " * 9, "look at it; mend it")]
    screen = Console(file=io.StringIO(), width=80, force_terminal=False)
    with screen.capture() as captured:
        screen.print(console.drawn(COLUMNS, rows, copied=True), soft_wrap=True)
    assert captured.get().splitlines()[-2:] == ["  look at it", "  mend it"]


def test_where_there_is_room_it_stands_in_its_column() -> None:
    head, mapping, tick = drawn(300)
    assert head.endswith(COLUMNS[-1])
    assert mapping.endswith(COMMAND)
    assert tick.startswith("tick")


def test_a_column_that_nobody_copies_stays_one() -> None:
    assert f"  {COMMAND}" not in drawn(80, copied=False)


def test_long_work_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("reading") as advance:
        advance()
    assert capsys.readouterr().err == ""


def test_a_sentence_stays_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responder_cli.console.PIPE_WIDTH", 40)
    console.say(f"More: {COMMAND}")
    assert capsys.readouterr().out == f"More: {COMMAND}\n"

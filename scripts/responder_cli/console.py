"""What the terminal shows: tables, verdicts and JSON, with hostile text made harmless.

Every command prints through this module. Colour disappears when the output is piped or when
``NO_COLOR`` is set; rich sees to that.
"""

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, Protocol

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

#: Without a terminal rich would fold every line at 80 columns; pipes get them whole.
PIPE_WIDTH = 10_000
#: Blanks that rich counts to every column of a table.
#: https://rich.readthedocs.io/en/stable/reference/table.html
PADDING = 2
#: Control, format (bidirectional overrides among them), surrogate and line-separating characters.
UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

#: How tables and sentences write a moment, which is in UTC.
MINUTE = "%Y-%m-%d %H:%M"
#: The same where seconds matter.
SECOND = f"{MINUTE}:%S"

STYLES = {"ok": "green", "warning": "yellow", "failing": "bold red", "": ""}


def safe(text: str) -> str:
    """Text of an alert with everything that could steer a terminal shown as an escape."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in UNSAFE_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def say(text: str = "", style: str = "") -> None:
    """One line for a person, made safe; it stays one, as it may have a command to be copied."""
    _console().print(Text(safe(text), style=style), soft_wrap=True)


def heading(text: str) -> None:
    """What the lines below are about, apart from those above."""
    say()
    say(text, style="bold")


def warn(text: str) -> None:
    """One line on standard error, made safe."""
    Console(stderr=True, highlight=False).print(Text(safe(text), style="yellow"), soft_wrap=True)


def ask(question: str) -> None:
    """Ask on standard error, so that results can be piped; ends the command unless it is a yes.

    Only an answer that was typed ends the line: Ctrl-C, Ctrl-D and a pipe leave what follows
    behind the question.
    """
    typed = False
    try:
        agreed = click.confirm(question, err=True)
        typed = sys.stdin.isatty()
    finally:
        if not typed:
            click.echo(err=True)
    if not agreed:
        raise click.Abort


def fields(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values under each other."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(safe(value)))
    _print(table)


def grid(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    verdict: int | None = None,
    *,
    copied: bool = False,
) -> None:
    """A table; the column numbered ``verdict`` is coloured by its word.

    Where the last column is there to be ``copied``, an id or a command, it is never broken: in a
    terminal that is too narrow it stands below its row, each command on a line of its own.
    """
    _print(drawn(columns, rows, verdict, copied=copied))


def drawn(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    verdict: int | None = None,
    *,
    copied: bool = False,
) -> RenderableType:
    """The table of ``grid``, for who shows it himself; made safe."""
    made = [
        [
            Text(safe(cell), style=STYLES.get(cell, "") if number == verdict else "")
            for number, cell in enumerate(row)
        ]
        for row in rows
    ]
    return _Copied(columns, made) if copied else _table(columns, made)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[Text]], widths: Sequence[int] = ()
) -> Table:
    table = Table(box=None, pad_edge=False, show_header=bool(columns), header_style="bold")
    for name, width in zip_longest(columns, widths):
        table.add_column(name or "", width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


@dataclass(frozen=True)
class _Copied:
    """A table whose last column is copied by people."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        whole = _table(self.columns, self.rows)
        endless = options.update_width(PIPE_WIDTH)
        if Measurement.get(console, endless, whole).maximum <= options.max_width:
            yield whole
            return
        upper = [row[:-1] for row in self.rows]
        widths = _shared(self.columns[:-1], upper, options.max_width)
        yield _table(self.columns[:-1], (), widths)
        for row in self.rows:
            yield _table((), [row[:-1]], widths)
            if row[-1]:
                yield from (Text("  ") + one for one in row[-1].split("; "))


def _shared(columns: Sequence[str], rows: Sequence[Sequence[Text]], width: int) -> list[int]:
    """The widths of columns in a terminal: the widest give way first."""
    heads = [Text(name) for name in columns]
    widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
    room = width - PADDING * len(widths)
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def to_json(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 - any JSON value
    """JSON that is safe in any terminal: everything but printable ASCII is escaped."""
    return json.dumps(value, indent=indent, default=_moment).replace("\x7f", "\\u007f")


def flat(value: object) -> str:
    """A value in one line of a table: JSON where it has parts."""
    return to_json(value) if isinstance(value, dict | list) else str(value)


def as_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """The machine's view: one JSON document."""
    click.echo(to_json(value, indent=2))


def progress_place() -> dict[str, Any]:
    """Where progress bars go: standard error, so that results can be piped; nowhere but a terminal.

    Elsewhere rich would leave an empty line.
    """
    console = Console(stderr=True)
    return {"console": console, "transient": True, "disable": not console.is_terminal}


class Advance(Protocol):
    """Counts one more, or several at once."""

    def __call__(self, number: int = 1, /) -> None:
        """Count."""


@contextmanager
def progress(words: str, total: int | None = None) -> Iterator[Advance]:
    """Count long work on standard error, where a person looks; call what it gives for each one.

    ``total`` is how many there will be, where that is known.
    """
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, **progress_place()) as bar:
        task = bar.add_task(words, total=total)
        yield lambda number=1, /: bar.advance(task, number)


def _moment(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print(table: RenderableType) -> None:
    """Without the blanks that fill the last column, which only litter pipes and logs."""
    console = _console()
    with console.capture() as captured:
        console.print(table, soft_wrap=True)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _console() -> Console:
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(highlight=False, width=width, soft_wrap=False)

"""Tables of figures for a terminal, and as Markdown; ``cost`` and ``report`` write them."""

from collections.abc import Iterable, Iterator, Sequence

_MARKS = frozenset("\\`*_[]<>|#~")


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Numbers under each other; what a row is about stands as it is."""
    names, *others = zip(*rows, strict=True)
    return zip(names, *map(_right, columns[1:], others), strict=True)


def _right(title: str, cells: Sequence[str]) -> Sequence[str]:
    if not all(cell[:1].isdigit() for cell in cells):
        return cells
    width = max(len(title), *map(len, cells))
    return [cell.rjust(width) for cell in cells]


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, numbers from the second column on, and the empty one that ends it."""
    yield f"| {' | '.join(columns)} |"
    yield f"|---{'|---:' * (len(columns) - 1)}|"
    for row in rows:
        yield f"| {' | '.join(map(plain, row))} |"
    yield ""


def plain(text: str) -> str:
    """Text of an alert's must not format Markdown, nor end a cell."""
    line = " ".join(text.split())
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in line)

r"""The labelled corpus: one file per kind of variable and per kind of near miss.

A file holds groups of lines between empty lines; ``\n`` stands for a line's end within a text. The
lines of a group in ``copies`` are one problem, those of a group in ``near_misses`` are as many
problems as lines. A fault that is found later becomes a line here.
"""

from pathlib import Path

import pytest

from responder.signature import normalise

CORPUS = Path(__file__).parents[2] / "corpus" / "signature"


def groups(folder: str) -> list[object]:
    """A parameter for each group, named by its file and place."""
    found: list[object] = []
    for file in sorted((CORPUS / folder).glob("*.txt")):
        texts = file.read_text(encoding="utf-8").strip().split("\n\n")
        for number, group in enumerate(texts, 1):
            lines = [line.replace("\\n", "\n") for line in group.splitlines()]
            found.append(pytest.param(lines, id=f"{file.stem}-{number}"))
    return found


@pytest.mark.parametrize("lines", groups("copies"))
def test_copies_of_a_problem_have_one_text(lines: list[str]) -> None:
    assert len({normalise(line) for line in lines}) == 1, [normalise(line) for line in lines]


@pytest.mark.parametrize("lines", groups("near_misses"))
def test_near_misses_have_texts_of_their_own(lines: list[str]) -> None:
    assert len({normalise(line) for line in lines}) == len(lines), [
        normalise(line) for line in lines
    ]

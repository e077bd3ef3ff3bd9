"""Finds words in texts and ranks them: by SQLite's FTS5, or in Python where SQLite has none.

``retrieval`` decides by it which passages fit. Both find the same in the corpus of the tests; they
differ in how they treat the endings of rarer words, and in speed.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from weakref import finalize

#: A word in a heading counts for so many in the text; the query of ``FullText`` says so as well.
HEADING_COUNTS: Final = 4.0
#: The usual parameters of BM25, which FTS5 has as well: https://www.sqlite.org/fts5.html#the_bm25_function
_K1, _B = 1.2, 0.75

#: A heading and the text under it.
Text = tuple[str, str]


class Search(Protocol):
    """Texts by their numbers, in the order in which they were given."""

    def matching(self, word: str, *, in_heading: bool = False) -> set[int]:
        """Those with a word."""

    def ranked(self, required: Sequence[str], words: Sequence[str]) -> list[int]:
        """Those with any of the required words, by all of the words, the best first."""


def of(texts: Sequence[Text]) -> Search:
    """By the better one that this Python has."""
    return FullText(texts) if is_built_in() else Plain(texts)


def is_built_in() -> bool:
    """Whether SQLite is in this Python, and FTS5 in that: Amazon Linux 2 had an SQLite without."""
    try:
        import sqlite3
    except ImportError:
        return False
    try:
        FullText(())
    except sqlite3.OperationalError:
        return False
    return True


class FullText:
    """SQLite's full-text search, in memory; the texts stay outside of it."""

    def __init__(self, texts: Sequence[Text]) -> None:
        """Raises sqlite3.OperationalError where SQLite has no FTS5."""
        import sqlite3

        # Read by one thread at a time, which need not be the one that made it.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        # Since Python 3.13 one that nobody closed is complained of: it goes with its reader.
        finalize(self, self._database.close)
        self._database.execute(
            "CREATE VIRTUAL TABLE passages USING fts5("
            "heading, body, content='', tokenize='porter unicode61')"
        )
        self._database.executemany(
            "INSERT INTO passages(rowid, heading, body) VALUES (?, ?, ?)",
            ((number, *text) for number, text in enumerate(texts)),
        )

    def matching(self, word: str, *, in_heading: bool = False) -> set[int]:
        """As ``Search``."""
        wanted = f"heading : {_quoted(word)}" if in_heading else _quoted(word)
        return set(self._numbers("SELECT rowid FROM passages WHERE passages MATCH ?", wanted))

    def ranked(self, required: Sequence[str], words: Sequence[str]) -> list[int]:
        """As ``Search``."""
        return self._numbers(
            "SELECT rowid FROM passages WHERE passages MATCH ? "
            "ORDER BY bm25(passages, 4.0, 1.0), rowid",
            f"({_any_of(required)}) AND ({_any_of(words)})",
        )

    def _numbers(self, query: str, wanted: str) -> list[int]:
        return [number for (number,) in self._database.execute(query, (wanted,))]


class Plain:
    """The same from the words of each text; some milliseconds for what is within the limits."""

    def __init__(self, texts: Sequence[Text]) -> None:
        """Reads them all."""
        self._headings = [Counter(_stems(heading)) for heading, _ in texts]
        self._bodies = [Counter(_stems(body)) for _, body in texts]
        lengths = [h.total() + b.total() for h, b in zip(self._headings, self._bodies, strict=True)]
        mean = sum(lengths) / max(len(lengths), 1) or 1.0
        self._lengths = [length / mean for length in lengths]

    def matching(self, word: str, *, in_heading: bool = False) -> set[int]:
        """As ``Search``."""
        stem = _stem(word)
        fields = (self._headings,) if in_heading else (self._headings, self._bodies)
        return {number for field in fields for number, words in enumerate(field) if stem in words}

    def ranked(self, required: Sequence[str], words: Sequence[str]) -> list[int]:
        """As ``Search``."""
        found = set[int]().union(*map(self.matching, required))
        weights = {_stem(word): self._weight(word) for word in words}
        return sorted(found, key=lambda number: (-self._score(number, weights), number))

    def _weight(self, word: str) -> float:
        has = len(self.matching(word))
        return max(math.log((len(self._bodies) - has + 0.5) / (has + 0.5)), 1e-6)

    def _score(self, number: int, weights: dict[str, float]) -> float:
        heading, body = self._headings[number], self._bodies[number]
        longer = _K1 * (1 - _B + _B * self._lengths[number])
        total = 0.0
        for word, weight in weights.items():
            often = HEADING_COUNTS * heading[word] + body[word]
            total += weight * often * (_K1 + 1) / (often + longer)
        return total


_WORD = re.compile(r"[^\W_]+")
#: Endings that leave a word what it is, the longest first; a shorter stem would be another word.
_ENDINGS: Final = (
    "ations",
    "ation",
    "ings",
    "ures",
    "ing",
    "ies",
    "ure",
    "ed",
    "es",
    "s",
    "e",
    "y",
)
_SHORTEST_STEM: Final = 3


def _stems(text: str) -> Iterable[str]:
    return map(_stem, _WORD.findall(text))


def _stem(word: str) -> str:
    word = word.lower()
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def _any_of(words: Sequence[str]) -> str:
    return " OR ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """A word as FTS5's string, in which nothing is syntax; words hold no quotation marks.

    https://www.sqlite.org/fts5.html#fts5_strings
    """
    return f'"{word}"'

"""Finds the passages of runbooks that fit an incident, in memory.

``protocols.runbooks`` keeps an index. No page is better than a wrong one: a passage fits only where
it has most of the words that name the problem, and some of them in its headings.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from responder.alert import Alert
from responder.analysis import fulltext
from responder.analysis.context import Passage, Retrieved
from responder.analysis.text import clean
from responder.incident import Incident

#: Passages that an incident gets.
MOST: Final = 3
#: What a fitting passage has at least of the words that name the problem: of their number, of their
#: weight (rare ones weigh more), and of their weight in its headings. Measured on five runbooks in
#: tests/unit/analysis/test_runbook_ranking.py.
LEAST_WORDS: Final = 2 / 3
LEAST_WEIGHT: Final = 0.6
LEAST_IN_HEADINGS: Final = 0.25

#: More of a text says nothing new of what it is about, and one alert must not cost seconds.
_MAX_CHARS: Final = 2_000
_MAX_SUBJECT: Final = 16
_MAX_WORDS: Final = 64
_WORD = re.compile(r"[^\W_]{2,40}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: With a digit beside one of these, it is the name of a machine, an address, a time.
_WITHIN_NAMES: Final = frozenset("-.:/")
#: Different spellings of one thing, in runbooks and alerts alike.
_SPELLINGS: Final = (
    (re.compile(r"\bdead[ -]?letters?(?:[ -]?queues?)?\b", re.IGNORECASE), "dlq"),
    (re.compile(r"\bdlqs\b", re.IGNORECASE), "dlq"),
    (re.compile(r"\bk8s\b", re.IGNORECASE), "kubernetes"),
    (re.compile(r"\bdbs?\b", re.IGNORECASE), "database"),
    (re.compile(r"\bauth\b", re.IGNORECASE), "authentication"),
    (re.compile(r"\bcerts?\b", re.IGNORECASE), "certificate"),
)
_GRAMMAR_TEXT: Final = (
    "an and are as at be been by for from has have in is it its no not of on or over than that the "
    "to too was were will with"
)
_GRAMMAR: Final = frozenset(_GRAMMAR_TEXT.split())
_ANYTHING_TEXT: Final = (
    "above alarm alert alerting almost below check checks critical day days detected down empty "
    "exceeded exceeds failed failing firing full greater growing high hour hours info issue less "
    "low major many max min minor minute minutes more most nearly notice problem resolved rising "
    "second seconds severe severity state status test threshold triggered unknown warning"
)
#: Words that name no problem: how bad it is, how much, and what stands in any runbook.
_SAID_OF_ANYTHING: Final = _GRAMMAR | frozenset(_ANYTHING_TEXT.split())


@dataclass(frozen=True)
class Question:
    """What is looked for: each of ``subjects`` names the problem, ``beside`` helps to rank.

    ``files`` are those that the alert itself links to as its runbook, without suffix.
    """

    subjects: tuple[tuple[str, ...], ...]
    beside: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()

    @classmethod
    def of(cls, title: str) -> "Question":
        """What an alert is about of which only the title is known."""
        return cls((_subject(title, set()),), _without(_GRAMMAR, title[:_MAX_CHARS], _MAX_WORDS))

    @classmethod
    def about(cls, what: Alert | Incident) -> "Question":
        """What an alert or an incident is about; the names of places are no problem of theirs.

        A storm is about nothing: it is many problems at once.
        """
        if isinstance(what, Incident) and what.storm is not None:
            return cls(())
        places = set(_words(" ".join((what.service, what.resource, *(v for _, v in what.scope)))))
        named = [_subject(text, places) for text in (what.title, what.rule)]
        texts = (what.title, what.rule, what.service, what.message, *what.labels.values())
        return cls(
            subjects=tuple(subject for subject in dict.fromkeys(named) if subject),
            beside=_without(_GRAMMAR, " ".join(text[:_MAX_CHARS] for text in texts), _MAX_WORDS),
            files=frozenset(_linked(what.links)),
        )


class Index:
    """The passages of all runbooks, ready to be searched."""

    def __init__(
        self,
        passages: Sequence[Passage],
        engine: Callable[[Sequence[fulltext.Text]], fulltext.Search] = fulltext.of,
    ) -> None:
        """Reads them all."""
        self.passages = tuple(passages)
        self._hashes = frozenset(one.hash for one in self.passages)
        self._files = [PurePosixPath(one.file).stem.lower() for one in self.passages]
        self._search = engine(
            [(_spelt(f"{one.file} {one.heading}"), _spelt(one.text)) for one in self.passages]
        )

    def about(self, what: Alert | Incident) -> Retrieved:
        """What fits an alert or an incident."""
        return Retrieved(passages=self.search(Question.about(what)), known=self._hashes)

    def search(self, question: Question) -> tuple[Passage, ...]:
        """The passages that fit, the best first; at most ``MOST``."""
        linked = {number for number, file in enumerate(self._files) if file in question.files}
        fitting = linked.union(*map(self._fitting, question.subjects))
        if not fitting:
            return ()
        ranked = dict.fromkeys([*self._ranked(question), *sorted(linked)])
        best = sorted((n for n in ranked if n in fitting), key=lambda n: n not in linked)
        return tuple(self.passages[number] for number in self._in_order(best[:MOST]))

    def _in_order(self, best: Sequence[int]) -> Iterator[int]:
        """The parts of one long section in the section's own order."""
        sections: dict[tuple[str, str], list[int]] = {}
        for number in best:
            passage = self.passages[number]
            sections.setdefault((passage.file, passage.heading), []).append(number)
        return chain.from_iterable(map(sorted, sections.values()))

    def _fitting(self, subject: Sequence[str]) -> set[int]:
        """The passages with enough of a subject's words."""
        found = {word: self._search.matching(word) for word in subject}
        # A word with a digit is mostly a name of one thing, which no runbook is expected to know.
        found = {word: at for word, at in found.items() if at or not _has_digit(word)}
        headings = {word: self._search.matching(word, in_heading=True) for word in found}
        rarity = {word: len(self.passages) / max(len(at), 1) for word, at in found.items()}
        weights = {word: math.log(1 + rarity[word]) for word in found}
        total = sum(weights.values())
        return {
            number
            for number in set().union(*found.values())
            if sum(number in at for at in found.values()) >= LEAST_WORDS * len(found)
            and _share(number, found, weights) >= LEAST_WEIGHT * total
            and _share(number, headings, weights) >= LEAST_IN_HEADINGS * total
        }

    def _ranked(self, question: Question) -> list[int]:
        """All with any word of a subject."""
        subject = tuple(dict.fromkeys(chain(*question.subjects)))
        return self._search.ranked(subject, (*subject, *question.beside)) if subject else []


def _share(number: int, found: Mapping[str, set[int]], weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word, at in found.items() if number in at)


def _subject(text: str, places: set[str]) -> tuple[str, ...]:
    """The words of a text that say what it is about: of no machine, address or number."""
    kept = [part for part in text[:_MAX_CHARS].split() if not _is_name(part)]
    words = _without(_SAID_OF_ANYTHING | places, " ".join(kept), _MAX_SUBJECT)
    return tuple(word for word in words if not word.isdigit())


def _without(words: frozenset[str] | set[str], text: str, most: int) -> tuple[str, ...]:
    """The first words of a text, each once, but for ``words``."""
    return tuple(word for word in dict.fromkeys(_words(text)) if word not in words)[:most]


def _linked(links: Mapping[str, str]) -> Iterator[str]:
    """What the alert's own links to runbooks end with: the page's name, or its anchor's."""
    for name, url in links.items():
        if "runbook" in name.lower():
            for part in re.split(r"[#?]", url[:_MAX_CHARS]):
                yield PurePosixPath(part).stem.lower()


def _words(text: str) -> Iterator[str]:
    """Lower-case words of letters and digits; ``KubePodCrashLooping`` is four."""
    return (word.lower() for word in _WORD.findall(_spelt(clean(text))))


def _spelt(text: str) -> str:
    """Runbooks and questions in one spelling."""
    text = _CAMEL.sub(" ", text.replace("_", " "))
    for pattern, word in _SPELLINGS:
        text = pattern.sub(word, text)
    return text


def _is_name(part: str) -> bool:
    return _has_digit(part) and not _WITHIN_NAMES.isdisjoint(part)


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))

"""How good an analysis of a case is, by fixed rules: the same answer always has the same score.

Pure. ``running`` calls it for answers of Claude and of files, and for the two baselines. Words are
compared without case; a phrase counts where it begins a word ("connection" finds "connections").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from responder.alert import Severity
from responder.analysis.schema import CATEGORIES
from responder.analysis.verdict import Analysis, Confidence

#: One of these words or phrases must be there.
Group = tuple[str, ...]
#: All of these groups must be there.
Groups = tuple[Group, ...]

Part = Literal["category", "cause", "evidence", "restraint", "first check", "severity", "runbook"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)


_DECIDING: Final = frozenset({"category", "cause", "evidence", "restraint"})


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(_Document):
    """Something that is wrong in a case: ``name`` is its kind, ``any_of`` how it may be put."""

    name: str
    any_of: Annotated[tuple[Groups, ...], Field(min_length=1)]


class Forbidden(_Document):
    """A claim that would send people the wrong way: a sentence that has all of ``groups``."""

    groups: Annotated[Groups, Field(min_length=1)]
    why: str


class Expected(_Document):
    """What a good analysis of a case says, and what none may say.

    ``outcome``: there are causes to name; nothing is wrong; or nobody can tell. ``cite`` lists
    groups of fields, of each of which one must be cited, ``runbook`` words of the passage to name.
    """

    family: str
    outcome: Literal["cause", "healthy", "not enough evidence"] = "cause"
    categories: Annotated[tuple[str, ...], Field(min_length=1)]
    faults: tuple[Fault, ...] = ()
    cite: Groups = ()
    forbidden: tuple[Forbidden, ...] = ()
    first_check: Groups = ()
    severity: tuple[Severity | None, ...] = ()
    runbook: Group = ()

    @field_validator("categories")
    @classmethod
    def _are_known(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(categories) - set(CATEGORIES):
            raise ValueError(f"there is no category {', '.join(sorted(unknown))}")
        return categories


@dataclass(frozen=True)
class Score:
    """The parts of an analysis that are as they should be, and why the others are not."""

    held: tuple[Part, ...]
    failed: tuple[tuple[Part, str], ...]

    @property
    def value(self) -> float:
        """The share of parts that hold; nothing at all where a forbidden claim is made."""
        if not self.has("restraint"):
            return 0.0
        return len(self.held) / (len(self.held) + len(self.failed))

    @property
    def passed(self) -> bool:
        """Whether everything holds that sends a person the right way or the wrong one."""
        return not {"category", "cause", "evidence", "restraint"} & {
            part for part, _ in self.failed
        }

    def has(self, part: Part) -> bool:
        """Whether this part is as it should be."""
        return part in self.held


def score(analysis: Analysis, expected: Expected) -> Score:
    """Compare an analysis with what is expected of the case."""
    found = dict(_parts(analysis, expected))
    return Score(
        held=tuple(part for part, why in found.items() if not why),
        failed=tuple((part, why) for part, why in found.items() if why),
    )


def _parts(analysis: Analysis, expected: Expected) -> Iterator[tuple[Part, str]]:
    """Each part that the case asks for, with what is wrong with it."""
    yield "category", _category(analysis, expected)
    yield "cause", _cause(analysis, expected)
    if expected.cite:
        yield "evidence", _evidence(analysis, expected)
    yield "restraint", _restraint(analysis, expected)
    if expected.first_check:
        yield "first check", _first_check(analysis, expected)
    if expected.severity:
        yield "severity", _severity(analysis, expected)
    if expected.runbook:
        named = _has(analysis.runbook, expected.runbook)
        yield "runbook", "" if named else f"names {analysis.runbook[:80] or 'none'}"


def _category(analysis: Analysis, expected: Expected) -> str:
    wanted = " or ".join(expected.categories)
    return "" if analysis.category in expected.categories else f"{analysis.category}, not {wanted}"


#: What says that all is well, or that nobody can know.
_WELL: Final = ("healthy", "no action", "expected", "planned", "not a problem", "nothing is wrong",
                "by design", "works as intended", "noise", "false alarm", "recovered")  # fmt: skip
_UNKNOWN: Final = ("not enough", "cannot be told", "no evidence", "unknown", "does not say",
                   "insufficient", "cannot tell", "no cause", "not clear", "unclear")  # fmt: skip
#: A likelihood from which on an analysis says that nobody should have been notified.
_NOISE: Final = 0.5


def _cause(analysis: Analysis, expected: Expected) -> str:
    told = f"{analysis.headline}. {analysis.summary}"
    sure = [cause for cause in analysis.causes if cause.confidence is not Confidence.LOW]
    if expected.outcome == "healthy":
        if not _has(told, _WELL):
            return "does not say that nothing is wrong"
        return "" if analysis.noise_likelihood >= _NOISE else "does not call it noise"
    if expected.outcome == "not enough evidence":
        if sure or analysis.confidence is Confidence.HIGH:
            return "is sure of something that the data does not show"
        return "" if _has(told, _UNKNOWN) else "does not say that the evidence is not enough"
    if len(expected.faults) == 1:
        likeliest = [cause.text for cause in analysis.causes[:1]]
        return _missing(expected.faults, likeliest, "is not the likeliest cause")
    return _missing(expected.faults, [cause.text for cause in analysis.causes], "is not named")


def _missing(faults: Sequence[Fault], texts: Sequence[str], what: str) -> str:
    missed = [fault.name for fault in faults if not any(_names(text, fault) for text in texts)]
    return f"{', '.join(missed)} {what}" if missed else ""


def _names(text: str, fault: Fault) -> bool:
    return any(_has_all(text, groups) for groups in fault.any_of)


def _evidence(analysis: Analysis, expected: Expected) -> str:
    """A citation that was struck has no field, and so counts for nothing."""
    cited = {line.partition(': "')[0] for cause in analysis.causes for line in cause.evidence}
    missed = [" or ".join(group) for group in expected.cite if not cited & set(group)]
    return f"does not cite {', '.join(missed)}" if missed else ""


def _restraint(analysis: Analysis, expected: Expected) -> str:
    for forbidden in expected.forbidden:
        for sentence in _claims(analysis):
            if _has_all(sentence, forbidden.groups) and not _DENIES.search(sentence):
                return f"claims {sentence[:100]!r}: {forbidden.why}"
    return ""


def _claims(analysis: Analysis) -> Iterator[str]:
    """The sentences that say what is so, or what to do. A cause of low confidence is none."""
    sure = (cause.text for cause in analysis.causes if cause.confidence is not Confidence.LOW)
    for text in (analysis.headline, analysis.summary, analysis.impact, *sure, *analysis.actions):
        yield from _SENTENCE.split(text)


_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_DENIES = re.compile(
    r"\b(?:not|no|nor|never|cannot|neither|without|unlikely|unrelated|rather than|rules? out"
    r"|ruled out|coincidence|before|instead of|do not|misleading|if)\b|n't\b",
    re.IGNORECASE,
)


def _first_check(analysis: Analysis, expected: Expected) -> str:
    """The first check must look at the right thing; ``reading`` left only commands that read."""
    if not analysis.checks:
        return "there is no check"
    first = analysis.checks[0]
    if "a command was removed" in first.text:
        return f"its command may not be shown: {first.text[:100]}"
    return (
        ""
        if _has_all(f"{first.text} {first.command}", expected.first_check)
        else (f"looks elsewhere: {first.text[:80]}")
    )


def _severity(analysis: Analysis, expected: Expected) -> str:
    opinion = analysis.severity_opinion
    wanted = " or ".join(one.value if one else "none" for one in expected.severity)
    return "" if opinion in expected.severity else f"{opinion or 'none'}, not {wanted}"


def _has_all(text: str, groups: Groups) -> bool:
    return all(_has(text, group) for group in groups)


def _has(text: str, group: Group) -> bool:
    return any(_begins_a_word(text.lower(), phrase.lower()) for phrase in group)


def _begins_a_word(text: str, phrase: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(phrase)}", text) is not None

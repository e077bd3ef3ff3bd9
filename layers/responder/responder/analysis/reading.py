"""Reads Claude's answer: keeps what is usable, strikes what the incident does not support.

The Claude adapter calls ``read``. A refusal, an answer that was cut, or one that is no verdict at
all are outcomes (``Unusable``), which cost money like any other.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Final

from responder.alert import Severity
from responder.analysis import shell
from responder.analysis.prompt import Prompt
from responder.analysis.schema import CATEGORIES, RISKS
from responder.analysis.text import one_line, shorten, strike_links
from responder.analysis.verdict import Analysis, Cause, Check, Confidence
from responder.errors import Permanent, Reason

MAX_HEADLINE: Final = 150
MAX_SUMMARY: Final = 1200
MAX_TEXT: Final = 400
MAX_QUOTE: Final = 200
MAX_COMMAND: Final = 400
MAX_REASON: Final = 200
MAX_RUNBOOK: Final = 150
MAX_CAUSES: Final = 3
MAX_CHECKS: Final = 5
MAX_ACTIONS: Final = 4
MAX_EVIDENCE: Final = 4
#: A shorter quote would be found in almost any text.
MIN_QUOTE: Final = 3


@dataclass(frozen=True)
class Call:
    """One paid call: who answered, when, for how much."""

    model: str
    tier: str
    prompt_version: str
    made_at: datetime
    cost_usd: float
    input_tokens: int
    output_tokens: int


class Unusable(Permanent):
    """Claude answered, and was paid (``call.cost_usd``), but gave no verdict."""

    def __init__(self, reason: Reason, detail: str, call: Call) -> None:
        """Keep what the call cost, so that its reservation can be settled."""
        super().__init__(reason, detail)
        self.call = call


def read(text: str, stop_reason: str | None, prompt: Prompt, call: Call) -> Analysis:
    """The verdict in ``text``. Raises Unusable when there is none."""
    if stop_reason == "refusal":
        raise Unusable(Reason.REFUSED_BY_CLAUDE, "Claude declined to analyse this alert", call)
    if stop_reason != "end_turn":
        raise Unusable(Reason.MALFORMED_ANSWER, f"the answer stopped at {stop_reason}", call)
    answer = _object_in(text)
    scrub = _scrubber(prompt)
    headline = scrub(answer.get("headline"), MAX_HEADLINE)
    if not headline:
        raise Unusable(Reason.MALFORMED_ANSWER, "the answer is not a verdict", call)
    causes = tuple(_causes(answer.get("causes"), prompt, scrub))
    runbook, page = _runbook(answer.get("runbook"), prompt, scrub)
    return Analysis(
        headline=headline,
        summary=scrub(answer.get("summary"), MAX_SUMMARY),
        causes=causes,
        impact=scrub(answer.get("impact"), MAX_TEXT),
        checks=tuple(_checks(answer.get("checks"), prompt, scrub)),
        actions=tuple(_actions(answer.get("actions"), scrub)),
        severity_opinion=_severity(answer.get("severity_opinion")),
        severity_reason=scrub(answer.get("severity_reason"), MAX_REASON),
        confidence=_overall(_confidence(answer.get("confidence")), causes),
        category=_category(answer.get("category")),
        noise_likelihood=_share(answer.get("noise_likelihood")),
        noise_fix=scrub(answer.get("noise_fix"), MAX_TEXT),
        would_change=scrub(answer.get("would_change"), MAX_TEXT),
        runbook=runbook,
        runbook_url=page,
        made_by=call.model,
        tier=call.tier,
        made_at=call.made_at,
        prompt_version=call.prompt_version,
        cost_usd=call.cost_usd,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
    )


Scrub = Callable[[object, int], str]


def _scrubber(prompt: Prompt) -> Scrub:
    """Text for the card: personal data back in place, foreign links and harmful commands struck."""

    def scrub(value: object, limit: int) -> str:
        if not isinstance(value, str):
            return ""
        return shorten(_own(shell.strike(one_line(value)), prompt), limit)

    return scrub


def _own(text: str, prompt: Prompt) -> str:
    """With personal data back in place, and without addresses that are not the incident's."""
    return strike_links(prompt.redactor.unmask(text), prompt.links)


def _object_in(text: str) -> dict[str, Any]:
    """The JSON object in ``text``, also inside a code fence or a sentence; else an empty one."""
    for candidate in (text, text[text.find("{") : text.rfind("}") + 1]):
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _items(value: object, limit: int) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from [item for item in value if isinstance(item, dict)][:limit]


def _actions(value: object, scrub: Scrub) -> Iterator[str]:
    """Each with its risk, where the answer says what it is."""
    if not isinstance(value, list):
        return
    told = [item if isinstance(item, dict) else {"text": item} for item in value]
    found = [(scrub(item.get("text"), MAX_TEXT), item.get("risk")) for item in told]
    for text, risk in [one for one in found if one[0]][:MAX_ACTIONS]:
        yield f"{text} (risk: {risk})" if risk in RISKS else text


def _runbook(value: object, prompt: Prompt, scrub: Scrub) -> tuple[str, str]:
    """The name of a passage that Claude was given, and its page; else nothing."""
    name = scrub(value, MAX_RUNBOOK)
    for field, fact in prompt.facts.items():
        if name and field.startswith("runbook.") and one_line(fact).startswith(name):
            return name, prompt.pages.get(field, "")
    return "", ""


def _causes(value: object, prompt: Prompt, scrub: Scrub) -> Iterator[Cause]:
    for item in _items(value, MAX_CAUSES):
        if not (text := scrub(item.get("text"), MAX_TEXT)):
            continue
        claims = list(_items(item.get("evidence"), MAX_EVIDENCE))
        found = [line for claim in claims if (line := _cited(claim, prompt, scrub))]
        struck = len(claims) - len(found)
        note = [f"{struck} citation{'s' * (struck > 1)} struck: not in the alert"] if struck else []
        yield Cause(
            text=text,
            confidence=_confidence(item.get("confidence")) if found else Confidence.LOW,
            evidence=tuple(found + note),
        )


def _cited(claim: dict[str, Any], prompt: Prompt, scrub: Scrub) -> str:
    """``field: "quote"`` where the quote occurs in the incident, else nothing."""
    named, quote = claim.get("field"), claim.get("quote")
    if not isinstance(named, str) or not isinstance(quote, str):
        return ""
    wanted = one_line(quote).strip("\"'… ")
    if not wanted and named in prompt.facts:
        wanted = one_line(prompt.facts[named])
    fields = sorted(prompt.facts, key=lambda field: field != named)
    field = next((name for name in fields if _occurs(wanted, prompt.facts[name])), None)
    if field is None:
        return ""
    # A harmful command stays in a quotation: that it was seen may be what an alert is about.
    return f'{scrub(field, MAX_TEXT)}: "{shorten(_own(wanted, prompt), MAX_QUOTE)}"'


def _occurs(wanted: str, fact: str) -> bool:
    sought, text = wanted.casefold(), one_line(fact).casefold()
    return sought == text if len(sought) < MIN_QUOTE else sought in text


def _checks(value: object, prompt: Prompt, scrub: Scrub) -> Iterator[Check]:
    for item in _items(value, MAX_CHECKS):
        text = scrub(item.get("text"), MAX_TEXT)
        command, removed = _command(item.get("command"), prompt)
        if removed:
            text = f"{text} (a command was removed: {removed})".strip()
        if text or command:
            yield Check(text=text or "Run this and read its output.", command=command)


def _command(value: object, prompt: Prompt) -> tuple[str, str]:
    """A command as text, whole or not at all: a shortened one would do something else."""
    if not isinstance(value, str):
        return "", ""
    if len(value.strip().splitlines()) > 1:
        return "", "it had several lines"
    command = prompt.redactor.unmask(one_line(value))
    if len(command) > MAX_COMMAND:
        return "", "too long to show"
    refused = shell.refusal(command, prompt.links) if command else ""
    return ("", refused) if refused else (command, "")


def _overall(confidence: Confidence, causes: tuple[Cause, ...]) -> Confidence:
    """A verdict whose every cause lost its support is not sure of itself either."""
    unsupported = causes and all(cause.confidence is Confidence.LOW for cause in causes)
    return Confidence.LOW if unsupported else confidence


def _confidence(value: object) -> Confidence:
    known = isinstance(value, str) and value.lower() in set(Confidence)
    return Confidence(str(value).lower()) if known else Confidence.LOW


def _severity(value: object) -> Severity | None:
    known = isinstance(value, str) and value.upper() in set(Severity)
    return Severity(str(value).upper()) if known else None


def _category(value: object) -> str:
    return value.lower() if isinstance(value, str) and value.lower() in CATEGORIES else "other"


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    if isinstance(value, float) and not isfinite(value):
        return 0.0
    return float(min(1, max(0, value)))

"""The prompt: frozen instructions from a file, and the incident as fenced, masked, bounded data.

The Claude adapter sends it; ``reading`` checks the answer against the same facts. The instructions
are never edited in place: a change is a new file, which a setting promotes by its name.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from responder.analysis.context import AFTER_PLACE, Case
from responder.analysis.markdown import MAX_HEADING, MAX_PASSAGE
from responder.analysis.redaction import Redactor, Rules
from responder.analysis.text import clean, cut_middle, links_in, without_a_cut_word
from responder.incident import Firing, Incident, IncidentState, Worst

#: The instructions by version: the name of their file.
VERSIONS: Final[Mapping[str, str]] = {
    file.stem: file.read_text(encoding="utf-8")
    for file in sorted(Path(__file__).with_name("prompts").glob("*.md"))
}
#: What serves where ``PROMPT_VERSION`` is not set.
PROMPT_VERSION: Final = "v2"

#: The data's share of the prompt, at three characters a token (JSON of mostly English text).
DATA_TOKENS: Final = 3000
DATA_CHARS: Final = DATA_TOKENS * 3

#: Characters that these kinds of fields have in any case, as far as they need them: however much is
#: told before them, the alert's own labels and what may have caused or may cure it are told, too.
_RESERVED: Final = {"change": 600, "runbook": 1200, "labels": 1200}

_MAX_VALUE: Final = {
    "title": 400,
    "message": 4000,
    "worst_alert.title": 400,
    "worst_alert.message": 1500,
    "firing_now": 900,
}
_MAX_OTHER_VALUE: Final = 300
#: A passage of a runbook whole: its place, and its text.
_MAX_RUNBOOK: Final = MAX_HEADING + MAX_PASSAGE + 100
_MAX_NAME: Final = 100
#: Of what fires, the worst by name; the rest is a number.
_MOST_FIRING: Final = 8


@dataclass(frozen=True)
class Prompt:
    """What is sent, and what is needed to read the answer.

    ``facts`` are the fields as Claude sees them (masked, cut); ``links`` the URLs that an answer
    may repeat; ``redactor`` puts personal data back; ``pages`` are the addresses of runbooks by
    their fields, which Claude is not told.
    """

    user: str
    facts: Mapping[str, str]
    links: frozenset[str]
    redactor: Redactor
    pages: Mapping[str, str] = field(default_factory=dict)
    version: str = PROMPT_VERSION

    @property
    def system(self) -> str:
        """The instructions, the same bytes for every incident."""
        return VERSIONS[self.version]

    @property
    def size_bytes(self) -> int:
        """The UTF-8 length of the texts, an upper bound of their tokens."""
        return len(self.system.encode()) + len(self.user.encode())


def build(case: Case, rules: Rules | None = None, version: str = PROMPT_VERSION) -> Prompt:
    """The prompt for one incident and what is known around it; ``rules`` say what else to mask."""
    redactor = Redactor(rules)
    facts = _within_budget(_masked(case, redactor))
    return Prompt(
        user=f"<alert-data>\n{_encode(facts)}\n</alert-data>",
        facts=facts,
        links=_links(case),
        redactor=redactor,
        pages={f"runbook.{n}": one.url for n, one in enumerate(case.context.runbooks, 1)},
        version=version,
    )


def _fields(case: Case) -> Iterator[tuple[str, str]]:
    """Every field worth reading, the most telling first; empty ones are left out later."""
    incident = case.incident
    yield "title", incident.title
    yield "severity", incident.severity.value
    yield "state", incident.state.value
    yield "source", incident.source
    yield "rule", incident.rule
    yield "service", incident.service
    yield "resource", incident.resource
    for part, value in incident.scope:
        yield f"scope.{part}", value
    yield "first_seen", incident.first_seen.isoformat(timespec="seconds")
    yield "last_seen", incident.last_seen.isoformat(timespec="seconds")
    yield "count", str(incident.count)
    yield "firing", str(incident.firing)
    yield "message", incident.message
    yield from _worst(incident.worst)
    yield "firing_now", _firing_now(incident)
    yield from case.context.fields()
    for name, value in incident.labels.items():
        yield f"labels.{name}", value
    for name, value in incident.links.items():
        yield f"links.{name}", value


def _worst(worst: Worst | None) -> Iterator[tuple[str, str]]:
    """What the worst alert says otherwise than the first one, whose fields stand above."""
    otherwise = worst is not None and (worst.speaks_otherwise or worst.resource is not None)
    if worst is None or not otherwise:
        return
    yield "worst_alert", f"{worst.severity.value} at {worst.at.isoformat(timespec='seconds')}"
    yield "worst_alert.title", worst.title or ""
    yield "worst_alert.resource", worst.resource or ""
    yield "worst_alert.message", worst.message or ""


def _firing_now(incident: Incident) -> str:
    """What fires beside the worst alert, or instead of it; nothing where the fields above say all.

    The worst come first, of equals the newest.
    """
    told = incident.firing_now[:_MOST_FIRING]
    worst = incident.worst.name if incident.worst else ""
    if incident.state is not IncidentState.OPEN or {one.name for one in told} <= {worst}:
        return ""
    more = max(incident.firing - len(told), 0)
    return "; ".join([*map(_fires, told), *([f"and {more} more"] if more else [])])


def _fires(one: Firing) -> str:
    what = without_a_cut_word(one.what)
    return f"{one.severity.value} {what} (alert of {one.at.isoformat(timespec='seconds')})"


def _masked(case: Case, redactor: Redactor) -> Iterator[tuple[str, str]]:
    """Masked before anything is cut: half a secret would no longer look like one."""
    for name, value in _fields(case):
        if text := without_a_cut_word(clean(value).strip()):
            yield redactor.mask(clean(name)), _mask(redactor, name, text)


def _mask(redactor: Redactor, name: str, text: str) -> str:
    """A runbook's place is told up to the first colon, which its headings lose once masked.

    Masked with its text, a heading such as "Expired token" would make a secret of the first word.
    """
    if not name.startswith("runbook."):
        return redactor.mask_field(name, text)
    place, _, rest = text.partition(AFTER_PLACE)
    return redactor.mask(place).replace(":", "") + AFTER_PLACE + redactor.mask(rest)


def _within_budget(fields: Iterator[tuple[str, str]]) -> dict[str, str]:
    """As much as there is room for, in the order of the fields, but for what is reserved."""
    short = [
        (cut_middle(name, _MAX_NAME), cut_middle(value, _longest(name))) for name, value in fields
    ]
    facts: dict[str, str] = {}
    reserved = _reserved(short)
    room = DATA_CHARS
    omitted = 0
    for name, value in short:
        reserved.pop(_kind(name), None)
        left = room - sum(reserved.values())
        while len(value) > 100 and _size(name, value) > left:
            value = cut_middle(value, len(value) // 2)
        if _size(name, value) > left:
            omitted += 1
            continue
        facts[name] = value
        room -= _size(name, value)
    if omitted:
        facts["omitted_fields"] = str(omitted)
    return facts


def _reserved(fields: list[tuple[str, str]]) -> dict[str, int]:
    needed: Counter[str] = Counter()
    for name, value in fields:
        needed[_kind(name)] += _size(name, value)
    return {kind: min(share, needed[kind]) for kind, share in _RESERVED.items() if needed[kind]}


def _kind(name: str) -> str:
    return name.partition(".")[0]


def _longest(name: str) -> int:
    if name.startswith("runbook."):
        return _MAX_RUNBOOK
    return _MAX_VALUE.get(name, _MAX_OTHER_VALUE)


def _size(name: str, value: str) -> int:
    return len(_encode({name: value}))


def _encode(facts: Mapping[str, str]) -> str:
    """JSON in which no ``<`` or ``>`` occurs, so that no value can close the fence around it."""
    text = json.dumps(facts, ensure_ascii=False, indent=0)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _links(case: Case) -> frozenset[str]:
    own = (value for _, value in _fields(Case(incident=case.incident)))
    texts = (*own, *case.context.quotable())
    return frozenset().union(*(links_in(clean(text)) for text in texts))

"""What a card says of a person's word on its analysis."""

from datetime import timedelta
from typing import Any

import pytest

from examples import incident, verdict
from faults.world import START
from responder.delivery import feedback
from responder.delivery.card import render
from responder.incident import Feedback, Incident, Mark, Storm

LATER = START + timedelta(hours=1)


def marked(mark: Mark, incident_changes: Any = None, **changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "mark": mark, "by": "anna", "at": LATER, "incident_id": "i", "made_at": START,
        "made_by": "model",
    }  # fmt: skip
    said = Feedback(**(fields | changes))
    return incident(**({"analysis": verdict(), "feedback": said} | (incident_changes or {})))


@pytest.mark.parametrize(
    ("mark", "note", "line"),
    [
        (Mark.WRONG, "it was DNS", "👎 Marked wrong by anna: it was DNS"),
        (Mark.RIGHT, "", "👍 Confirmed by anna"),
        (Mark.NOISE, "every night", "🔇 Marked as noise by anna: every night"),
    ],
)
def test_who_said_what(mark: Mark, note: str, line: str) -> None:
    assert feedback.line(marked(mark, note=note)) == [line]


def test_nothing_was_said() -> None:
    assert feedback.line(incident()) == []


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        (Mark.WRONG, "👎 Marked wrong, the analysis before this one, by anna: n"),
        (Mark.NOISE, "🔇 Marked as noise by anna: n"),
    ],
)
def test_a_word_on_the_analysis_before_this_one_says_so(mark: Mark, line: str) -> None:
    newer = {"analysis": verdict(made_at=LATER)}
    assert feedback.line(marked(mark, newer, note="n")) == [line]


def test_a_note_can_neither_call_anybody_nor_link() -> None:
    (line,) = feedback.line(marked(Mark.WRONG, note="<!channel> <https://evil|x> *b*", by="<@U1>"))
    assert "<" not in line


def texts(one: Incident) -> list[str]:
    blocks = render(one, LATER).blocks
    return [element["text"] for block in blocks for element in block.get("elements", ())]


@pytest.mark.parametrize("storm", [None, Storm(most=8)], ids=["incident", "storm"])
def test_it_is_on_the_card_once(storm: Storm | None) -> None:
    found = texts(marked(Mark.WRONG, {"storm": storm}, note="it was DNS"))
    assert found.count("👎 Marked wrong by anna: it was DNS") == 1

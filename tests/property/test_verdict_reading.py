"""Whatever Claude answers, reading it gives a bounded analysis or an outcome, nothing else."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responder.analysis.reading import Unusable, read
from responder.analysis.schema import SCHEMA
from responder.analysis.verdict import Analysis
from unit.analysis.examples import CALL, answer, prompt

ASKED = prompt()

json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from(["high", "CRITICAL", "disk", "https://evil.example/x", "[email-1]"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["text", "command", "confidence", "evidence", "field", "quote", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=15,
)  # fmt: skip
answers = st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), json_values)


def reading(text: str) -> Analysis | None:
    try:
        return read(text, "end_turn", ASKED, CALL)
    except Unusable:
        return None


@given(st.one_of(st.text(), json_values.map(json.dumps)))
def test_any_text_is_an_analysis_or_an_outcome(text: str) -> None:
    reading(text)


@given(answers)
def test_wrong_values_never_cost_the_rest_of_the_answer(changes: dict[str, Any]) -> None:
    changes.pop("headline", None)
    found = reading(json.dumps(answer(**changes)))
    assert found is not None
    for name in ("summary", "category", "actions"):
        if name not in changes:
            assert getattr(found, name)


@given(answers)
def test_every_analysis_is_bounded_and_can_be_stored(changes: dict[str, Any]) -> None:
    found = reading(json.dumps(answer(**changes)))
    if found is None:
        return
    assert len(found.model_dump_json().encode()) < 60_000
    assert Analysis.model_validate_json(found.model_dump_json()) == found
    assert 0 <= found.noise_likelihood <= 1
    assert "evil.example" not in found.model_dump_json()


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_citation_survives_that_the_incident_does_not_hold(field: str, quote: str) -> None:
    cited = [{"field": field, "quote": f"☃{quote}"}]
    found = reading(json.dumps(answer(causes=[{"text": "t", "evidence": cited}])))
    assert found is not None
    assert found.causes[0].evidence == ("1 citation struck: not in the alert",)

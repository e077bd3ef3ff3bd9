"""Whatever is posted where an operator's field mapping is asked: read, and nothing lost."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.intake import parse
from responder.intake.mapping import FieldMapping
from samples import JSON, NOW

NAMES = ("checks", "label", "lvl", "state", "facts", "key", "value", "at", "name", "site")
MAPPING = FieldMapping.model_validate(
    {
        "each": "checks",
        "title": ["label", "join(' ', [name, site])", "name"],
        "severity": "to_number(lvl)",
        "state": "state",
        "id": ["$.site", "name"],
        "time": "at",
        "resource": "facts[?key=='host'].value | [0]",
        "labels": {"n": "length(facts)"},
        "tags": ["facts", "state"],
        "links": {"source": "max_by(facts, &value).value"},
    }
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=30,
)


@settings(max_examples=400)
@given(values)
def test_any_json(value: object) -> None:
    body = value if isinstance(value, dict | list) else {"checks": [value]}
    alerts = parse(
        json.dumps(body).encode(), JSON, "shop", received_at=NOW, mappings={"shop": MAPPING}
    )
    for alert in alerts:
        assert alert.title
        assert alert.fingerprint
        assert not any("reader failed" in note for note in alert.truncated)

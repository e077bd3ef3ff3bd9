"""The short ways of intake for ordinary alerts say what the long ways say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.alert import Severity, Status
from responder.intake.draft import MAX_LABEL_NAME, MAX_LABEL_VALUE, Draft, Request, finish
from responder.intake.fields import (
    RESOURCE_NAMES,
    SCOPE_NAMES,
    SERVICE_NAMES,
    first,
    place_of,
    scope_of,
    string_map,
)
from responder.intake.secret_fields import may_hold_secrets, without_secrets
from responder.intake.text import as_json, bounded, bounded_line, clean, one_line
from samples import NOW

texts = st.text(max_size=40) | st.text("ab \t\u00a0\x7f", max_size=40)
names = st.sampled_from(
    [*SERVICE_NAMES, *RESOURCE_NAMES, *(name for names in SCOPE_NAMES.values() for name in names)]
)
secrets = st.sampled_from(["Token", "api_key", "apiKey", "PASSWORD", "SubscribeURL", "ping_url"])


@given(texts, st.integers(1, 60))
def test_a_line_is_cleaned_and_cut_alike(text: str, limit: int) -> None:
    short: list[str] = []
    long: list[str] = []
    assert bounded_line(text, limit, "x", short) == bounded(one_line(text), limit, "x", long)
    assert short == long


@given(texts, st.integers(4, 60))
def test_a_short_text_is_what_cleaning_leaves(text: str, limit: int) -> None:
    if len(text.encode(errors="ignore")) <= limit:
        assert bounded(text, limit, "x", []) == clean(text)


@given(st.dictionaries(texts, texts, max_size=70), st.integers(0, 2 * MAX_LABEL_VALUE))
def test_labels_keep_their_bounds(labels: dict[str, str], long: int) -> None:
    labels = {**labels, "long": "x" * long, "n" * (long // 10 + 1): "y"}
    kept = finish(draft(labels), Request({}, NOW)).labels
    expected = {
        bounded(one_line(name), MAX_LABEL_NAME, "", []): bounded(value, MAX_LABEL_VALUE, "", [])
        for name, value in labels.items()
    }
    assert kept.items() <= expected.items()
    assert all(name for name in kept)
    assert len(kept) == min(64, len({name for name in expected if name}))


@settings(max_examples=200)
@given(st.dictionaries(names | texts, texts, max_size=12))
def test_a_place_is_found_alike(given_labels: dict[str, str]) -> None:
    labels = string_map(given_labels)
    place = place_of(labels)
    assert place.service == first(labels, SERVICE_NAMES)
    assert place.resource == first(labels, RESOURCE_NAMES)
    assert place.scope == scope_of(labels)


@given(st.dictionaries(secrets | texts, texts, max_size=6))
def test_a_payload_that_is_not_looked_at_holds_no_secret(payload: dict[str, str]) -> None:
    assert may_hold_secrets(as_json(payload)) or without_secrets(payload) == payload


def draft(labels: dict[str, str]) -> Draft:
    return Draft(
        source="x",
        fingerprint="x",
        title="x",
        severity=Severity.LOW,
        status=Status.FIRING,
        raw={},
        labels=labels,
    )

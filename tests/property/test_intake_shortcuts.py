"""The short ways of intake for ordinary alerts say what the long ways say."""

import json
from collections.abc import Callable, Mapping

from hypothesis import example, given, settings
from hypothesis import strategies as st

from responder.alert import Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import (
    MAX_LABEL_NAME,
    MAX_LABEL_VALUE,
    MAX_LINK,
    Draft,
    Request,
    finish,
)
from responder.intake.fields import (
    RESOURCE_NAMES,
    SCOPE_NAMES,
    SERVICE_NAMES,
    first,
    place_of,
    scope_of,
    string_map,
)
from responder.intake.secret_fields import (
    REMOVED,
    is_secret,
    may_hold_secrets,
    url_without_secrets,
    without_secrets,
)
from responder.intake.text import as_json, bounded, bounded_line, clean, one_line
from responder.raw import pack, unpack
from samples import NOW

texts = st.text(max_size=40) | st.text("ab \t\u00a0\x7f", max_size=40)
names = st.sampled_from(
    [*SERVICE_NAMES, *RESOURCE_NAMES, *(name for names in SCOPE_NAMES.values() for name in names)]
)
secrets = st.sampled_from(["Token", "api_key", "apiKey", "PASSWORD", "SubscribeURL", "ping_url"])

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
tails = st.text("azAZ09/?&=@#:%.-_\"'<> \x7f\u00e9\u200b", max_size=30)
urls = st.builds("".join, st.tuples(st.sampled_from(["http://", "https://", "HTTP://"]), tails))


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


@given(
    st.dictionaries(texts.filter(lambda name: not is_secret(name)), texts, max_size=70),
    st.integers(0, 2 * MAX_LABEL_VALUE),
)
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


@given(st.dictionaries(secrets, texts, min_size=1), st.dictionaries(texts, texts, max_size=3))
def test_labels_of_any_number_show_no_secret(
    hidden: dict[str, str], others: dict[str, str]
) -> None:
    kept = finish(draft({**others, **hidden}), Request({}, NOW)).labels
    assert all(kept[name] == REMOVED for name in hidden)
    assert not any(is_secret(name) for name, value in kept.items() if value != REMOVED)


@settings(max_examples=200)
@given(urls, secrets)
@example("https://a.example/?token=" + "x" * MAX_LINK, "Token")
def test_a_link_is_cleaned_alike(url: str, name: str) -> None:
    shown = finish(draft({}, links={"page": url}), Request({}, NOW)).links
    is_one = len(url) > len("https://") and not any(c in "<>\"'" or c.isspace() for c in url)
    for link, kept in shown.items():
        assert link == "page"
        assert kept == clean(url_without_secrets(url))
    assert bool(shown) or not is_one
    credentials = f"https://user:pw@a.example/?{name}=hidden&{url}"
    shown = finish(draft({}, links={"page": credentials}), Request({}, NOW)).links
    assert "hidden" not in str(shown)
    assert "pw" not in str(shown)


@given(values, st.booleans())
@example("\x7f", False)
@example("\u00e9", False)
def test_a_payload_travels_as_it_is_where_it_can_be_shown(value: object, ascii_only: bool) -> None:
    text = json.dumps({"": value}, ensure_ascii=ascii_only)
    assert (pack(text) == text) == text.isprintable()
    assert unpack(pack(text)) == text.encode(errors="replace").decode()


@settings(max_examples=300)
@given(
    st.text('{}[]":,.\\\\udeE+-0123789nulltrefas \n\x00', max_size=30)
    | st.builds(json.dumps, values, ensure_ascii=st.booleans())
)
@example('{"a": NaN, "b": -Infinity}')
@example('{"a": "\\ud800"}')
@example('{"a": "\ud800"}')
@example('{"a": 1, "b": 2, "a": 3}')
@example('{"a": "x\ny"}')
@example('{"a": 1e999, "b": -0, "c": -0.0, "d": 12345678901234567890123}')
@example("[" * 300 + "]" * 300)
def test_json_is_read_alike(text: str) -> None:
    patient = json.JSONDecoder(strict=False, parse_constant=str)
    assert outcome(load_json, text) == outcome(patient.decode, text)


@settings(max_examples=200)
@given(st.dictionaries(names | texts, texts, max_size=12))
@example({"cluster": "x" * 5_000, "job": "y"})
def test_a_place_is_found_alike(given_labels: dict[str, str]) -> None:
    labels = string_map(given_labels)
    place = place_of(labels)
    assert place.service == first(labels, SERVICE_NAMES)
    assert place.resource == first(labels, RESOURCE_NAMES)
    assert place.scope == scope_of(labels)


@given(st.dictionaries(secrets | texts, texts, max_size=6))
def test_a_payload_that_is_not_looked_at_holds_no_secret(payload: dict[str, str]) -> None:
    assert may_hold_secrets(as_json(payload)) or without_secrets(payload) == payload


def outcome(read: Callable[[str], object], text: str) -> str:
    try:
        return repr(read(text))
    except ValueError:
        return "refused"


def draft(labels: Mapping[str, str], links: Mapping[str, str] | None = None) -> Draft:
    return Draft(
        source="x",
        fingerprint="x",
        title="x",
        severity=Severity.LOW,
        status=Status.FIRING,
        raw={},
        labels=labels,
        links=links or {},
    )

"""The alert id and what it is made of; every condition of ``intake.draft`` has its test here."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.alert import MAX_LABELS, Alert, Scope, Severity, Status
from responder.intake.draft import (
    MAX_AHEAD,
    MAX_ALL_LABELS,
    MAX_LABEL_VALUE,
    MAX_LINK,
    MAX_LINKS,
    Draft,
    Request,
    digest,
    finish,
    identity,
    short,
    slug,
)
from responder.intake.secret_fields import REMOVED
from responder.raw import unpack
from samples import NOW

REQUEST = Request(headers={}, received_at=NOW, sent_at=NOW - timedelta(seconds=3))
DRAFT = Draft(
    source="tool", fingerprint="f", title="t", severity=Severity.HIGH, status=Status.FIRING, raw={}
)
START = NOW - timedelta(hours=2)
END = NOW - timedelta(hours=1)
NOW_SENT = (NOW - timedelta(seconds=3)).isoformat()


def made(**changes: Any) -> Alert:
    return finish(replace(DRAFT, **changes), REQUEST)


def id_at(moment: str, source: str = "tool", fingerprint: str = "f", status: str = "firing") -> str:
    return identity(source, fingerprint, status, moment)


def test_the_delivery_id_comes_before_the_time() -> None:
    assert made(delivery_id="d", starts_at=START).alert_id == id_at("d")


def test_a_firing_is_identified_by_its_start() -> None:
    alert = made(starts_at=START, ends_at=END)
    assert alert.event_at == START
    assert alert.alert_id == id_at(START.isoformat())


def test_a_resolve_is_identified_by_its_end_and_never_borrows_the_start() -> None:
    ended = made(status=Status.RESOLVED, starts_at=START, ends_at=END)
    assert ended.event_at == END
    assert ended.alert_id == id_at(END.isoformat(), status="resolved")
    endless = made(status=Status.RESOLVED, starts_at=START)
    assert endless.event_at == REQUEST.sent_at


def test_the_tools_own_time_of_the_change_comes_first() -> None:
    assert made(happened_at=END, starts_at=START).event_at == END


def test_without_any_time_the_sending_and_then_the_receiving_stands_in() -> None:
    assert made().event_at == REQUEST.sent_at
    assert finish(DRAFT, REQUEST._replace(sent_at=None)).event_at == NOW


def test_a_time_is_believed_up_to_a_year_ahead() -> None:
    assert made(happened_at=NOW + MAX_AHEAD).event_at == NOW + MAX_AHEAD
    beyond = made(happened_at=NOW + MAX_AHEAD + timedelta(seconds=1))
    assert beyond.event_at == NOW
    assert beyond.alert_id == id_at(NOW.isoformat())
    assert "too far ahead" in beyond.truncated[0]


def test_only_a_resolved_alert_has_an_end() -> None:
    assert made(ends_at=END).ends_at is None
    assert made(status=Status.RESOLVED, ends_at=END).ends_at == END


@pytest.mark.parametrize(
    ("name", "becomes"),
    [("My Tool!", "my-tool"), ("a.b_c-1", "a.b_c-1"), ("###", "unknown"), ("", "unknown")],
)
def test_a_source_becomes_harmless(name: str, becomes: str) -> None:
    assert slug(name) == becomes
    assert made(source=name).alert_id == id_at(NOW_SENT, source=becomes)


@pytest.mark.parametrize("odd", ["x" * 201, "ünï", "a\nb"])
def test_a_long_or_odd_fingerprint_is_hashed(odd: str) -> None:
    assert short(odd) == digest(odd)
    assert made(fingerprint=odd).fingerprint == digest(odd)


@pytest.mark.parametrize("plain", ["f", "{a=1, b=2}", "x" * 200])
def test_a_plain_fingerprint_stays_readable(plain: str) -> None:
    assert short(plain) == plain


def test_no_two_lists_of_parts_share_an_identity() -> None:
    assert digest("a", "b") != digest("ab") != digest("b", "a")


def test_an_alert_without_a_title_says_so() -> None:
    assert made(title=" ").title == "Alert without a title"
    assert made(title="t").title == "t"


def test_names_and_scope_are_kept_and_empty_ones_stay_empty() -> None:
    alert = made(service="orders", scope=Scope(region="eu-west-1"))
    assert (alert.service, alert.rule) == ("orders", "")
    assert alert.scope == Scope(region="eu-west-1")


#: What is wrong with a text in one way alone, and what is left of it within 400 bytes.
ODD = [
    ("x" * 401, "x" * 397 + "…"),
    ("ü" * 300, "ü" * 198 + "…"),
    ("a\tb", "a b"),
    (" a", "a"),
    ("a  b", "a b"),
]


@pytest.mark.parametrize(("said", "kept"), ODD)
def test_each_part_of_a_scope_is_bounded_and_clean(said: str, kept: str) -> None:
    assert made(scope=Scope(account=said)).scope == Scope(account=kept)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"l": "ü" * 600}, {"l": "ü" * 510 + "…"}),
        ({"l": "a\x07b"}, {"l": "ab"}),
        ({"": "v"}, {}),
        ({"n" * 129: "v"}, {"n" * 125 + "…": "v"}),
        ({" l": "v"}, {"l": "v"}),
        ({"password": "v"}, {"password": REMOVED}),
    ],
    ids=["wide", "control", "no name", "long name", "blank", "secret"],
)
def test_each_label_is_bounded_clean_and_no_secret(
    said: dict[str, str], kept: dict[str, str]
) -> None:
    assert made(labels=said).labels == kept


def test_a_link_has_no_characters_that_a_queue_refuses() -> None:
    links = made(links={"good": "https://example.com/\x07a"}).links
    assert links == {"good": "https://example.com/a"}


def test_what_lacks_its_tools_id_is_told_apart_by_what_people_see_of_it() -> None:
    same = made(fingerprint="", service="orders").fingerprint
    assert same == digest("t", "orders", "")
    seen = [{"title": "u"}, {"service": "ledger"}, {"service": "orders", "resource": "db-1"}]
    others = {made(**({"fingerprint": "", "service": "orders"} | one)).fingerprint for one in seen}
    assert len(others | {same}) == 4


def test_labels_are_kept_up_to_a_number() -> None:
    labels = {f"l{number}": "v" for number in range(MAX_LABELS + 1)}
    assert made(labels=dict(list(labels.items())[:MAX_LABELS])).truncated == ()
    cut = made(labels=labels)
    assert len(cut.labels) == MAX_LABELS
    assert cut.truncated == (f"labels: 1 of {MAX_LABELS + 1} left out by intake",)


def test_labels_are_kept_up_to_a_size() -> None:
    value = "v" * MAX_LABEL_VALUE
    labels = {f"label-{number:02}": value for number in range(20)}
    room = MAX_ALL_LABELS // (MAX_LABEL_VALUE + len("label-00"))
    assert list(made(labels=labels).labels) == list(labels)[:room]


def test_a_label_without_a_name_is_left_out_as_no_table_takes_it() -> None:
    alert = made(labels={" ": "v", "kept": "v"})
    assert alert.labels == {"kept": "v"}
    assert alert.truncated == ("labels: one without a name left out by intake",)


def test_only_named_web_addresses_are_links() -> None:
    links = {
        "good": "https://example.com/a",
        "bad": "javascript:alert(1)",
        " ": "https://example.com/b",
    }
    assert made(links=links).links == {"good": "https://example.com/a"}


def test_links_are_kept_up_to_a_number() -> None:
    links = {f"l{number}": f"https://example.com/{number}" for number in range(MAX_LINKS + 1)}
    alert = made(links=links)
    assert list(alert.links) == list(links)[:MAX_LINKS]
    assert alert.truncated == (f"link l{MAX_LINKS}: left out by intake",)


def test_a_link_too_long_is_left_out_and_the_next_one_kept() -> None:
    base = "https://example.com/"
    longest = base + "a" * (MAX_LINK - len(base))
    alert = made(links={"long": longest + "a", "fits": longest})
    assert alert.links == {"fits": longest}
    assert alert.truncated == ("link long: left out by intake",)


def test_links_are_kept_up_to_a_size() -> None:
    longest = "https://example.com/" + "a" * (MAX_LINK - 20)
    links = {f"l{number}": longest for number in range(5)}
    assert list(made(links=links).links) == ["l0", "l1", "l2", "l3"]


def unpacked(raw: object) -> str:
    return unpack(made(raw=raw).raw)


def test_the_payload_is_kept_without_the_values_of_secret_fields() -> None:
    payload = {"title": "t", "api_key": "hunter2"}
    kept = json.loads(unpacked(payload))
    assert kept["title"] == "t"
    assert "hunter2" not in str(kept)


def test_a_payload_without_secrets_is_kept_as_it_came() -> None:
    assert json.loads(unpacked({"title": "t", "n": [1, None]})) == {"title": "t", "n": [1, None]}


def test_a_text_is_kept_as_it_came() -> None:
    assert unpacked("disk full on db-1, api_key unknown") == "disk full on db-1, api_key unknown"


def test_notes_of_the_request_stand_before_those_of_the_alert() -> None:
    request = REQUEST._replace(notes=("request cut",))
    assert finish(replace(DRAFT, notes=("alert cut",)), request).truncated == (
        "request cut",
        "alert cut",
    )

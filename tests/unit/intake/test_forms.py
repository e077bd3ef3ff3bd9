"""Bodies of fields: forms, multipart bodies and queries, and the JSON that they carry."""

import json
from urllib.parse import urlencode

import pytest

from responder.intake import parse
from responder.intake.forms import MAX_FIELDS, form_fields, is_surely_form, multipart_fields
from samples import sample

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
INSIDE = json.dumps({"title": "inside", "severity": "critical"})


def multipart(*parts: tuple[str, str], end: str = "\r\n", boundary: str = "Xy'z") -> bytes:
    lines = []
    for head, content in parts:
        lines += [f"--{boundary}", f"Content-Disposition: form-data; {head}", "", content]
    return end.join([*lines, f"--{boundary}--", ""]).encode()


def declared(boundary: str = "Xy'z") -> dict[str, str]:
    return {"content-type": f'Multipart/Form-Data; boundary="{boundary}"'}


def test_a_form_is_read_by_its_fields() -> None:
    (alert,) = parse(b"title=Disk+full%21&severity=P1&empty=", FORM)
    assert (alert.title, alert.severity) == ("Disk full!", "CRITICAL")


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}])
def test_a_form_that_nothing_declares_is_read_where_it_can_be_nothing_else(
    headers: dict[str, str],
) -> None:
    (alert,) = parse(b"title=Disk+full&severity=P1", headers)
    assert (alert.title, alert.severity) == ("Disk full", "CRITICAL")
    (text,) = parse(b"load=5 & swap=9", headers)
    assert text.title == "load=5 & swap=9"


@pytest.mark.parametrize("name", ["payload", "data", "json", "body"])
def test_a_field_that_holds_json_is_an_envelope(name: str) -> None:
    (alert,) = parse(urlencode({name: INSIDE}).encode(), FORM)
    assert (alert.title, alert.severity, alert.unknown_format) == ("inside", "CRITICAL", False)
    (alert,) = parse(json.dumps({name: INSIDE, "host": "db-1"}).encode(), {})
    assert (alert.title, alert.resource) == ("inside", "db-1")


@pytest.mark.parametrize("name", ["payload", "data", "json", "body"])
def test_what_has_a_title_is_no_envelope_for_the_json_that_it_quotes(name: str) -> None:
    """A probe tells what its target answered, and that is neither its state nor its severity."""
    quoted = json.dumps({"status": "ok", "title": "refund queue", "severity": "info"})
    body = {"title": "Health check failed", "severity": "critical", name: quoted}
    (alert,) = parse(json.dumps(body).encode(), {})
    assert (alert.title, alert.severity, alert.status) == (
        "Health check failed", "CRITICAL", "firing",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("alertmanager/one_resolved_of_two", "alertmanager"),
        ("pagerduty/v3_resolved", "pagerduty"),
        ("grafana/resolved", "grafana"),
    ],
)
@pytest.mark.parametrize("as_form", [False, True], ids=["json", "form"])
def test_a_tool_s_own_payload_is_read_though_a_relay_gave_it_a_title(
    name: str, tool: str, as_form: bool
) -> None:
    held = sample(f"{name}.json").decode()
    fields = {"title": "Alert", "payload": held}
    body = urlencode(fields) if as_form else json.dumps(fields)
    found = parse(body.encode(), FORM if as_form else {})
    bare = parse(held.encode(), {})
    assert [(one.source, one.status, one.fingerprint, one.severity) for one in found] == [
        (one.source, one.status, one.fingerprint, one.severity) for one in bare
    ]
    assert {one.source for one in found} == {tool}


def test_a_list_in_an_envelope_is_several_alerts() -> None:
    both = json.dumps([{"title": "a", "id": "1"}, {"title": "b", "id": "2"}])
    assert [alert.title for alert in parse(urlencode({"payload": both}).encode(), FORM)] == [
        "a",
        "b",
    ]


def test_a_field_that_holds_no_json_stays_a_field() -> None:
    (alert,) = parse(urlencode({"title": "t", "body": "{not json"}).encode(), FORM)
    assert (alert.title, alert.message) == ("t", "{not json")


def test_text_that_is_declared_as_a_form_stays_text() -> None:
    (alert,) = parse(b"Disk full on db-1: 97 % = too much", FORM)
    assert alert.title == "Disk full on db-1: 97 % = too much"


def test_a_form_of_too_many_fields_is_text() -> None:
    many = "&".join(f"f{n}=1" for n in range(MAX_FIELDS + 1))
    assert form_fields(many) == {}
    (alert,) = parse(many.encode(), FORM)
    assert alert.unknown_format


def test_nearly_a_form_is_decided_quickly() -> None:
    assert not is_surely_form("a=b&" * 500_000 + " ")
    assert not is_surely_form("a" * 2_000_000)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_a_multipart_body_is_read_by_its_parts(end: str, quote: str) -> None:
    body = multipart((f"name={quote}data{quote}", INSIDE), end=end)
    (alert,) = parse(body, declared())
    assert (alert.title, alert.severity, alert.unknown_format) == ("inside", "CRITICAL", False)


def test_several_parts_are_several_fields() -> None:
    body = multipart(
        ("name=title", "Disk full"), ('name="message"; filename="m.txt"', "two\r\nlines")
    )
    (alert,) = parse(body, declared())
    assert (alert.title, alert.message) == ("Disk full", "two\r\nlines")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "multipart/form-data"},
        {"content-type": "multipart/form-data; boundary=other"},
        {"content-type": "multipart/form-data; boundary=" + "x" * 71},
        {"content-type": "multipart/form-data; boundary*=latin-9'de'%ff%00; boundary*1=\r\nx"},
    ],
)
def test_a_multipart_body_that_cannot_be_taken_apart_is_text(headers: dict[str, str]) -> None:
    (alert,) = parse(multipart(("name=data", INSIDE)), headers)
    assert alert.unknown_format
    assert "inside" in alert.message


def test_parts_and_their_headers_are_bounded() -> None:
    content_type = declared()["content-type"]
    many = multipart(*[(f"name=f{n}", "v") for n in range(MAX_FIELDS + 50)])
    assert len(multipart_fields(many, content_type)) <= MAX_FIELDS
    assert multipart_fields(multipart((f"name=f; x={'y' * 9_000}", "v")), content_type) == {}
    assert multipart_fields(multipart(("x=y", "no name")), content_type) == {}

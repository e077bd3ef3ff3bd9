"""What the sender must change, and what is accepted as it is."""

import gzip

import pytest

from responder.intake import BadRequest, parse
from responder.intake.body import MAX_BODY_BYTES
from samples import JSON, NOW, sample

TEXT = {"Content-Type": "text/plain"}


def refused(body: bytes, headers: dict[str, str]) -> BadRequest:
    with pytest.raises(BadRequest) as raised:
        parse(body, headers)
    return raised.value


@pytest.mark.parametrize("body", [b"", b" \n\t "])
@pytest.mark.parametrize("headers", [JSON, TEXT, {}])
def test_an_empty_body_is_refused(body: bytes, headers: dict[str, str]) -> None:
    error = refused(body, headers)
    assert (error.status, error.code) == (400, "empty_body")


@pytest.mark.parametrize("headers", [JSON, TEXT, {}])
def test_bytes_that_are_no_text_are_refused(headers: dict[str, str]) -> None:
    error = refused(b"\xc3\x28\x80", headers)
    assert (error.status, error.code, error.field) == (400, "undecodable", "body")


@pytest.mark.parametrize("body", [b'{"title": ', b"{'title': 1}", b"disk full"])
def test_broken_json_is_refused_only_where_json_is_declared(body: bytes) -> None:
    error = refused(body, {"content-type": "Application/JSON; charset=utf-8"})
    assert (error.status, error.code) == (400, "invalid_json")
    (alert,) = parse(body, TEXT)
    assert alert.unknown_format
    assert alert.message == body.decode().strip()


@pytest.mark.parametrize("body", [b"17", b"true", b"null", b'"disk full"'])
def test_a_bare_scalar_is_refused_only_where_json_is_declared(body: bytes) -> None:
    error = refused(body, JSON)
    assert (error.status, error.code) == (400, "not_an_object")
    (alert,) = parse(body, TEXT)
    assert alert.unknown_format


def test_too_large_is_413_and_the_limit_itself_is_not() -> None:
    error = refused(b"x" * (MAX_BODY_BYTES + 1), TEXT)
    assert (error.status, error.code) == (413, "too_large")
    (alert,) = parse(b"x" * MAX_BODY_BYTES, TEXT)
    assert any("message: cut" in note for note in alert.truncated)


def test_gzip_is_opened() -> None:
    body = gzip.compress(sample("alertmanager/firing.json"))
    (alert,) = parse(body, {**JSON, "Content-Encoding": "gzip"}, received_at=NOW)
    assert alert.source == "alertmanager"


def test_gzip_is_bounded_by_what_it_unpacks_to() -> None:
    bomb = gzip.compress(b"x" * (MAX_BODY_BYTES * 3))
    assert refused(bomb, {"Content-Encoding": "gzip"}).status == 413


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"{}" * 100, mtime=0)[:-12]])
def test_broken_gzip_is_refused(body: bytes) -> None:
    assert refused(body, {"Content-Encoding": "gzip"}).code == "invalid_gzip"


def test_another_encoding_is_refused_by_name() -> None:
    error = refused(b"x", {"Content-Encoding": "br"})
    assert (error.code, error.field) == ("unknown_encoding", "Content-Encoding")


def test_other_charsets_and_marks_are_read() -> None:
    (latin,) = parse(
        "Platte läuft voll".encode("latin-1"), {"Content-Type": "text/plain; charset=ISO-8859-1"}
    )
    assert latin.title == "Platte läuft voll"
    (marked,) = parse(b'\xef\xbb\xbf{"title": "t"}', JSON)
    assert marked.title == "t"
    (wide,) = parse('{"title": "t"}'.encode("utf-16"), JSON)
    assert wide.title == "t"


def test_a_form_is_read_by_its_fields() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    (alert,) = parse(b"title=Disk+full&severity=P1", form)
    assert (alert.title, alert.severity) == ("Disk full", "CRITICAL")
    (held,) = parse(b"payload=%7B%22title%22%3A+%22inside%22%7D", form)
    assert held.title == "inside"


def test_integers_of_thousands_of_digits_and_deep_nesting_are_no_errors() -> None:
    (big,) = parse(b'{"title": "t", "value": ' + b"9" * 5000 + b"}", JSON)
    assert big.title == "t"
    (deep,) = parse(b"[" * 200_000 + b"]" * 200_000, JSON)
    assert deep.unknown_format

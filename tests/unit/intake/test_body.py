"""What the sender must change, and what is accepted as it is."""

import gzip
import zlib

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
    assert refused(gzip.compress(b'{"title": "not declared"}'), headers).code == "undecodable"


@pytest.mark.parametrize("headers", [JSON, TEXT, {}])
def test_one_character_of_another_charset_does_not_lose_the_page(headers: dict[str, str]) -> None:
    (alert,) = parse('{"title": "Platte läuft voll"}'.encode("latin-1"), headers)
    assert alert.title == "Platte l\ufffduft voll"


@pytest.mark.parametrize("headers", [JSON, TEXT, {}])
@pytest.mark.parametrize("body", [b"disk full", b'"disk full"', b'{"title": "disk full'])
def test_what_is_no_json_is_a_text_whatever_is_declared(
    body: bytes, headers: dict[str, str]
) -> None:
    (alert,) = parse(body, headers)
    assert alert.unknown_format
    assert alert.title == "disk full"
    assert "disk full" in alert.message + alert.title


@pytest.mark.parametrize("body", [b"17", b"true", b"null", b"-2.5e3"])
def test_a_bare_scalar_is_refused_only_where_json_is_declared(body: bytes) -> None:
    error = refused(body, JSON)
    assert (error.status, error.code) == (400, "not_an_object")
    (alert,) = parse(body, TEXT)
    assert alert.unknown_format


@pytest.mark.parametrize(
    "headers", [{}, TEXT, JSON, {"content-type": "application/x-www-form-urlencoded"}]
)
def test_json_is_read_whatever_is_declared(headers: dict[str, str]) -> None:
    # The third is what curl --data declares.
    (alert,) = parse(b' {"title": "a=b&c=d", "severity": "high"}', headers)
    assert (alert.title, alert.severity, alert.unknown_format) == ("a=b&c=d", "HIGH", False)


def test_too_large_is_413_and_the_limit_itself_is_not() -> None:
    error = refused(b"x" * (MAX_BODY_BYTES + 1), TEXT)
    assert (error.status, error.code) == (413, "too_large")
    (alert,) = parse(b"x" * MAX_BODY_BYTES, TEXT)
    assert any("message: cut" in note for note in alert.truncated)


def test_gzip_is_opened() -> None:
    body = gzip.compress(sample("alertmanager/firing.json"))
    (alert,) = parse(body, {**JSON, "Content-Encoding": "gzip"}, received_at=NOW)
    assert alert.source == "alertmanager"


def deflated(body: bytes, window: int) -> bytes:
    packer = zlib.compressobj(wbits=window)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_deflate_is_opened_with_and_without_its_header(window: int) -> None:
    body = deflated(b'{"title": "Disk full"}', window)
    (alert,) = parse(body, {**JSON, "Content-Encoding": "Deflate"})
    assert alert.title == "Disk full"


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(b"x" * (MAX_BODY_BYTES * 3))),
        ("x-gzip", gzip.compress(b"x" * (MAX_BODY_BYTES * 3))),
        ("deflate", deflated(b"x" * (MAX_BODY_BYTES * 3), zlib.MAX_WBITS)),
        ("deflate", deflated(b"x" * (MAX_BODY_BYTES * 3), -zlib.MAX_WBITS)),
    ],
)
def test_what_is_compressed_is_bounded_by_what_it_unpacks_to(encoding: str, bomb: bytes) -> None:
    assert refused(bomb, {"Content-Encoding": encoding}).status == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [b"not compressed", gzip.compress(b"{}" * 100, mtime=0)[:-12]])
def test_broken_compression_is_refused(body: bytes, encoding: str) -> None:
    assert refused(body, {"Content-Encoding": encoding}).code == f"invalid_{encoding}"


def test_another_encoding_is_refused_by_name() -> None:
    error = refused(b"x", {"Content-Encoding": "br"})
    assert (error.code, error.field) == ("unknown_encoding", "Content-Encoding")


def test_other_charsets_are_read() -> None:
    (latin,) = parse(
        "Platte läuft voll".encode("latin-1"), {"Content-Type": "text/plain; charset=ISO-8859-1"}
    )
    assert latin.title == "Platte läuft voll"


@pytest.mark.parametrize(
    "charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
@pytest.mark.parametrize("headers", [JSON, {"Content-Type": "application/json; charset=utf-8"}])
def test_byte_order_marks_and_wide_characters_are_read(
    charset: str, headers: dict[str, str]
) -> None:
    (alert,) = parse('{"title": "Füllstand ☃"}'.encode(charset), headers)
    assert (alert.title, alert.unknown_format) == ("Füllstand ☃", False)

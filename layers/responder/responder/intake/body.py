"""From the bytes of a request to JSON or text; everything that makes a body unreadable is here.

``registry.read`` calls ``read_body`` first; the errors are the sender's to correct. Refused is
only what can never be read: what might be an alert goes on as text, however broken its JSON is.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import from_json

from responder.intake.errors import BadRequest
from responder.intake.fields import first
from responder.intake.forms import form_fields, is_surely_form, multipart_fields
from responder.intake.mending import mended
from responder.intake.names import names_of

#: In base64 and with its headers a request must fit into Lambda's 6 MB synchronous payload:
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES = 4 * 1024 * 1024

# Charsets that senders of alerts declare; any other name is read as UTF-8.
_CHARSETS = {"iso-8859-1", "latin1", "windows-1252", "us-ascii", "utf-16", "utf-16le", "utf-16be"}
# Window sizes of zlib: gzip's own header, zlib's header, no header at all (what some clients send
# as "deflate").
_GZIP, _ZLIB, _BARE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _BARE)}
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_OPENINGS = ("{", "[")
# Fields of a form, or of a small object, that hold the whole message as JSON; a field that is
# alone may have any name.
_ENVELOPES = ("payload", "data", "json", "body")
_MAX_BESIDE = 3
_MENDED = "body: broken JSON (quotes, backslashes or empty values), mended by intake"
# A text in which more than every tenth character cannot be decoded is no text.
_MOST_UNREADABLE = 10
# Line ends inside texts are what templates leave unescaped most; NaN and Infinity are no JSON, and
# as texts they are as good here.
_DECODER = json.JSONDecoder(strict=False, parse_constant=str)
# Python refuses integers of thousands of digits; as texts they, too, are as good here.
_PATIENT_DECODER = json.JSONDecoder(strict=False, parse_constant=str, parse_int=str)


class Body(NamedTuple):
    """Parsed JSON (or a form's fields), else the text itself. ``notes`` say what was mended."""

    value: object
    notes: tuple[str, ...] = ()


def read_body(body: bytes, headers: Mapping[str, str]) -> Body:
    """What is in a body. Raises BadRequest for what can never be read, or is too large."""
    mended_parts: list[str] = []
    value = _value(body, headers, mended_parts)
    return Body(value, (_MENDED,) if mended_parts else ())


def _value(body: bytes, headers: Mapping[str, str], mended_parts: list[str]) -> object:
    _check_size(len(body))
    declared = headers.get("content-type", "")
    content_type, _, parameters = declared.lower().partition(";")
    content_type = content_type.strip()
    body = _unzipped(body, headers)
    if content_type == _MULTIPART and (parts := multipart_fields(body, declared)):
        return _opened(parts, mended_parts)
    text = _decoded(body, parameters)
    if not text.strip():
        raise BadRequest(400, "empty_body", "The request has no body.")
    if _looks_like_json(text):
        return _json_or_text(text, mended_parts)
    if (content_type == _FORM or is_surely_form(text)) and (form := form_fields(text)):
        return _opened(form, mended_parts)
    return _scalar(text, is_json=content_type == "application/json")


def load_json(text: str) -> object:
    """Parsed JSON. Raises ValueError or RecursionError as the standard library does."""
    try:
        # What is JSON by the letter takes a third of the standard library's time.
        return from_json(text, allow_inf_nan=False, cache_strings="keys")
    except (ValueError, TypeError):
        return _load_leniently(text)


def _load_leniently(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _PATIENT_DECODER.decode(text)


def json_inside(text: str) -> object | None:
    """The object, array or text that a text holds as JSON; None where it holds none."""
    if text.lstrip()[:1] not in (*_OPENINGS, '"'):
        return None
    try:
        value = load_json(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list | str) else None


def from_base64(value: object) -> str:
    """The text of base64, empty where there is none."""
    if not isinstance(value, str):
        return ""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _looks_like_json(text: object) -> bool:
    return isinstance(text, str) and text.lstrip()[:1] in _OPENINGS


def _json_or_text(text: str, mended_parts: list[str]) -> object:
    try:
        value = load_json(text)
    except RecursionError:
        return text
    except ValueError:
        value = mended(text, _load_leniently)
        if value is not None:
            mended_parts.append(text)
    if isinstance(value, dict) and len(value) <= _MAX_BESIDE:
        return _opened(value, mended_parts)
    return text if value is None else value


def _scalar(text: str, *, is_json: bool) -> object:
    """A text, which JSON may have between quotes; refused is a bare number, true, false or null."""
    try:
        value = load_json(text)
    except (ValueError, RecursionError):
        return text
    if is_json and not isinstance(value, str):
        message = "The body is JSON, but neither an object, nor an array, nor a text."
        raise BadRequest(400, "not_an_object", message, "body")
    return value if isinstance(value, str) and value.strip() else text


def quoted(value: object) -> Body | None:
    """What a titled body holds as JSON: a tool's own payload, or only what the message quotes."""
    if not isinstance(value, dict) or not _has_title(value):
        return None
    mended_parts: list[str] = []
    inside = _inside(value, mended_parts)
    return None if inside is value else Body(inside, (_MENDED,) if mended_parts else ())


def _opened(fields: dict[str, object], mended_parts: list[str]) -> object:
    """What is inside; but what has a title is the message itself, whatever JSON it quotes."""
    return fields if _has_title(fields) else _inside(fields, mended_parts)


def _has_title(fields: dict[str, object]) -> bool:
    return len(fields) > 1 and bool(first(fields, names_of(fields).title))


def _inside(fields: dict[str, object], mended_parts: list[str]) -> object:
    """What a field of the body holds as JSON, with the fields beside it; else the fields."""
    for name in _ENVELOPES if len(fields) > 1 else fields:
        held = fields.get(name)
        if isinstance(held, str) and _looks_like_json(held):
            inner = _json_or_text(held, mended_parts)
            if isinstance(inner, dict):
                return {key: value for key, value in fields.items() if key != name} | inner
            if isinstance(inner, list) and len(fields) == 1:
                return inner
    return fields


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        message = f"The body is larger than {MAX_BODY_BYTES} bytes."
        raise BadRequest(413, "too_large", message, "body")


def _unzipped(body: bytes, headers: Mapping[str, str]) -> bytes:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _WINDOWS:
        message = f"Content-Encoding {encoding[:40]!r} is not understood; use gzip or none."
        raise BadRequest(400, "unknown_encoding", message, "Content-Encoding")
    for window in _WINDOWS[encoding]:
        reader = zlib.decompressobj(window)
        try:
            plain = reader.decompress(body, MAX_BODY_BYTES + 1)
        except zlib.error:
            continue
        _check_size(len(plain))
        if reader.eof:
            return plain
    message = f"The body is declared as {encoding} and is none, or ends too early."
    raise BadRequest(400, f"invalid_{encoding.removeprefix('x-')}", message, "body")


def _decoded(body: bytes, parameters: str) -> str:
    """The text of the body, in the charset that its first bytes show, else in the declared one."""
    charset: str = json.detect_encoding(body)
    if parameters and charset.startswith("utf-8"):
        charset = _declared_charset(parameters) or charset
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        text = body.decode("utf-8-sig", errors="replace")
    if text.count("\ufffd") * _MOST_UNREADABLE > len(text):
        message = f"The body is not {charset.removesuffix('-sig')} text."
        raise BadRequest(400, "undecodable", message, "body")
    return text


def _declared_charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        value = value.strip("\"' ")
        if name == "charset" and value in _CHARSETS:
            return value
    return ""

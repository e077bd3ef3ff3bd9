"""From the bytes of a request to JSON or text; everything that makes a body unreadable is here.

``registry.parse`` calls ``read_body`` first; the errors are the sender's to correct.
"""

import json
import zlib
from collections.abc import Mapping
from urllib.parse import parse_qsl

from responder.intake.errors import BadRequest

#: In base64 and with its headers a request must fit into Lambda's 6 MB synchronous payload:
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_FORM_FIELDS = 500

# Charsets that senders of alerts declare; any other name is read as UTF-8.
_CHARSETS = {"iso-8859-1", "latin1", "windows-1252", "us-ascii", "utf-16", "utf-16le", "utf-16be"}
_GZIP = 16 + zlib.MAX_WBITS


def read_body(body: bytes, headers: Mapping[str, str]) -> object:
    """Parsed JSON (or a form's fields), else the text itself.

    Raises BadRequest for what can never be read, or is too large.
    """
    _check_size(len(body))
    content_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    content_type = content_type.strip()
    text = _decoded(_unzipped(body, headers), parameters)
    if not text.strip():
        raise BadRequest(400, "empty_body", "The request has no body.")
    if content_type == "application/x-www-form-urlencoded" and (form := _form(text)):
        return form
    return _json_or_text(text, strict=content_type == "application/json")


def load_json(text: str) -> object:
    """Parsed JSON. Raises ValueError or RecursionError as the standard library does."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Python refuses integers of thousands of digits; as text they are as good here.
        return json.loads(text, parse_int=str)


def _json_or_text(text: str, *, strict: bool) -> object:
    try:
        value = load_json(text)
    except RecursionError:
        return text
    except ValueError as error:
        if strict:
            message = f"The body is declared as JSON and is none: {error}."
            raise BadRequest(400, "invalid_json", message, "body") from error
        return text
    if isinstance(value, dict | list) or _holds_object(value):
        return value
    if strict:
        message = "The body is JSON, but neither an object nor an array."
        raise BadRequest(400, "not_an_object", message, "body")
    return text


def _holds_object(value: object) -> bool:
    return isinstance(value, str) and value.lstrip()[:1] in ("{", "[")


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        message = f"The body is larger than {MAX_BODY_BYTES} bytes."
        raise BadRequest(413, "too_large", message, "body")


def _unzipped(body: bytes, headers: Mapping[str, str]) -> bytes:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        message = f"Content-Encoding {encoding[:40]!r} is not understood; use gzip or none."
        raise BadRequest(400, "unknown_encoding", message, "Content-Encoding")
    reader = zlib.decompressobj(_GZIP)
    try:
        plain = reader.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        message = "The body is declared as gzip and is none."
        raise BadRequest(400, "invalid_gzip", message, "body") from error
    _check_size(len(plain))
    if not reader.eof:
        raise BadRequest(400, "invalid_gzip", "The gzip body ends too early.", "body")
    return plain


def _decoded(body: bytes, parameters: str) -> str:
    charset = "utf-8-sig"
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip("\"' ") in _CHARSETS:
            charset = value.strip("\"' ")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16"
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        message = f"The body is not {charset.removesuffix('-sig')} text (byte {error.start})."
        raise BadRequest(400, "undecodable", message, "body") from error


def _form(text: str) -> dict[str, object]:
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS))
    except ValueError:
        return {}
    # One field that carries the whole message as JSON is an envelope, not a form.
    if set(fields) <= {"payload"} and _holds_object(fields.get("payload")):
        try:
            held = load_json(fields["payload"])
        except (ValueError, RecursionError):
            return dict(fields)
        return held if isinstance(held, dict) else dict(fields)
    return dict(fields)

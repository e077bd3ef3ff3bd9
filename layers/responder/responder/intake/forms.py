"""Bodies of fields instead of JSON: HTML forms and multipart bodies, both bounded.

``body`` calls ``form_fields`` and ``multipart_fields``; each gives nothing where it finds no form.
"""

import re
from urllib.parse import parse_qsl

#: Fields of a form, and parts of a multipart body, that are read.
MAX_FIELDS = 500
#: Bytes of a part's own headers; a part with more is no field.
MAX_PART_HEADERS = 8_000
#: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
MAX_BOUNDARY = 70

_NAME = re.compile(r"[\w.:*\[\]-]{1,128}")
# What is certainly a form though nothing declares it: two fields or more, and no white space.
_SURELY = re.compile(r"[\w.*\[\]-]{1,128}=[^\s&=]*(?:&[\w.*\[\]-]{1,128}=[^\s&=]*)+")
_BOUNDARY = re.compile(r";\s{0,9}boundary=(?:\"([^\"]+)\"|([^\s;\"]+))", re.IGNORECASE)
_PART_NAME = re.compile(
    rb"^content-disposition:[^\r\n]{0,200}?;\s{0,9}name=(?:\"([^\"\r\n]+)\"|([^\s;\"]+))",
    re.IGNORECASE | re.MULTILINE,
)


def is_surely_form(text: str) -> bool:
    """Whether a text that nothing declares as a form can hardly be anything else."""
    return bool(_SURELY.fullmatch(text.strip()))


def form_fields(text: str) -> dict[str, object]:
    """The fields of a URL-encoded form; empty where the text is none."""
    if "=" not in text:
        return {}
    try:
        pairs = parse_qsl(
            text.strip(), keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        return {}
    return dict(pairs) if all(_NAME.fullmatch(name) for name, _ in pairs) else {}


def multipart_fields(body: bytes, content_type: str) -> dict[str, object]:
    """The text fields of a multipart body; empty where it holds none.

    It is cut at its boundary: the standard library's parser of e-mail reads line by line, seconds
    for four megabytes of line ends, and raises on some parameters.
    """
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2]).encode(errors="replace") if found else b""
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        return {}
    if b"\r\n" not in body:
        body = body.replace(b"\n", b"\r\n")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, MAX_FIELDS + 1)
    fields: dict[str, object] = {}
    for part in parts[1 : MAX_FIELDS + 1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if blank and len(head) <= MAX_PART_HEADERS and (name := _PART_NAME.search(head)):
            fields[(name[1] or name[2]).decode(errors="replace")] = content.decode(errors="replace")
    return fields

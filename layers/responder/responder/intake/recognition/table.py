"""The one ordered table: the families' rows, one family after the other, and their index."""

from collections.abc import Sequence

from responder.intake.draft import Request
from responder.intake.recognition import (
    applications,
    aws,
    ci,
    clouds,
    errors,
    hosts,
    logs,
    prometheus,
    uptime,
)
from responder.intake.recognition.row import Row

#: First match wins: what is told apart by more stands above what is told apart by less.
ROWS: tuple[Row, ...] = (
    *ci.BY_HEADER,
    *aws.ROWS,
    *clouds.ROWS,
    *prometheus.ROWS,
    *applications.ROWS,
    *ci.ROWS,
    *logs.ROWS,
    *errors.ROWS,
    *uptime.ROWS,
    *hosts.ROWS,
)

TOOLS = tuple(dict.fromkeys(row.tool for row in ROWS))


def candidates(payload: object, request: Request) -> Sequence[Row]:
    """The few rows worth a look, in their order: those with a key or header that is there."""
    if isinstance(payload, dict):
        found = [place for key in payload if key in _BY_KEY for place in _BY_KEY[key]]
    elif isinstance(payload, list):
        found = list(_OF_ARRAYS)
    else:
        found = list(_OF_TEXTS) if isinstance(payload, str) else []
    found += [place for header in request.headers if header in _BY_HEADER
              for place in _BY_HEADER[header]]  # fmt: skip
    return [ROWS[place] for place in sorted(found)]


def _index() -> tuple[dict[str, list[int]], dict[str, list[int]], list[int], list[int]]:
    by_key: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    of_arrays, of_texts = [], []
    for place, row in enumerate(ROWS):
        if row.header:
            by_header.setdefault(row.header, []).append(place)
        elif row.array:
            of_arrays.append(place)
        elif row.text:
            of_texts.append(place)
        else:
            by_key.setdefault(row.keys[0], []).append(place)
    return by_key, by_header, of_arrays, of_texts


_BY_KEY, _BY_HEADER, _OF_ARRAYS, _OF_TEXTS = _index()

"""Papertrail: saved searches that found log lines (sent as a form with one field of JSON).

https://www.papertrail.com/help/web-hooks/

There is no resolve.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "papertrail"

_MAX_LINES = 10


def split(payload: object) -> Sequence[object]:
    """One search each, however many lines it found."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a search."""
    body = mapping(element)
    search = mapping(body.get("saved_search"))
    number, name = first(search, ["id"]), first(search, ["name"])
    if not name and not number:
        raise Unreadable("no search")
    events = [mapping(event) for event in sequence(body.get("events"))]
    last = events[-1] if events else {}
    lines = [f"{first(event, ['hostname', 'source_name'])} {first(event, ['program'])}: "
             f"{first(event, ['message'])}" for event in events[:_MAX_LINES]]  # fmt: skip
    told = (read_severity(first(event, ["severity"])) for event in events[:_MAX_LINES])
    severities = [default_of(NAME), *(severity for severity in told if severity)]
    at = read_time(last.get("received_at")) or read_time(last.get("generated_at"))
    return Draft(
        source=NAME,
        fingerprint=number or name,
        native_id=number,
        title=name or f"Search {number}",
        message="\n".join(lines) or first(search, ["query"]),
        rule=name,
        # A line's own word may make it worse, never milder: somebody asked to be told of it.
        severity=min(severities, key=_rank),
        status=Status.FIRING,
        service=first(last, ["program"]),
        resource=first(last, ["hostname", "source_name"]),
        labels=string_map({"query": search.get("query"), "facility": last.get("facility")}),
        links={"source": first(search, ["html_search_url", "html_edit_url"])},
        happened_at=at,
        starts_at=at,
        delivery_id=first(body, ["max_id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip


def _rank(severity: Severity) -> int:
    return severity.rank

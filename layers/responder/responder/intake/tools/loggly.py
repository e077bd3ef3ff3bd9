"""Loggly: alerts of saved searches, by its HTTP endpoint.

https://documentation.solarwinds.com/en/success_center/loggly/content/admin/alert-endpoints.htm

There is no resolve. Its times have no year, so that the time of receipt stands for them.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "loggly"

_MAX_HITS = 5


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a search."""
    body = mapping(element)
    name, owner = first(body, ["alert_name"]), first(body, ["owner_subdomain"])
    if not name:
        raise Unreadable("an alert without a name")
    hits = [as_text(hit) for hit in sequence(body.get("recent_hits"))[:_MAX_HITS]]
    count = first(body, ["num_hits"])
    parts = (first(body, ["alert_description"]), f"{count} hits" if count else "", *hits)
    at = read_time(body.get("end_time"))
    return Draft(
        source=NAME,
        fingerprint=f"{owner}/{name}" if owner else name,
        title=name,
        message="\n".join(part for part in parts if part),
        rule=name,
        severity=default_of(NAME),
        status=Status.FIRING,
        labels=string_map({"query": body.get("query"), "source_group": body.get("source_group"),
                           "account": owner}),
        links={link: url for link, url in (("source", first(body, ["search_link"])),
                                           ("alert", first(body, ["edit_alert_link"]))) if url},
        happened_at=at,
        starts_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip

"""Airbrake: errors that are new or come back.

https://docs.airbrake.io/docs/integrations/webhooks/

There is no resolve.
"""

from collections.abc import Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "airbrake"


def split(payload: object) -> Sequence[object]:
    """One error each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an error."""
    body = mapping(element)
    error = mapping(body.get("error"))
    number, kind = first(error, ["id"]), first(error, ["error_class"])
    title = first(error, ["error_message"]) or kind
    if not title:
        raise Unreadable("no error")
    project, notice = mapping(error.get("project")), mapping(error.get("last_notice"))
    at = read_time(error.get("last_occurred_at"))
    file, line = first(error, ["file"]), first(error, ["line_number"])
    return Draft(
        source=NAME,
        fingerprint=f"{first(project, ['id', 'name'])}/{number or kind}",
        native_id=number,
        title=title,
        message=f"{file}:{line}" if file and line else file,
        rule=kind,
        severity=read_severity(first(error, ["severity"])) or default_of(NAME),
        status=Status.FIRING,
        service=first(project, ["name"]),
        resource=first(notice, ["request_url"]),
        scope=Scope(environment=first(error, ["environment"])),
        labels=string_map({"times": error.get("times_occurred"), "class": kind}),
        links={"source": first(body, ["airbrake_error_url"])},
        happened_at=at,
        starts_at=read_time(error.get("first_occurred_at")),
        delivery_id=first(notice, ["id"]) or request.delivery_id,
        raw=element,
    )

"""AppSignal: errors and slow requests.

https://docs.appsignal.com/application/integrations/webhooks.html

There is no resolve. Markers of deployments say neither.
"""

from collections.abc import Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.times import read_time

NAME = "appsignal"

_SEVERITIES = {"exception": Severity.HIGH, "performance": Severity.MEDIUM}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an error, or of a slow request."""
    body = mapping(element)
    if mapping(body.get("marker")):
        raise NotAnAlert("a deployment")
    kind = next((name for name in _SEVERITIES if mapping(body.get(name))), "")
    found = mapping(body.get(kind))
    site, action = first(found, ["site", "app"]), first(found, ["action"])
    name = first(found, ["exception", "name"])
    if not site or not (name or action):
        raise Unreadable("neither an error nor a slow request")
    title = f"{name}: {first(found, ['message'])}".rstrip(": ") if name else f"{action} is slow"
    duration, environment = first(found, ["duration"]), first(found, ["environment"])
    at = read_time(found.get("time"))
    return Draft(
        source=NAME,
        fingerprint="/".join(part for part in (site, environment, kind, name, action) if part),
        native_id=first(found, ["number", "id"]),
        title=title,
        message="\n".join(part for part in (
            f"In {action}" if action else "", f"Duration: {duration} ms" if duration else "",
            first(found, ["first_backtrace_line"])) if part),
        rule=name or action,
        severity=_SEVERITIES[kind],
        status=Status.FIRING,
        service=site,
        resource=first(found, ["hostname"]) or action,
        scope=Scope(environment=environment),
        labels=string_map({"action": action, "path": found.get("path"),
                           "version": found.get("revision")}),
        links={"source": first(found, ["url"])},
        happened_at=at,
        starts_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip

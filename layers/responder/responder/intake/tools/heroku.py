"""Heroku app webhooks: builds and releases that failed, dynos that crashed.

https://devcenter.heroku.com/articles/webhook-events
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "heroku"

_STATES = words(
    "failed crashed",
    "succeeded up",
    "pending expired starting down idle restarting provisioning none",
)
_TITLES = {"build": "build failed", "release": "release failed"}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a build, a release or a dyno."""
    body = mapping(element)
    kind, data = first(body, ["resource"]), mapping(body.get("data"))
    if kind and kind not in ("build", "release", "dyno"):
        raise NotAnAlert(f"an event of a {kind[:60]}")
    app = first(mapping(data.get("app")), ["name", "id"])
    if not app or not kind:
        raise Unreadable("no app, or no resource")
    status = status_by(_STATES, first(data, ["status", "state"]) or "none")
    name = first(data, ["name"]) if kind == "dyno" else ""
    at = read_time(body.get("published_at")) or read_time(data.get("updated_at"))
    event = mapping(mapping(body.get("webhook_metadata")).get("event"))
    return Draft(
        source=NAME,
        fingerprint="/".join(part for part in (app, kind, name) if part),
        native_id=first(data, ["id"]),
        title=f"{app}: {_TITLES.get(kind) or f'dyno {name} crashed'}",
        message=first(data, ["description"]),
        rule=f"{NAME} {kind}",
        severity=default_of(NAME),
        status=status,
        service=app,
        resource=name or app,
        labels=string_map({"resource": kind, "version": data.get("version"),
                           "type": data.get("type")}),
        links={"source": f"https://dashboard.heroku.com/apps/{app}"},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(event, ["id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip

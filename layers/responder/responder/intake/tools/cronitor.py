"""Cronitor's webhook.

https://cronitor.io/docs/using-webhooks
"""

from collections.abc import Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "cronitor"


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A monitor that fails, or its recovery, of one environment."""
    fields = mapping(element)
    key, name = first(fields, ("id", "key")), first(fields, ("monitor", "name"))
    if not key and not name:
        raise Unreadable("no monitor")
    environment, group = first(fields, ("environment",)), first(fields, ("group",))
    at = read_time(fields.get("timestamp")) or read_time(fields.get("stamp"))
    is_over = first(fields, ("type",)).upper() == "RECOVERY"
    return Draft(
        source=NAME,
        fingerprint=f"{key or name}/{environment}" if environment else key or name,
        native_id=key,
        title=name or key,
        message=first(fields, ("description",)),
        rule=first(fields, ("rule",)),
        severity=read_severity(first(fields, ("severity",))) or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=name or key,
        scope=Scope(environment=environment),
        labels={"group": group} if group else {},
        links={
            "issue": first(fields, ("issue_url",)),
            "monitor": first(fields, ("monitor_url",)),
        },
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        raw=element,
    )

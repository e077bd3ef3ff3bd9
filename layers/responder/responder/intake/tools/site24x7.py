"""Site24x7's webhook with incident parameters, as JSON or as a form.

https://www.site24x7.com/help/admin/third-party-integration/webhooks.html

UP resolves; DOWN, CRITICAL and TROUBLE fire; maintenance and suspension are neither.
"""

from collections.abc import Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import default_of, tagged
from responder.intake.times import read_time

NAME = "site24x7"

_SEVERITIES = {"CRITICAL": Severity.CRITICAL, "TROUBLE": Severity.MEDIUM}
# https://www.site24x7.com/help/api/#monitor_status_constants
_NUMBERS = {"0": "DOWN", "1": "UP", "2": "TROUBLE", "3": "CRITICAL"}
_FIRING = frozenset({"DOWN", "CRITICAL", "TROUBLE"})


def split(payload: object) -> Sequence[object]:
    """One change of state each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A monitor whose state changed."""
    fields = folded(element)
    monitor = first(fields, ("monitorid",))
    name = first(fields, ("monitorname", "displayname"))
    state = first(fields, ("status",)).upper()
    state = _NUMBERS.get(state, state)
    if not (monitor or name) or not state:
        raise Unreadable("no monitor or no status")
    if state not in _FIRING and state != "UP":
        raise NotAnAlert(f"a monitor that is {state[:20].lower()}")
    status = Status.FIRING if state in _FIRING else Status.RESOLVED
    labels = tag_map(fields.get("labels")) | tag_map(fields.get("tags"))
    for label, source in (("monitor_type", "monitortype"), ("group", "monitorgroupname")):
        if text := first(fields, (source,)):
            labels.setdefault(label, text)
    place = place_of(labels)
    url = first(fields, ("monitorurl",))
    account = first(fields, ("accountid", "customerid", "accountname", "customername"))
    scope = place.scope.model_copy(update={"account": account}) if account else place.scope
    at = read_time(fields.get("incidenttimeiso")) or read_time(fields.get("incidenttime"))
    return Draft(
        source=NAME,
        fingerprint=_identity(scope, monitor or f"{name}/{url}"),
        native_id=monitor,
        title=name or url or f"Monitor {monitor}",
        message=first(fields, ("incidentreason", "incidentdetails")),
        rule=name,
        severity=tagged(labels) or _SEVERITIES.get(state) or default_of(NAME),
        status=status,
        service=place.service or name,
        resource=place.resource or url,
        scope=scope,
        labels=labels,
        links={"monitor": url, "dashboard": first(fields, ("monitordashboardlink",))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        raw=element,
    )


def _identity(scope: Scope, monitor: str) -> str:
    return f"{scope.account}/{monitor}" if scope.account else monitor

"""Pingdom: webhooks of state changes, and those of the older BeepManager (``message=`` in a query).

https://www.pingdom.com/resources/webhooks/

UP and SUCCESS resolve what DOWN and FAILING fired; BeepManager says ``notify_of_close``.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, tag_map
from responder.intake.severity import default_of, tagged
from responder.intake.times import read_time

NAME = "pingdom"

_OVER = frozenset({"UP", "SUCCESS", "NOTIFY_OF_CLOSE", "CLOSE"})
_NEITHER = frozenset({"PAUSED", "UNKNOWN", "UNCONFIRMED_DOWN"})
_IMPORTANCE = {"HIGH": Severity.HIGH, "LOW": Severity.LOW}


def split(payload: object) -> Sequence[object]:
    """One change of state each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A check that went down, or is up again; the same check in both families."""
    fields = mapping(element)
    check = first(fields, ("check_id", "check"))
    name = first(fields, ("check_name", "checkname", "name")) or check
    state = first(fields, ("current_state", "action", "status")).upper()
    if not name or not state:
        raise Unreadable("no check or no state")
    if state in _NEITHER:
        raise NotAnAlert(f"a check that is {state.lower()}")
    status = Status.RESOLVED if state in _OVER else Status.FIRING
    labels = tag_map(fields.get("tags"))
    if kind := first(fields, ("check_type",)):
        labels.setdefault("check_type", kind)
    place = place_of(labels)
    parameters = mapping(fields.get("check_params"))
    url = first(parameters, ("full_url",))
    at = read_time(fields.get("state_changed_timestamp")) or read_time(
        fields.get("state_changed_utc_time")
    )
    return Draft(
        source=NAME,
        fingerprint=check or name,
        native_id=check,
        title=name,
        message=_message(fields),
        rule=name,
        severity=_severity(fields, labels),
        status=status,
        service=place.service or name,
        resource=place.resource or first(parameters, ("hostname",)) or first(fields, ("host",)),
        scope=place.scope,
        labels=labels,
        links={"check": url},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        # BeepManager has no time; assigning and closing are different messages of an incident.
        delivery_id="" if at else first(fields, ("incidentid",)),
        raw=element,
    )


def _severity(fields: Mapping[str, object], labels: Mapping[str, str]) -> Severity:
    importance = first(fields, ("importance_level",)).upper()
    return tagged(labels) or _IMPORTANCE.get(importance) or default_of(NAME)


def _message(fields: Mapping[str, object]) -> str:
    parts = (first(fields, (name,)) for name in ("description", "long_description",
                                                 "custom_message"))  # fmt: skip
    return "\n".join(dict.fromkeys(part for part in parts if part))

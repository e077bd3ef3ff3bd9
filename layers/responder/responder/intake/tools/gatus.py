"""Gatus: its custom alert provider with our template.

https://github.com/TwiN/gatus#configuring-custom-alerts
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, folded
from responder.intake.severity import default_of, read_severity

NAME = "gatus"

_STATES = {"triggered": Status.FIRING, "resolved": Status.RESOLVED}


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An endpoint whose conditions fail, or hold again."""
    fields = {name: value for name, value in folded(element).items() if not _is_unfilled(value)}
    name = first(fields, ("endpointname", "endpoint", "servicename"))
    group, url = first(fields, ("endpointgroup", "group")), first(fields, ("endpointurl", "url"))
    state = first(fields, ("alertstate", "alerttriggeredorresolved", "state", "status")).lower()
    if not name or state not in _STATES:
        raise Unreadable("no endpoint, or neither triggered nor resolved")
    labels = {"group": group} if group else {}
    return Draft(
        source=NAME,
        fingerprint=f"{group}/{name}" if group else name,
        native_id=f"{group}/{name}" if group else name,
        title=f"{group}/{name}" if group else name,
        message=_message(fields),
        rule=name,
        severity=read_severity(first(fields, ("severity", "priority"))) or default_of(NAME),
        status=_STATES[state],
        service=name,
        resource=url,
        labels=labels,
        links={"endpoint": url},
        raw=element,
    )


def _message(fields: Mapping[str, object]) -> str:
    names = ("alertdescription", "description", "resulterrors", "resultconditions")
    return "\n".join(filter(None, (first(fields, (name,)) for name in names)))


def _is_unfilled(value: object) -> bool:
    """Whether a placeholder such as ``[RESULT_ERRORS]`` was left as it is."""
    return isinstance(value, str) and value.startswith("[") and value.strip("[]_").isupper()

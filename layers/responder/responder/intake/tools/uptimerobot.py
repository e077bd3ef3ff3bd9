"""UptimeRobot's webhook: its variables in the query, as a form or as JSON.

https://uptimerobot.com/integrations/webhooks/

``alertType`` 1 is down, 2 is up, 3 is a certificate or domain that expires, which nothing resolves.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import labelled
from responder.intake.times import read_time

NAME = "uptimerobot"

_DOWN, _UP, _EXPIRY = "1", "2", "3"
_TYPES = {"down": _DOWN, "up": _UP}


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A monitor that is down, up again, or about to expire."""
    fields = folded(element)
    monitor = first(fields, ("monitorid",))
    url = first(fields, ("monitorurl",))
    name = first(fields, ("monitorfriendlyname", "monitorname")) or url
    said = first(fields, ("alerttypefriendlyname",))
    kind = first(fields, ("alerttype",))
    kind = kind if kind.isdigit() else _type(f"{kind} {said}".lower())
    if not (monitor or name):
        raise Unreadable("no monitor")
    if kind not in (_DOWN, _UP, _EXPIRY):
        raise NotAnAlert(f"an alert of type {kind[:20]}")
    labels = tag_map(fields.get("tags") or fields.get("monitortags"))
    place = place_of(labels)
    expires = kind == _EXPIRY
    at = read_time(fields.get("alertdatetime"))
    status = Status.RESOLVED if kind == _UP else Status.FIRING
    return Draft(
        source=NAME,
        fingerprint=f"{monitor or name}#expiry" if expires else monitor or name,
        native_id=monitor,
        title=f"{name}: {said or 'expires soon'}" if expires else name,
        message=first(fields, ("alertdetails",)),
        rule=name,
        severity=Severity.MEDIUM if expires else labelled(labels, NAME),
        status=status,
        service=place.service or name,
        resource=place.resource or url,
        scope=place.scope,
        labels=labels,
        links={"monitor": url},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        raw=element,
    )


def _type(words: str) -> str:
    found = (_TYPES[word] for word in words.split() if word in _TYPES)
    return next(found, _EXPIRY if "expir" in words or "ssl" in words else words)

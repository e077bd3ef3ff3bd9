"""PagerDuty's Events API, version 2 and 1, as many tools send it: pointed at us instead.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
https://developer.pagerduty.com/docs/events-api-v1/trigger-events/

``trigger`` and ``acknowledge`` fire, ``resolve`` resolves and may have nothing but its key. A
change event, which has neither an action nor a severity, is no alert.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "pagerduty"

_STATES = {
    "trigger": Status.FIRING,
    "acknowledge": Status.FIRING,
    "resolve": Status.RESOLVED,
}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    fields = mapping(element)
    return _version_1(fields) if "event_type" in fields else _version_2(fields)


def _version_2(fields: Mapping[str, object]) -> Draft:
    payload = mapping(fields.get("payload"))
    action = first(fields, ("event_action",)).lower()
    if not action and "severity" not in payload:
        if "summary" not in payload:
            raise Unreadable("neither an action nor a summary")
        raise NotAnAlert("a change event")
    details = string_map(payload.get("custom_details"))
    labels = {**details, **_present(payload, ("component", "group", "class"))}
    key = first(fields, ("dedup_key",))
    said = (first(payload, ("summary",)), first(payload, ("source",)), labels.get("class", ""))
    at = read_time(payload.get("timestamp"))
    status = _STATES.get(action, Status.FIRING)
    place = place_of(details)
    return Draft(
        source=NAME,
        fingerprint=_fingerprint(first(fields, ("routing_key",)), key, said),
        native_id=key,
        title=said[0] or _untitled(key),
        message=_message(payload.get("custom_details"), details),
        rule=labels.get("class", ""),
        severity=_severity(first(payload, ("severity",)), details),
        status=status,
        service=place.service or first(payload, ("component", "group")),
        resource=said[1],
        scope=place.scope,
        labels=labels,
        links=_links(fields),
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at if status is Status.RESOLVED else None,
        raw=fields,
    )


def _version_1(fields: Mapping[str, object]) -> Draft:
    details = string_map(fields.get("details"))
    key, description = first(fields, ("incident_key",)), first(fields, ("description",))
    place = place_of(details)
    return Draft(
        source=NAME,
        fingerprint=_fingerprint(first(fields, ("service_key",)), key, (description,)),
        native_id=key,
        title=description or _untitled(key),
        message=_message(fields.get("details"), details),
        severity=_severity("", details),
        status=_STATES.get(first(fields, ("event_type",)).lower(), Status.FIRING),
        service=place.service,
        resource=first(details, ("source", "host", "hostname", "instance")),
        scope=place.scope,
        labels=details,
        links=_links(fields),
        raw=fields,
    )


def _fingerprint(integration: str, key: str, said: Sequence[str]) -> str:
    """A key counts within its integration, whose own key is a secret and only hashed."""
    if key:
        return digest(integration, key) if integration else key
    if not any(said):
        raise Unreadable("an event without a key or a summary")
    return digest(integration, *said)


def _untitled(key: str) -> str:
    return f"PagerDuty event {key}"


def _severity(word: str, details: Mapping[str, str]) -> Severity:
    return read_severity(word) or severity_of_labels(details) or default_of(NAME)


def _present(values: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    return {name: text for name in names if (text := first(values, (name,)))}


def _message(value: object, details: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(f"{name}: {text}" for name, text in details.items())


def _links(fields: Mapping[str, object]) -> dict[str, str]:
    links = {"source": first(fields, ("client_url",))}
    listed = [*sequence(fields.get("links")), *sequence(fields.get("contexts"))]
    for item in map(mapping, listed):
        url = first(item, ("href",))
        links.setdefault(first(item, ("text",)) or url, url)
    images = map(mapping, [*sequence(fields.get("images")), *listed])
    links["image"] = next((src for image in images if (src := first(image, ("src",)))), "")
    return links

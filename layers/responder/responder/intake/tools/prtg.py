"""PRTG: the HTTP action with our template, or another of PRTG's placeholder names.

https://www.paessler.com/manuals/prtg/list_of_placeholders_for_notifications

Up (also "Down ended (now: Up)") resolves; Down, Warning, Unusual and Unknown fire; a paused sensor
is neither. ``priority`` is one to five stars.
"""

import re
from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import default_of, tagged
from responder.intake.times import read_time

NAME = "prtg"

_SEVERITIES = {"warning": Severity.MEDIUM, "unusual": Severity.LOW, "unknown": Severity.MEDIUM}
# "Down ended (now: Up)": what counts is where the sensor went.
_NOW = re.compile(r"\(now: ?([a-z ]+)")
_STARS = {"5": Severity.CRITICAL, "*****": Severity.CRITICAL}
_UNFILLED = "%"


def split(payload: object) -> Sequence[object]:
    """One change of state each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A sensor whose state changed."""
    fields = {name: value for name, value in folded(element).items() if not _is_unfilled(value)}
    sensor, device = first(fields, ("sensor", "sensorname", "name")), first(fields, ("device",))
    state = first(fields, ("status", "state")).lower()
    if not sensor or not state:
        raise Unreadable("no sensor or no status")
    if found := _NOW.search(state[:200]):
        state = found[1]
    if state.startswith("paused"):
        raise NotAnAlert("a paused sensor")
    is_over = state.startswith(("up", "ok"))
    labels = tag_map(fields.get("tags"))
    for name in ("group", "probe", "sitename"):
        if text := first(fields, (name,)):
            labels.setdefault(name, text)
    place = place_of(labels)
    at = read_time(fields.get("datetime")) or read_time(fields.get("timestamp"))
    native_id = first(fields, ("sensorid", "id"))
    server = first(fields, ("server", "prtgserver", "home"))
    about = native_id or f"{device}/{sensor}"
    return Draft(
        source=NAME,
        fingerprint=f"{server}/{about}" if server else about,
        native_id=native_id,
        title=f"{sensor} on {device}" if device else sensor,
        message=first(fields, ("message", "lastmessage", "down")),
        rule=sensor,
        severity=_severity(state, labels, first(fields, ("priority", "prio"))),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or device or sensor,
        resource=device or first(fields, ("host",)),
        scope=place.scope,
        labels=labels,
        links={
            "sensor": first(fields, ("linksensor", "link", "url")),
            "device": first(fields, ("linkdevice",)),
        },
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        raw=element,
    )


def _severity(state: str, labels: Mapping[str, str], priority: str) -> Severity:
    mild = _SEVERITIES.get(state.partition(" ")[0])
    return tagged(labels) or mild or _STARS.get(priority) or default_of(NAME)


def _is_unfilled(value: object) -> bool:
    """Whether a placeholder such as ``%sensorid`` was left as it is."""
    return isinstance(value, str) and value.startswith(_UNFILLED) and value[1:].isalnum()

"""Uptime Kuma's webhook: JSON, its one multipart part ``data``, or fields in the query.

https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js

``heartbeat.status`` 0 is down and 1 is up; 2 (pending) and 3 (maintenance) are neither. Notices of
certificates and domains, and the Test button, have no heartbeat and no monitor, only ``msg``.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, tag_map
from responder.intake.recognition.uptime import says_kuma_state
from responder.intake.severity import labelled
from responder.intake.times import read_time

NAME = "uptime-kuma"

_STATES = {"0": Status.FIRING, "down": Status.FIRING, "1": Status.RESOLVED, "up": Status.RESOLVED}
_NEITHER = frozenset({"2", "pending", "3", "maintenance"})
# What a monitor sends, which may hold credentials under any name.
_PRIVATE = frozenset({"headers", "body", "grpcBody", "grpcMetadata", "screenshot"})
_NO_URL = "https://"
_EXPIRY = " will expire in "
_TEST = " Testing"
# As Uptime Kuma's own example of a custom body has it, and others' ways.
_OTHER_NAMES = ("Body", "body", "message", "text")


def split(payload: object) -> Sequence[object]:
    """One heartbeat or notice each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A change of a monitor's state, or a notice."""
    fields = mapping(element)
    beat, monitor = _object(fields.get("heartbeat")), _object(fields.get("monitor"))
    said = first(fields, ("msg",)) or _in_other_words(fields)
    if not beat and not monitor and not says_kuma_state(said):
        return _notice(said, element)
    status = _status(beat, said)
    name = first(monitor, ("name", "pathName")) or _named(said)
    native_id = first(monitor, ("id",)) or first(beat, ("monitorID",))
    labels = tag_map(monitor.get("tags"))
    if kind := first(monitor, ("type",)):
        labels.setdefault("monitor_type", kind)
    place = place_of(labels)
    at = read_time(beat.get("time"))
    return Draft(
        source=NAME,
        # Two instances both have a monitor 1.
        fingerprint=f"{native_id}/{name}",
        native_id=native_id,
        title=name or said,
        message=_message(beat, said),
        rule=name,
        severity=labelled(labels, NAME),
        status=status,
        service=place.service or name,
        resource=place.resource or _target(monitor),
        scope=place.scope,
        labels=labels,
        links={"monitor": first(monitor, ("url",))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else read_time(beat.get("lastDownTime")),
        ends_at=at,
        raw={
            **fields,
            "heartbeat": beat,
            "monitor": {key: item for key, item in monitor.items() if key not in _PRIVATE},
        },
    )


def _in_other_words(fields: Mapping[str, object]) -> str:
    """The message of a change, which a body of the user's may have alone and by another name."""
    said = (first(fields, (name,)) for name in _OTHER_NAMES)
    return next(filter(says_kuma_state, said), "")


def _object(value: object) -> Mapping[str, object]:
    """A part of the message, which a query carries as JSON text."""
    if isinstance(value, str):
        try:
            value = load_json(value)
        except (ValueError, RecursionError):
            return {}
    return mapping(value)


def _status(beat: Mapping[str, object], said: str) -> Status:
    state = first(beat, ("status",)).lower()
    if state in _NEITHER:
        raise NotAnAlert("a monitor that is pending or in maintenance")
    return _STATES.get(state) or (Status.RESOLVED if " Up] " in said else Status.FIRING)


def _named(said: str) -> str:
    """The name in ``[name] [state] message``."""
    return said[1:].partition("]")[0] if said.startswith("[") else ""


def _message(beat: Mapping[str, object], said: str) -> str:
    message = first(beat, ("msg",))
    return said if message in ("", "N/A") else message


def _target(monitor: Mapping[str, object]) -> str:
    host, port = first(monitor, ("hostname",)), first(monitor, ("port",))
    if host:
        return f"{host}:{port}" if port else host
    url = first(monitor, ("url",))
    return "" if url == _NO_URL else url


def _notice(said: str, element: object) -> Draft:
    """A message without a monitor: an expiry, which nothing ever resolves, or a test."""
    if not said:
        raise Unreadable("neither a heartbeat nor a message")
    about = said.partition(_EXPIRY)[0]
    return Draft(
        source=NAME,
        fingerprint=f"notice:{digest(about)}",
        title=said,
        severity=Severity.INFO if said.endswith(_TEST) else Severity.MEDIUM,
        status=Status.FIRING,
        raw=element,
    )

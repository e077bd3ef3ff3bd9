"""CloudEvents whose data no tool knows; data that a tool knows is read as that tool's.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md

The data is read by the generic names; the event's type, source and subject stand for what it does
not say. A type that ends in a word of state ("com.example.disk.resolved") says the state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from responder.alert import Status
from responder.intake import generic, unknown
from responder.intake.body import from_base64, json_inside
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.times import read_time

NAME = "cloudevents"

_ENDS = frozenset({"resolved", "recovered", "closed", "cleared", "ok"})
_STARTS = frozenset({"firing", "fired", "triggered", "opened", "open", "raised", "alert", "failed"})


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    event = mapping(element)
    kind, source = first(event, ("type",)), first(event, ("source",))
    if not kind or not source:
        raise Unreadable("an event without a type or a source")
    subject, data = first(event, ("subject",)), _data_of(event)
    said = unknown.read(data if data is not None else {}, whole, request)
    is_text = isinstance(data, str) and said.title != generic.NO_TITLE
    base, state = _state_of(kind)
    status = Status.RESOLVED if state in _ENDS else said.status
    about = f"{kind}: {subject}" if subject else kind
    at = said.happened_at or read_time(event.get("time"))
    same = said.native_id or f"{base}/{subject or digest(said.title, said.resource)}"
    return replace(
        said,
        source=said.source if said.source not in (generic.NAME, "unknown", request.tool) else NAME,
        fingerprint=f"{source}/{same}",
        native_id=said.native_id,
        title=said.title if is_text or unknown.is_titled(data) else about,
        message=said.message if data else "",
        rule=said.rule or base,
        status=status,
        service=said.service,
        resource=said.resource or subject or source,
        labels={"type": kind, "source": source, **said.labels},
        happened_at=at,
        starts_at=said.starts_at or (at if status is Status.FIRING else None),
        ends_at=said.ends_at or (at if status is Status.RESOLVED else None),
        delivery_id=f"{source}#{first(event, ('id',))}",
        raw=element,
    )


def _data_of(event: Mapping[str, object]) -> object:
    """The data of an event: JSON, a text that may hold some, or either of them in base64."""
    data = event.get("data")
    if data is None:
        data = from_base64(event.get("data_base64")) or None
    inner = json_inside(data) if isinstance(data, str) else None
    return data if inner is None else inner


def _state_of(kind: str) -> tuple[str, str]:
    """The type without its last word, and that word, where it is one of state."""
    base, dot, last = kind.rpartition(".")
    word = last.lower()
    return (base, word) if dot and word in _ENDS | _STARTS else (kind, "")

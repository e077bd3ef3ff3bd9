"""FireHydrant's webhooks of incidents.

https://docs.firehydrant.com/docs/webhooks

An incident is over from the milestone ``resolved`` on. Change events and notes are no alerts.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, scope_of, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "firehydrant"

_OVER = ("resolved", "closed", "postmortem", "retrospective", "canceled", "cancelled")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an incident's event."""
    fields = mapping(element)
    kind = first(mapping(fields.get("event")), ("resource_type",)).lower()
    incident = mapping(mapping(fields.get("data")).get("incident"))
    if kind in ("change_event", "change") or kind.startswith("incident_"):
        raise NotAnAlert(f"an event of no incident: {kind}")
    incident_id, title = first(incident, ("id",)), first(incident, ("name", "title"))
    if not incident_id or not title:
        raise Unreadable("an incident without an id or a name")
    over = first(incident, ("current_milestone",)).lower().startswith(_OVER)
    reached = _milestones(incident)
    at = reached.get("resolved") if over else None
    labels = string_map(incident.get("labels"))
    place = place_of(labels)
    word = first(incident, ("priority",)) or first(incident, ("severity",))
    return Draft(
        source=NAME,
        fingerprint=incident_id,
        native_id=incident_id,
        title=title,
        message=first(incident, ("summary", "description", "customer_impact_summary")),
        severity=read_severity(word)
        or read_severity(first(incident, ("severity",)))
        or default_of(NAME),
        status=Status.RESOLVED if over else Status.FIRING,
        service=_name(incident, "services") or place.service,
        resource=place.resource,
        scope=scope_of({"environment": _name(incident, "environments"), **labels}),
        labels=labels,
        links={"source": first(incident, ("incident_url", "private_status_page_url"))},
        # A milestone's time is set by people, maybe to before what was told last.
        happened_at=read_time(incident.get("updated_at")) or read_time(at),
        starts_at=read_time(incident.get("started_at")) or read_time(incident.get("created_at")),
        ends_at=read_time(at),
        raw=element,
    )


def _milestones(incident: Mapping[str, object]) -> dict[str, object]:
    """When each milestone was reached."""
    listed = map(mapping, sequence(incident.get("milestones")))
    return {first(item, ("type",)): item.get("occurred_at") for item in listed}


def _name(incident: Mapping[str, object], field: str) -> str:
    return first(mapping(next(iter(sequence(incident.get(field))), None)), ("name", "slug"))

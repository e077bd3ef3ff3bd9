"""Atlassian Statuspage's webhooks to subscribers, and those of pages that copied them.

https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/

An incident is over when it is resolved (a post-mortem follows later), maintenance when it is
completed, and a component when it is operational. Maintenance is told as information.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import read_severity
from responder.intake.times import read_time

NAME = "statuspage"

_OVER = frozenset({"resolved", "postmortem", "completed", "operational"})
_PLANNED = frozenset({"scheduled", "notstartedyet"})
_COMPONENTS = {
    "degradedperformance": Severity.MEDIUM,
    "partialoutage": Severity.HIGH,
    "majoroutage": Severity.CRITICAL,
    "undermaintenance": Severity.INFO,
    # Better Stack's words.
    "degraded": Severity.MEDIUM,
    "downtime": Severity.HIGH,
    "maintenance": Severity.INFO,
}
_EVENTS = ("incident", "maintenance")


def split(payload: object) -> Sequence[object]:
    """One update each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An update of an incident, of maintenance, or of a component."""
    return read_as(NAME, element)


def read_as(source: str, element: object) -> Draft:
    """The same for a tool whose status pages send this shape, too."""
    fields = mapping(element)
    page = {"name": _owner(fields), **mapping(fields.get("page"))}
    kind = next((kind for kind in _EVENTS if isinstance(fields.get(kind), dict)), "")
    if kind:
        return _incident(source, kind, mapping(fields[kind]), page, element)
    if isinstance(fields.get("component_update"), dict):
        return _component(source, fields, page, element)
    raise Unreadable("neither an incident nor a component")


def _incident(
    source: str,
    kind: str,
    incident: Mapping[str, object],
    page: Mapping[str, object],
    raw: object,
) -> Draft:
    latest = mapping(next(iter(sequence(incident.get(f"{kind}_updates"))), None))
    # Better Stack's pages say the state of the page instead of the incident's.
    state = _word(first(incident, ("status",)) or first(latest, ("status",)))
    state = state or _word(first(page, ("status_indicator",)))
    if state in _PLANNED:
        raise NotAnAlert("maintenance that is planned")
    ends_at = read_time(incident.get("resolved_at"))
    is_over = state in _OVER or ends_at is not None
    starts_at = read_time(incident.get("started_at")) or read_time(incident.get("created_at"))
    updated_at = read_time(incident.get("updated_at")) or read_time(latest.get("created_at"))
    native_id = first(incident, ("id",))
    name = first(incident, ("name",))
    if not name and not native_id:
        raise Unreadable("an incident without a name and an id")
    labels = _labels(page, state)
    affected = [first(mapping(item), ("name",)) for item in sequence(incident.get("components"))]
    if names := ", ".join(filter(None, affected)):
        labels["components"] = names
    impact = _word(first(incident, ("impact_override", "impact")))
    indicator = _word(first(page, ("status_indicator",)))
    is_maintenance = kind == "maintenance" or impact == "maintenance"
    return Draft(
        source=source,
        fingerprint=f"{first(page, ('id',))}/{native_id or name}",
        native_id=native_id,
        title=name or f"Incident {native_id}",
        message=first(latest, ("body",)),
        severity=Severity.INFO
        if is_maintenance
        else read_severity(impact) or _COMPONENTS.get(indicator) or Severity.MEDIUM,
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=first(page, ("name",)) or next(iter(affected), ""),
        resource=next(iter(affected), ""),
        labels=labels,
        links={"incident": first(incident, ("shortlink", "url"))},
        happened_at=(ends_at or updated_at) if is_over else updated_at or starts_at,
        starts_at=starts_at,
        ends_at=ends_at or updated_at,
        delivery_id=first(latest, ("id",)),
        raw=raw,
    )


def _component(
    source: str, fields: Mapping[str, object], page: Mapping[str, object], raw: object
) -> Draft:
    update, component = mapping(fields["component_update"]), mapping(fields.get("component"))
    state = _word(first(update, ("new_status",)) or first(component, ("status",)))
    if not state:
        raise Unreadable("a component without a status")
    native_id = first(update, ("component_id",)) or first(component, ("id",))
    name = first(component, ("name",)) or first(update, ("component_name", "name"))
    was = _word(first(update, ("old_status",)))
    status = Status.RESOLVED if state in _OVER else Status.FIRING
    at = read_time(update.get("created_at")) or read_time(component.get("updated_at"))
    return Draft(
        source=source,
        fingerprint=f"{first(page, ('id',))}/component/{native_id or name}",
        native_id=native_id,
        title=name or f"Component {native_id}",
        message=first(component, ("description",)) or first(page, ("status_description",)),
        severity=_COMPONENTS.get(state) or _COMPONENTS.get(was) or Severity.MEDIUM,
        status=status,
        service=first(page, ("name",)) or name,
        resource=name,
        labels=_labels(page, state),
        links={"page": first(page, ("url",))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(update, ("id",)),
        raw=raw,
    )


def _owner(fields: Mapping[str, object]) -> str:
    """Whose page it is: often only the host of a link tells it (whose query holds a token)."""
    links = {**mapping(fields.get("meta")), **mapping(fields.get("page"))}
    host = first(links, ("url", "unsubscribe", "documentation")).partition("://")[2]
    return host.partition("/")[0]


def _labels(page: Mapping[str, object], state: str) -> dict[str, str]:
    labels = {"page": first(page, ("id",)), "state": state}
    return {name: text for name, text in labels.items() if text}


def _word(text: str) -> str:
    """A state in one spelling: ``major_outage`` is also written ``MAJOROUTAGE``."""
    return text.replace("_", "").replace(" ", "").lower()

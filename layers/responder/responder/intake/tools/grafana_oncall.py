"""Grafana OnCall and IRM: the default bodies of their outgoing webhooks.

https://grafana.com/docs/oncall/latest/configure/outgoing-webhooks/
https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/configure/integrations/webhooks/

An alert group's (or incident's) state counts, whatever event tells of it; only ``resolved`` is.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "grafana-oncall"


def split(payload: object) -> Sequence[object]:
    """One alert group or incident each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an alert group, or of an incident."""
    fields = mapping(element)
    if group := mapping(fields.get("alert_group")):
        return _group(fields, group)
    if incident := mapping(fields.get("incident")):
        return _incident(fields, incident)
    raise Unreadable("neither an alert group nor an incident")


def _group(fields: Mapping[str, object], group: Mapping[str, object]) -> Draft:
    event, cause = mapping(fields.get("event")), mapping(fields.get("alert_payload"))
    group_id = first(group, ("id",)) or first(fields, ("alert_group_id",))
    state = (first(group, ("state",)) or first(event, ("type",))).lower()
    labels = {**_causes_labels(cause), **_labels(group.get("labels"))}
    status = Status.RESOLVED if state in ("resolved", "resolve") else Status.FIRING
    if not group_id:
        raise Unreadable("an alert group without an id")
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=group_id,
        native_id=group_id,
        title=first(group, ("title",)) or first(cause, ("title", "alertname", "message")),
        message=first(cause, ("message", "description")),
        rule=labels.get("alertname", ""),
        severity=severity_of_labels(labels)
        or read_severity(first(cause, ("severity", "priority")))
        or default_of(NAME),
        status=status,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(mapping(group.get("permalinks")), ("web",)),
            "alert": first(cause, ("generatorURL", "link_to_upstream_details")),
        },
        happened_at=read_time(event.get("time")),
        starts_at=read_time(group.get("created_at")),
        ends_at=read_time(group.get("resolved_at")),
        raw=fields,
    )


def _causes_labels(cause: Mapping[str, object]) -> dict[str, str]:
    """Labels of the alert by which the group began, where its tool has labels."""
    return string_map(cause.get("commonLabels")) or string_map(cause.get("labels"))


def _labels(value: object) -> dict[str, str]:
    """Labels as an object, or as IRM lists them: ``{"key": {"name"}, "value": {"name"}}``."""
    if isinstance(value, dict):
        return string_map(value)
    pairs = [(mapping(item).get("key"), mapping(item).get("value")) for item in sequence(value)]
    return {_name(key): _name(text) for key, text in pairs if _name(key)}


def _name(value: object) -> str:
    return first(value, ("name",)) if isinstance(value, dict) else as_text(value)


def _incident(fields: Mapping[str, object], incident: Mapping[str, object]) -> Draft:
    incident_id = first(incident, ("incidentID", "id"))
    if not incident_id:
        raise Unreadable("an incident without an id")
    resolved = first(incident, ("status",)).lower() == "resolved"
    labels = {
        _name(mapping(label).get("key")) or "label": _name(mapping(label).get("label"))
        for label in sequence(incident.get("labels"))
    }
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=incident_id,
        native_id=incident_id,
        title=first(incident, ("title",)),
        message=first(incident, ("summary", "description")),
        severity=read_severity(first(incident, ("severity", "severityLabel"))) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"source": first(incident, ("overviewURL",))},
        happened_at=read_time(fields.get("time")),
        starts_at=read_time(incident.get("createdTime")),
        ends_at=read_time(incident.get("closedTime")),
        delivery_id=first(fields, ("id",)),
        raw=fields,
    )

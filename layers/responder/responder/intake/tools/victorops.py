"""Splunk On-Call, once VictorOps: the body of its REST endpoint, which many tools send.

https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/
https://help.victorops.com/knowledge-base/custom-outbound-webhooks/

``RECOVERY`` resolves; acknowledged still fires. Outbound webhooks are the user's own templates:
read are its variables' names ("ALERT.entity_id", "STATE.CURRENT_ALERT_PHASE") where it kept them.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    squeezed,
    string_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "victorops"

_KINDS = ("messagetype", "alertmessagetype")
_PHASES = ("statecurrentalertphase", "currentalertphase", "currentphase")
_IDS = ("entityid", "alertentityid", "stateentityid", "stateincidentname", "incidentname")
_TITLES = ("entitydisplayname", "alertentitydisplayname", "stateentitydisplayname")
_MESSAGES = ("statemessage", "alertstatemessage", "alertsubject")
_RESOLVED = frozenset({"recovery", "resolved", "ok"})
# Fields that are no labels: they have a place of their own, or change with every message.
_OWN = frozenset(
    {"message_type", "entity_id", "entity_display_name", "state_message", "state_start_time",
     "timestamp", "ack_msg", "ack_author", "alert_url", "current_alert_phase", "incident_name"}
)  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One message each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a message."""
    plain = mapping(element)
    fields = squeezed(plain)
    kind, phase = first(fields, _KINDS).lower(), first(fields, _PHASES).lower()
    entity = first(fields, _IDS)
    message = first(fields, _MESSAGES)
    title = first(fields, _TITLES) or entity or message.partition("\n")[0]
    if not (kind or phase) or not title:
        raise Unreadable("a message without a type or an entity")
    labels = {
        name: text
        for name, text in string_map(plain).items()
        if name.rpartition(".")[2].lower() not in _OWN
    }
    at = read_time(fields.get("statestarttime")) or read_time(fields.get("timestamp"))
    resolved = _RESOLVED & {kind, phase}
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=entity or digest(title),
        native_id=entity,
        title=title,
        message=message,
        severity=_severity(kind, labels),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service,
        resource=labels.get("host_name") or place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(fields, ("alerturl", "alertalerturl")),
            "incident": first(fields, ("incidenturl", "stateincidenturl")),
        },
        happened_at=at,
        starts_at=None if resolved else at,
        ends_at=at if resolved else None,
        raw=element,
    )


def _severity(kind: str, labels: Mapping[str, str]) -> Severity:
    own = read_severity(kind) if kind not in _RESOLVED else None
    return own or severity_of_labels(labels) or default_of(NAME)

"""MongoDB Atlas, Cloud Manager and Ops Manager.

https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/

The alert's status says its state, or, where a template left it out, the header ``X-MMS-Event``:
closed and cancelled alerts are over. ``INFORMATIONAL`` tells of a moment, such as an election.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "mongodb-atlas"

_HEADER = "x-mms-event"
_OF_HEADER = {"alert.close": "CLOSED", "alert.cancel": "CANCELLED", "alert.inform": "INFORMATIONAL"}
_ENDS = frozenset({"CLOSED", "CANCELLED"})
# What takes a cluster down, of the alerts that have no severity of their own.
_DOWN = frozenset({"HOST_DOWN", "NO_PRIMARY", "CLUSTER_MONGOS_IS_MISSING", "PRIMARY_MISSING"})


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert."""
    fields = mapping(element)
    native_id, event = first(fields, ("id",)), first(fields, ("eventTypeName", "typeName"))
    if not native_id and not event:
        raise Unreadable("an alert without an id or a type")
    state = first(fields, ("status",)).upper()
    state = state or _OF_HEADER.get(request.headers.get(_HEADER, "").lower(), "")
    group = first(fields, ("groupId", "orgId"))
    cluster = first(fields, ("clusterName", "replicaSetName"))
    host, metric = first(fields, ("hostnameAndPort",)), first(fields, ("metricName",))
    labels = {
        "metric": metric,
        "host": host,
        "source_type": first(fields, ("sourceTypeName",)),
        "status": state,
    }
    return Draft(
        source=NAME,
        fingerprint=f"{group}/{native_id or f'{event}/{metric}/{cluster}/{host}'}",
        native_id=native_id,
        title=_title(event, metric, cluster or host),
        message=_message(fields),
        rule=f"{event} {metric}".strip(),
        severity=_severity(fields, event, state),
        status=Status.RESOLVED if state in _ENDS else Status.FIRING,
        service=cluster,
        resource=host or cluster,
        scope=Scope(account=group, cluster=cluster),
        labels={name: text for name, text in labels.items() if text},
        links={"source": f"https://cloud.mongodb.com/v2/{group}#/alerts" if group else ""},
        happened_at=read_time(fields.get("updated")) or read_time(fields.get("created")),
        starts_at=read_time(fields.get("created")),
        ends_at=read_time(fields.get("resolved")) or read_time(fields.get("updated")),
        raw=fields,
    )


def _title(event: str, metric: str, where: str) -> str:
    what = f"{event} {metric}".strip() or "MongoDB Atlas alert"
    return f"{what}: {where}" if where else what


def _severity(fields: Mapping[str, object], event: str, state: str) -> Severity:
    told = read_severity(first(fields, ("severity", "severityOverride")))
    if told:
        return told
    if state == "INFORMATIONAL":
        return Severity.INFO
    return Severity.HIGH if event in _DOWN else default_of(NAME)


def _message(fields: Mapping[str, object]) -> str:
    told = sequence(fields.get("humanReadable"))
    text = "\n".join(part for part in told if isinstance(part, str))
    value = mapping(fields.get("currentValue"))
    number, units = first(value, ("number",)), first(value, ("units",))
    measured = f"Current value: {number} {units}".strip() if number else ""
    said = text or first(fields, ("humanReadable",))
    return "\n".join(part for part in (said, measured) if part)

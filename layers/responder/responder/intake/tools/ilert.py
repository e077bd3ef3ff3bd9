"""ilert's webhook alert actions, by their default body.

https://docs.ilert.com/integrations/outbound-integrations/webhook

``RESOLVED`` resolves; a pending, accepted or rejected alert fires; comments are no alerts.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "ilert"

# ilert knows these two priorities: whether to wake somebody.
_SEVERITIES = {"high": Severity.HIGH, "low": Severity.LOW}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for comments."""
    fields = mapping(element)
    alert_id, summary = first(fields, ("id", "alertKey")), first(fields, ("summary",))
    kind = first(fields, ("eventType",)).lower()
    if not alert_id or not summary:
        raise Unreadable("an alert without an id or a summary")
    if kind.endswith("comment-added"):
        raise NotAnAlert("a comment")
    resolved = first(fields, ("status",)).lower() == "resolved" or kind.endswith("resolved")
    priority = first(fields, ("priority",)).lower()
    source = first(mapping(fields.get("alertSource")), ("name",))
    began = read_time(fields.get("reportTime"))
    return Draft(
        source=NAME,
        fingerprint=alert_id,
        native_id=alert_id,
        title=summary,
        message=first(fields, ("details",)),
        rule=source,
        severity=_SEVERITIES.get(priority) or read_severity(priority) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=source,
        labels={"alert_source": source} if source else {},
        links={"source": first(fields, ("alertUrl", "url", "link"))},
        # The time of the report is the start; of what came later no time is told.
        happened_at=began if kind.endswith("created") else None,
        starts_at=began if kind.endswith("created") else None,
        raw=element,
    )

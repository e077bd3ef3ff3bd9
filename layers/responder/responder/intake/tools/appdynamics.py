"""AppDynamics' HTTP request actions, whose body is a template of the user's.

https://docs.appdynamics.com/appd/onprem/latest/en/appdynamics-essentials/alert-and-respond/actions/http-request-actions-and-templates

Read are the template's variables under their own last names in any case ("${latestEvent.eventType}"
as ``eventType`` or ``event_type``), flat or inside ``latestEvent``. Policy events that close or
cancel a violation resolve it. The incident is a violation's own; an event's id is not.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, scope_of, sequence, squeezed
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "appdynamics"

# https://docs.appdynamics.com/appd/onprem/latest/en/extend-appdynamics/appdynamics-apis/events-api/events-reference
_ENDS = ("policyclose", "policycancel")
_SEVERITIES = {"error": Severity.CRITICAL, "warn": Severity.MEDIUM, "info": Severity.INFO}
_TITLES = ("eventname", "displayname", "name", "title", "summary")
_MESSAGES = ("eventmessage", "message", "summarymessage", "summary", "description", "details")
_SHORT = {"app": "application", "service": "tier", "rule": "healthrule"}


def split(payload: object) -> Sequence[object]:
    """One request each: its latest event."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a policy's event."""
    outer = squeezed(mapping(element))
    events = sequence(outer.get("fulleventlist")) or sequence(outer.get("events"))
    latest = mapping(outer.get("latestevent")) or mapping(next(iter(events), None))
    fields = {**outer, **squeezed(latest)}
    kind = first(fields, ("eventtype",))
    application, tier, node = (_part(fields, name) for name in ("application", "tier", "node"))
    rule = _part(fields, "healthrule") or _part(fields, "policy")
    title = _title(fields, rule, tier or application)
    if not title or not (kind or rule or application or "severity" in fields):
        raise Unreadable("an event without a name or a type")
    incident = first(fields, ("incidentid",)) or first(mapping(fields.get("incident")), ("id",))
    account = _part(fields, "account")
    resolved = kind.lower().replace("_", "").startswith(_ENDS)
    labels = {"application": application, "tier": tier, "node": node, "rule": rule}
    at = read_time(fields.get("eventtime")) or read_time(fields.get("lastreceived"))
    return Draft(
        source=NAME,
        fingerprint=_fingerprint(account, incident, (application, tier, node, rule or title)),
        native_id=incident,
        title=title,
        message=first(fields, _MESSAGES),
        rule=rule,
        severity=_severity(fields, kind),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=tier or application,
        resource=node or tier,
        scope=scope_of({"account": account}),
        labels={name: text for name, text in labels.items() if text},
        links={"source": first(fields, ("deeplink", "url", "link"))},
        happened_at=at,
        starts_at=None if resolved else at,
        ends_at=at if resolved else None,
        delivery_id=first(fields, ("guid", "eventguid")),
        raw=element,
    )


def _part(fields: Mapping[str, object], name: str) -> str:
    """The name of what an event is about: ``tier_name``, ``tier`` or ``{"tier": {"name"}}``."""
    for short in (name, *(short for short, long in _SHORT.items() if long == name)):
        value = fields.get(short)
        if text := first(fields, (f"{short}name", short)) or first(mapping(value), ("name",)):
            return text
    return ""


def _title(fields: Mapping[str, object], rule: str, where: str) -> str:
    if rule:
        return f"{rule} on {where}" if where else rule
    return first(fields, _TITLES)


def _fingerprint(account: str, incident: str, about: Sequence[str]) -> str:
    return digest(account, incident) if incident else digest(account, *about)


def _severity(fields: Mapping[str, object], kind: str) -> Severity:
    """By the event's type, which names what was violated; else by the event's severity."""
    word = first(fields, ("severity", "topseverity")).lower()
    violated = read_severity(kind.rpartition("_")[2])
    return violated or _SEVERITIES.get(word) or read_severity(word) or default_of(NAME)

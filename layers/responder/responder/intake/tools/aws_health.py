"""AWS Health: events of AWS itself that touch the account.

https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html

An event is sent again with each update and in several pages; it ends with the status ``closed``.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "aws-health"

_CATEGORIES = {
    "issue": Severity.HIGH,
    "investigation": Severity.MEDIUM,
    "scheduledChange": Severity.MEDIUM,
    "accountNotification": Severity.LOW,
}
_CONSOLE = "https://health.aws.amazon.com/health/home#/account/event-log?eventID="
_MAX_ENTITIES = 20


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    event = mapping(element)
    detail = mapping(event.get("detail")) or event
    arn, code = first(detail, ("eventArn",)), first(detail, ("eventTypeCode",))
    if not arn and not code:
        raise Unreadable("an event without an ARN or a type")
    service, category = first(detail, ("service",)), first(detail, ("eventTypeCategory",))
    account = first(detail, ("affectedAccount",)) or first(event, ("account",))
    region = first(detail, ("eventRegion",)) or first(event, ("region",))
    closed = first(detail, ("statusCode",)).lower() == "closed"
    at = read_time(detail.get("lastUpdatedTime")) or read_time(event.get("time"))
    entities = [
        name
        for one in sequence(detail.get("affectedEntities"))[:_MAX_ENTITIES]
        if (name := first(mapping(one), ("entityValue",)))
    ]
    labels = {
        "category": category,
        "service": service,
        "scope": first(detail, ("eventScopeCode",)),
        **string_map(detail.get("eventMetadata")),
    }
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{arn or f'{region}/{code}'}",
        native_id=arn,
        title=f"AWS Health: {code}" if code else f"AWS Health: {service}",
        message=_message(detail, entities),
        rule=code,
        severity=_CATEGORIES.get(category, default_of(NAME)),
        status=Status.RESOLVED if closed else Status.FIRING,
        service=service,
        resource=entities[0] if entities else "",
        scope=Scope(account=account, region=region),
        labels={name: text for name, text in labels.items() if text},
        links={"source": _CONSOLE + arn if arn else ""},
        happened_at=at,
        starts_at=read_time(detail.get("startTime")),
        ends_at=read_time(detail.get("endTime")) or at,
        delivery_id=first(event, ("id",)) or request.delivery_id,
        raw=element,
    )


def _message(detail: Mapping[str, object], entities: list[str]) -> str:
    """The description, in English where it is there, and what is affected."""
    told = [mapping(one) for one in sequence(detail.get("eventDescription"))]
    told.sort(key=lambda one: not first(one, ("language",)).lower().startswith("en"))
    described = first(told[0], ("latestDescription",)) if told else ""
    affected = f"Affected: {', '.join(entities)}" if entities else ""
    return "\n".join(part for part in (described, affected) if part)

"""Amazon GuardDuty: findings, as EventBridge carries them or bare.

https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html

A finding is sent again as it recurs, under the same id. It ends when somebody archives it.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.aws import console
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import SERVICE_NAMES, first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "guardduty"

# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
# What a finding may be about, and the field of it that a person would say.
_RESOURCES = (
    ("instanceDetails", "instanceId"),
    ("eksClusterDetails", "name"),
    ("ecsClusterDetails", "name"),
    ("lambdaDetails", "functionName"),
    ("rdsDbInstanceDetails", "dbInstanceIdentifier"),
    ("s3BucketDetails", "name"),
    ("accessKeyDetails", "userName"),
)


def split(payload: object) -> Sequence[object]:
    """One finding each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a finding."""
    event = mapping(element)
    finding = mapping(event.get("detail")) or event
    native_id = first(finding, ("id",)) or first(finding, ("arn",)).rpartition("/")[2]
    title = first(finding, ("title", "type"))
    if not native_id or not title:
        raise Unreadable("a finding without an id or a title")
    service, resource = mapping(finding.get("service")), mapping(finding.get("resource"))
    account = first(finding, ("accountId",)) or first(event, ("account",))
    region = first(finding, ("region",)) or first(event, ("region",))
    status = Status.RESOLVED if service.get("archived") is True else Status.FIRING
    updated = read_time(finding.get("updatedAt")) or read_time(event.get("time"))
    name, tags = _about(resource)
    labels = {
        "type": first(finding, ("type",)),
        "resource_type": first(resource, ("resourceType",)),
        "count": first(service, ("count",)),
        **tags,
    }
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{region}/{native_id}",
        native_id=native_id,
        title=title,
        message=first(finding, ("description",)),
        rule=first(finding, ("type",)),
        severity=_severity(finding.get("severity")),
        status=status,
        service=first(tags, SERVICE_NAMES) or name,
        resource=name,
        scope=Scope(account=account, region=region),
        labels={key: text for key, text in labels.items() if text},
        links={
            "source": console(region, f"guardduty/home?region={region}#/findings?fId={native_id}")
        },
        happened_at=updated,
        starts_at=read_time(service.get("eventFirstSeen")) or read_time(finding.get("createdAt")),
        ends_at=updated if status is Status.RESOLVED else None,
        delivery_id=first(event, ("id",)) if "detail" in event else request.delivery_id,
        raw=element,
    )


def _severity(value: object) -> Severity:
    if isinstance(value, str) and (word := read_severity(value)):
        return word
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        number = 0.0
    if number <= 0:
        return default_of(NAME)
    return next((band for least, band in _BANDS if number >= least), Severity.LOW)


def _about(resource: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    """The name of what the finding is about, and its tags."""
    for kind, field in _RESOURCES:
        found = resource.get(kind)
        details = mapping(found) or mapping(next(iter(sequence(found)), None))
        if name := first(details, (field,)):
            pairs = map(mapping, sequence(details.get("tags")))
            tags = {first(pair, ("key",)): first(pair, ("value",)) for pair in pairs}
            return name, {key: text for key, text in tags.items() if key}
    return "", {}

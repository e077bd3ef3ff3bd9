"""AWS Security Hub: findings in ASFF (Security Hub CSPM) and in OCSF (the newer Security Hub).

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-v2-cwe-event-formats.html

One event may hold many. A finding ends when its workflow is resolved, it is archived, or its
control passes; one that is suppressed is as open as before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Scope, Severity, Status
from responder.intake.aws import arn_name
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import SERVICE_NAMES, first, mapping, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "security-hub"

# https://schema.ocsf.io/ : severity_id and status_id of a finding.
_OCSF_SEVERITIES = {
    "1": Severity.INFO,
    "2": Severity.LOW,
    "3": Severity.MEDIUM,
    "4": Severity.HIGH,
    "5": Severity.CRITICAL,
    "6": Severity.CRITICAL,
}
_OCSF_ENDS = frozenset({"4", "5"})
_OCSF_CLOSED = "3"
_OCSF_PASSED = "1"
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Severity
_NORMALIZED = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM),
               (1, Severity.LOW), (0, Severity.INFO))  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """The findings of an event, or of its bare detail."""
    fields = mapping(payload)
    detail = mapping(fields.get("detail")) or fields
    found = detail.get("findings")
    return found if isinstance(found, list) else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a finding."""
    finding, event = mapping(element), mapping(whole)
    if "finding_info" in finding:
        return _of_ocsf(finding, event, request)
    if "Id" in finding:
        return _of_asff(finding, event, request)
    raise Unreadable("neither a finding of ASFF nor one of OCSF")


def _of_asff(finding: Mapping[str, object], event: Mapping[str, object], request: Request) -> Draft:
    native_id = first(finding, ("Id",))
    if not native_id:
        raise Unreadable("a finding without an id")
    resource = mapping(next(iter(sequence(finding.get("Resources"))), None))
    name, tags = first(resource, ("Id",)), string_map(resource.get("Tags"))
    scope = Scope(
        account=first(finding, ("AwsAccountId",)) or first(event, ("account",)),
        region=first(finding, ("Region",)) or first(event, ("region",)),
    )
    status = _asff_status(finding)
    updated = read_time(finding.get("UpdatedAt")) or read_time(event.get("time"))
    recommended = mapping(mapping(finding.get("Remediation")).get("Recommendation"))
    labels = {
        "product": first(finding, ("ProductName",)) or arn_name(first(finding, ("ProductArn",))),
        "resource_type": first(resource, ("Type",)),
        "workflow": first(mapping(finding.get("Workflow")), ("Status",)),
        "compliance": first(mapping(finding.get("Compliance")), ("Status",)),
        **tags,
    }
    return Draft(
        source=NAME,
        fingerprint=f"{scope.account}/{scope.region}/{native_id}",
        native_id=native_id,
        title=first(finding, ("Title",)) or native_id,
        message=_lines(first(finding, ("Description",)), first(recommended, ("Text",))),
        rule=first(finding, ("GeneratorId",)),
        severity=_asff_severity(finding),
        status=status,
        service=first(tags, SERVICE_NAMES) or _short(name),
        resource=name,
        scope=scope,
        labels={key: text for key, text in labels.items() if text},
        links={
            "source": first(finding, ("SourceUrl",)),
            "runbook": first(recommended, ("Url",)),
        },
        happened_at=updated,
        starts_at=_first_time(finding, ("FirstObservedAt", "CreatedAt")),
        ends_at=updated if status is Status.RESOLVED else None,
        delivery_id=_delivery(event, request),
        raw=finding,
    )


def _asff_status(finding: Mapping[str, object]) -> Status:
    ended = (
        first(mapping(finding.get("Workflow")), ("Status",)).upper() == "RESOLVED"
        or first(finding, ("WorkflowState",)).upper() == "RESOLVED"
        or first(finding, ("RecordState",)).upper() == "ARCHIVED"
        or first(mapping(finding.get("Compliance")), ("Status",)).upper() == "PASSED"
    )
    return Status.RESOLVED if ended else Status.FIRING


def _asff_severity(finding: Mapping[str, object]) -> Severity:
    severity = mapping(finding.get("Severity"))
    by_provider = mapping(mapping(finding.get("FindingProviderFields")).get("Severity"))
    word = read_severity(first(severity, ("Label",)) or first(by_provider, ("Label",)))
    return word or _normalized(first(severity, ("Normalized",))) or default_of(NAME)


def _normalized(text: str) -> Severity | None:
    """By the number of 0 to 100 that older products give instead of a label."""
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        return None
    return next(severity for least, severity in _NORMALIZED if int(text) >= least)


def _of_ocsf(finding: Mapping[str, object], event: Mapping[str, object], request: Request) -> Draft:
    info = mapping(finding.get("finding_info"))
    native_id = first(info, ("uid",)) or first(mapping(finding.get("metadata")), ("uid",))
    if not native_id:
        raise Unreadable("a finding without an id")
    cloud = mapping(finding.get("cloud"))
    resource = mapping(next(iter(sequence(finding.get("resources"))), None))
    name = first(resource, ("uid", "name"))
    scope = Scope(
        account=first(mapping(cloud.get("account")), ("uid",)) or first(event, ("account",)),
        region=first(cloud, ("region",)) or first(event, ("region",)),
    )
    status = _ocsf_status(finding)
    at = _first_time(finding, ("time_dt", "time")) or read_time(event.get("time"))
    remediation = mapping(finding.get("remediation"))
    word = read_severity(first(finding, ("severity",)))
    return Draft(
        source=NAME,
        fingerprint=f"{scope.account}/{scope.region}/{native_id}",
        native_id=native_id,
        title=first(info, ("title",)) or first(finding, ("message",)) or native_id,
        message=_lines(first(info, ("desc",)), first(remediation, ("desc",))),
        rule=first(mapping(info.get("analytic")), ("name", "uid")),
        severity=word or _OCSF_SEVERITIES.get(first(finding, ("severity_id",)), default_of(NAME)),
        status=status,
        service=_short(first(resource, ("name",)) or name),
        resource=name,
        scope=scope,
        labels=_ocsf_labels(finding, resource),
        links={
            "source": first(info, ("src_url",)),
            "runbook": next(
                (url for url in sequence(remediation.get("references")) if isinstance(url, str)), ""
            ),
        },
        happened_at=at,
        starts_at=_first_time(
            info, ("first_seen_time_dt", "first_seen_time", "created_time_dt", "created_time")
        ),
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=_delivery(event, request),
        raw=finding,
    )


def _ocsf_status(finding: Mapping[str, object]) -> Status:
    compliance = mapping(finding.get("compliance"))
    ended = (
        first(finding, ("status_id",)) in _OCSF_ENDS
        or first(finding, ("status",)).lower() in ("resolved", "archived")
        or first(finding, ("activity_id",)) == _OCSF_CLOSED
        or first(compliance, ("status_id",)) == _OCSF_PASSED
    )
    return Status.RESOLVED if ended else Status.FIRING


def _ocsf_labels(finding: Mapping[str, object], resource: Mapping[str, object]) -> dict[str, str]:
    product = mapping(mapping(finding.get("metadata")).get("product"))
    labels = {
        "product": first(product, ("name",)),
        "class": first(finding, ("class_name",)),
        "resource_type": first(resource, ("type",)),
    }
    return {key: text for key, text in labels.items() if text}


def _first_time(fields: Mapping[str, object], names: tuple[str, ...]) -> datetime | None:
    return next((at for name in names if (at := read_time(fields.get(name)))), None)


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)


def _short(name: str) -> str:
    return arn_name(name) if name.startswith("arn:") else name


def _delivery(event: Mapping[str, object], request: Request) -> str:
    return first(event, ("id",)) or request.delivery_id

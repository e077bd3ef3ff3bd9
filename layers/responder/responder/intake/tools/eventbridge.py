"""EventBridge: the events of AWS's services and of one's own applications.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html

What an event's state says is in ``aws_kinds``. Some services tell the same by SNS in a shape of
their own (RDS, Auto Scaling); ``split`` makes the event of it that EventBridge would have sent.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from responder.alert import Scope, Status
from responder.intake.aws import arn_name, arn_part, console, first_arn
from responder.intake.aws_kinds import Kind, kind_of, text_at
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    RESOURCE_NAMES,
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
    tag_map,
)
from responder.intake.secret_fields import without_secrets
from responder.intake.severity import read_severity
from responder.intake.text import as_json
from responder.intake.times import read_time

NAME = "eventbridge"

_SEVERITIES = ("severity", "severity.description", "severity.label", "priority", "level")
_SERVICES = (*SERVICE_NAMES, "serviceName")
# Names under which applications keep what stays the same from firing to resolved.
_IDS = ("fingerprint", "dedup_key", "dedupKey", "dedupeKey", "alertId", "alert_id", "incidentId")
_LINKS = {
    "source": ("url", "link", "source_url", "additional-information.logs.deep-link"),
    "runbook": ("runbook_url", "runbookUrl", "runbook"),
    "dashboard": ("dashboard_url", "dashboardUrl", "dashboard"),
}
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
_SCALINGS = {
    "autoscaling:EC2_INSTANCE_LAUNCH": "EC2 Instance Launch Successful",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR": "EC2 Instance Launch Unsuccessful",
    "autoscaling:EC2_INSTANCE_TERMINATE": "EC2 Instance Terminate Successful",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR": "EC2 Instance Terminate Unsuccessful",
}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    fields = mapping(payload)
    if "Event Message" in fields:
        return (_of_rds(fields),)
    if "AutoScalingGroupName" in fields and "Event" in fields:
        return (_of_auto_scaling(fields),)
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for a step on the way."""
    event = mapping(element)
    detail_type, source = first(event, ("detail-type",)), first(event, ("source",))
    if not detail_type or not source:
        raise Unreadable("an event without a detail-type or a source")
    detail = mapping(event.get("detail"))
    kind = kind_of(source, detail_type)
    status, severity = kind.verdict(detail)
    arn, names = first_arn(event), _names(kind, detail)
    subject = kind.title or detail_type
    labels = _labels(detail, source, detail_type)
    at = read_time(event.get("time"))
    scope = _scope(event, detail)
    identity = first(detail, _IDS) or "/".join(names) or arn
    aspect = f"#{kind.aspect(detail)}" if kind.aspect else ""
    return Draft(
        source=NAME,
        fingerprint=f"{scope.account}/{scope.region}/{source}/{subject}/{identity}{aspect}",
        native_id=identity,
        title=first(detail, (kind.headline,)) or _title(subject, names, arn),
        message=_message(kind, event, detail),
        rule=subject,
        severity=read_severity(text_at(detail, _SEVERITIES)) or severity,
        status=status,
        service=_service(detail, labels, names)
        or (arn_name(arn) if source.startswith("aws.") else source),
        resource=arn or first(detail, RESOURCE_NAMES) or (names[-1] if names else ""),
        scope=scope,
        labels=labels,
        links=_links(kind, detail, names, scope.region),
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=first(event, ("id",)) or request.delivery_id,
        raw=whole,
    )


def _names(kind: Kind, detail: Mapping[str, object]) -> list[str]:
    """What the event is about, from the widest to the narrowest."""
    named = [text for path in kind.names if (text := text_at(detail, (path,)))]
    other = text_at(detail, kind.any_name) if not named else ""
    return named or ([other] if other else [])


def _short(name: str) -> str:
    """``name`` as a person would say it."""
    return arn_name(name) if name.startswith("arn:") else name.removeprefix("service:")


def _title(subject: str, names: list[str], arn: str) -> str:
    about = " / ".join(map(_short, names)) or arn_name(arn)
    return f"{subject}: {about}" if about else subject


def _service(detail: Mapping[str, object], labels: Mapping[str, str], names: list[str]) -> str:
    told = first(detail, _SERVICES) or first(labels, _SERVICES)
    return told or (_short(names[0]) if names else "")


def _scope(event: Mapping[str, object], detail: Mapping[str, object]) -> Scope:
    """The event's own account and region; cluster and environment as the detail names them."""
    told = scope_of(detail)
    return Scope(
        account=first(event, ("account",)) or told.account,
        region=first(event, ("region",)) or told.region,
        cluster=told.cluster or arn_name(first(detail, ("clusterArn",))),
        environment=told.environment,
    )


def _message(kind: Kind, event: Mapping[str, object], detail: Mapping[str, object]) -> str:
    """Why, in the event's own words; all of the detail where it has none that we know."""
    if isinstance(told := event.get("detail"), str):
        return told
    reasons = [text for path in kind.reasons if (text := text_at(detail, (path,)))]
    reasons += _exits(detail)
    if not reasons and kind.names and (state := text_at(detail, kind.states)):
        reasons = [f"State: {state}"]
    if reasons or not detail:
        return "\n".join(dict.fromkeys(reasons))
    return as_json(without_secrets(detail), indent=2)


def _exits(detail: Mapping[str, object]) -> list[str]:
    """How the containers of a task ended."""
    said = []
    for one in map(mapping, sequence(detail.get("containers"))):
        code, reason = first(one, ("exitCode",)), first(one, ("reason",))
        if code or reason:
            name = first(one, ("name",))
            said.append(f"Container {name}: exit code {code or 'none'} {reason}".strip())
    return said


def _labels(detail: Mapping[str, object], source: str, detail_type: str) -> dict[str, str]:
    tags = detail.get("tags") or detail.get("Tags")
    pairs = [mapping(tag) for tag in sequence(tags)]
    named = {first(pair, ("key", "Key")): first(pair, ("value", "Value")) for pair in pairs if pair}
    labels = named if named else tag_map(tags)
    return {**labels, "event_source": source, "detail_type": detail_type}


def _links(
    kind: Kind, detail: Mapping[str, object], names: list[str], region: str
) -> dict[str, str]:
    links = {name: text_at(detail, paths) for name, paths in _LINKS.items()}
    if kind.page and names:
        name = quote(names[0], safe="", errors="replace")
        links["console"] = console(region, kind.page.format(name, region=region))
    return links


def _of_rds(fields: Mapping[str, object]) -> dict[str, object]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.overview.html."""
    arn, source = first(fields, ("Source ARN",)), first(fields, ("Event Source",))
    kind = source.removeprefix("db-").replace("-", " ").title()
    return {
        "detail-type": f"RDS DB {kind} Event" if kind else "RDS Event",
        "source": "aws.rds",
        "account": arn_part(arn, 4),
        "region": arn_part(arn, 3),
        "time": fields.get("Event Time"),
        "resources": [arn] if arn else [],
        "detail": {
            "SourceIdentifier": first(fields, ("Source ID",)) or arn_name(arn),
            "Message": fields.get("Event Message"),
            "EventID": first(fields, ("Event ID",)).rpartition("#")[2],
            "EventCategories": fields.get("Event Categories"),
            "tags": string_map(fields.get("Tags")),
            "url": fields.get("Identifier Link"),
        },
    }


def _of_auto_scaling(fields: Mapping[str, object]) -> dict[str, object]:
    arn, told = first(fields, ("AutoScalingGroupARN",)), first(fields, ("Event",))
    return {
        "detail-type": _SCALINGS.get(told, told),
        "source": "aws.autoscaling",
        "account": first(fields, ("AccountId",)) or arn_part(arn, 4),
        "region": arn_part(arn, 3),
        "time": fields.get("Time"),
        "resources": [arn] if arn else [],
        "detail": fields,
    }

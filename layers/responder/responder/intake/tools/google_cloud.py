"""Google Cloud: Monitoring's incidents, Error Reporting, budgets and Security Command Center.

https://cloud.google.com/monitoring/support/notification-options#schema-webhook
https://cloud.google.com/error-reporting/docs/notifications
https://cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications
https://cloud.google.com/security-command-center/docs/how-to-notifications

An incident ends with the state ``closed``, a finding with ``INACTIVE``; errors and budgets never
end. A budget's message without a threshold that was exceeded is a report, not an alert.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "google-cloud"

_SERVICES = (*SERVICE_NAMES, "container_name", "function_name", "module_id", "database_id",
             "subscription_id", "queue_id")  # fmt: skip
_RESOURCES = ("resource_display_name", "resource_name", "resource_id")


def split(payload: object) -> Sequence[object]:
    """One incident each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert, by the product that sent it."""
    fields = mapping(element)
    if isinstance(fields.get("incident"), dict):
        return _of_incident(mapping(fields["incident"]), fields)
    if "group_info" in fields:
        return _of_error(fields, request)
    if "budgetDisplayName" in fields:
        return _of_budget(fields, request)
    if isinstance(fields.get("finding"), dict):
        return _of_finding(mapping(fields["finding"]), fields)
    raise Unreadable("none of the shapes of Google Cloud")


def _of_incident(incident: Mapping[str, object], fields: Mapping[str, object]) -> Draft:
    policy, condition = first(incident, ("policy_name",)), first(incident, ("condition_name",))
    native_id = first(incident, ("incident_id",))
    if not native_id and not policy:
        raise Unreadable("an incident without an id or a policy")
    documentation, text = _documentation(incident.get("documentation"))
    resource, metric = mapping(incident.get("resource")), mapping(incident.get("metric"))
    labels = {
        **string_map(mapping(incident.get("metadata")).get("system_labels")),
        **string_map(mapping(incident.get("metadata")).get("user_labels")),
        **string_map(metric.get("labels")),
        **string_map(resource.get("labels")),
        **string_map(incident.get("policy_user_labels")),
    }
    more = {"metric": first(metric, ("type",)), "resource_type": first(resource, ("type",))}
    project = first(incident, ("scoping_project_id",)) or labels.get("project_id", "")
    ended = first(incident, ("state",)).lower() in ("closed", "resolved")
    where = scope_of(labels)
    said = read_severity(first(incident, ("severity",)))
    return Draft(
        source=NAME,
        fingerprint=f"{project}/{native_id or f'{policy}/{condition}'}",
        native_id=native_id,
        title=_title(policy, condition) or first(documentation, ("subject",)) or native_id,
        message=_lines(first(incident, ("summary",)), text, _measured(incident)),
        rule=policy or condition,
        severity=said or read_severity(first(labels, ("severity", "priority"))) or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, _SERVICES),
        resource=first(incident, _RESOURCES) or labels.get("instance_id", ""),
        scope=Scope(
            account=project or where.account,
            region=where.region or labels.get("zone", ""),
            cluster=where.cluster,
            environment=where.environment,
        ),
        labels=labels | {name: told for name, told in more.items() if told},
        links={"source": first(incident, ("url",)), **_links(documentation)},
        happened_at=read_time(incident.get("ended_at" if ended else "started_at")),
        starts_at=read_time(incident.get("started_at")),
        ends_at=read_time(incident.get("ended_at")),
        raw=fields,
    )


def _documentation(value: object) -> tuple[Mapping[str, object], str]:
    """An object in incidents, text in the console's test."""
    if isinstance(value, str):
        return {}, value
    return mapping(value), first(mapping(value), ("content",))


def _title(policy: str, condition: str) -> str:
    return f"{policy}: {condition}" if policy and condition not in ("", policy) else policy


def _measured(incident: Mapping[str, object]) -> str:
    observed, threshold = (
        first(incident, (name,)) for name in ("observed_value", "threshold_value")
    )
    return f"Observed {observed}, threshold {threshold}" if observed and threshold else ""


def _links(documentation: Mapping[str, object]) -> dict[str, str]:
    links = [mapping(link) for link in sequence(documentation.get("links"))]
    return {first(link, ("displayName",)) or "runbook": first(link, ("url",)) for link in links}


def _of_error(fields: Mapping[str, object], request: Request) -> Draft:
    group, event = mapping(fields["group_info"]), mapping(fields.get("event_info"))
    thrown = mapping(fields.get("exception_info"))
    kind, text = first(thrown, ("type",)), first(thrown, ("message",))
    project, link = first(group, ("project_id",)), first(group, ("detail_link",))
    title = ": ".join(part for part in (kind, text) if part) or first(fields, ("subject",))
    if not title:
        raise Unreadable("an error without an exception or a subject")
    # The group's id is all that its page's address says of it.
    native_id = link.partition("?")[0].rpartition("/")[2]
    service = first(event, ("service",))
    request_line = _lines(first(event, ("request_method",)), first(event, ("request_url",)))
    return Draft(
        source=NAME,
        fingerprint=f"{project}/error/{native_id or title}",
        native_id=native_id,
        title=title,
        message=_lines(first(event, ("log_message",)), request_line.replace("\n", " ")),
        rule=kind,
        severity=Severity.HIGH,
        status=Status.FIRING,
        service=service,
        resource=service,
        scope=Scope(account=project),
        labels={"version": version} if (version := first(event, ("version",))) else {},
        links={"source": link},
        happened_at=request.sent_at,
        delivery_id=request.delivery_id,
        raw=fields,
    )


def _of_budget(fields: Mapping[str, object], request: Request) -> Draft:
    exceeded = first(fields, ("alertThresholdExceeded", "forecastThresholdExceeded"))
    if not exceeded:
        raise NotAnAlert("a budget that is not exceeded")
    name, currency = first(fields, ("budgetDisplayName",)), first(fields, ("currencyCode",))
    spent, budget = first(fields, ("costAmount",)), first(fields, ("budgetAmount",))
    return Draft(
        source=NAME,
        fingerprint=f"budget/{name}/{first(fields, ('costIntervalStart',))}",
        native_id=name,
        title=f"Budget {name} exceeded",
        message=f"{spent} of {budget} {currency} spent; threshold {exceeded}",
        rule=name,
        severity=default_of(NAME),
        status=Status.FIRING,
        resource=name,
        happened_at=request.sent_at,
        starts_at=read_time(fields.get("costIntervalStart")),
        delivery_id=request.delivery_id,
        raw=fields,
    )


def _of_finding(finding: Mapping[str, object], fields: Mapping[str, object]) -> Draft:
    name, category = first(finding, ("name",)), first(finding, ("category",))
    if not name:
        raise Unreadable("a finding without a name")
    resource = mapping(fields.get("resource"))
    ended = first(finding, ("state",)).upper() == "INACTIVE"
    at = read_time(finding.get("eventTime"))
    about = first(resource, ("displayName", "name")) or first(finding, ("resourceName",))
    return Draft(
        source=NAME,
        fingerprint=name,
        native_id=name,
        title=f"{category}: {about}" if about else category or name,
        message=first(finding, ("description",)),
        rule=category,
        severity=read_severity(first(finding, ("severity",))) or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=about,
        resource=first(finding, ("resourceName",)) or about,
        scope=Scope(account=first(resource, ("projectDisplayName", "project"))),
        links={"source": first(finding, ("externalUri",))},
        happened_at=at,
        starts_at=read_time(finding.get("createTime")),
        ends_at=at,
        raw=fields,
    )


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)

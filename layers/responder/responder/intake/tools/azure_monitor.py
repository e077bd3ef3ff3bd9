"""Azure Monitor: the common alert schema, and the older shapes of each kind of alert.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-non-common-schema-definitions

``monitorCondition`` says the state (older: ``status`` Activated, Deactivated). What comes from the
activity log is always Fired; of health events the log's own status says when they are over.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from responder.alert import Scope, Severity, Status
from responder.intake.azure_context import (
    activity,
    dimensions,
    links,
    message,
    properties,
)
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
)
from responder.intake.severity import azure_severity, default_of, read_severity, worst
from responder.intake.times import read_time

NAME = "azure-monitor"

_ENDS = frozenset({"resolved", "deactivated"})
_ALERT_PAGE = (
    "https://portal.azure.com/#view/Microsoft_Azure_Monitoring_Alerts/"
    "AlertDetails.ReactView/alertId~/"
)
_RESOURCE_PAGE = "https://portal.azure.com/#resource"
_HEALTHY_AGAIN = "/healthevent/resolved/"
# https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema#severity-level
_LEVELS = {"1": Severity.CRITICAL, "2": Severity.HIGH, "3": Severity.MEDIUM, "4": Severity.INFO}


def split(payload: object) -> Sequence[object]:
    """One alert each, however many resources it is about."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert, by the shape that it has."""
    fields = mapping(element)
    data = mapping(fields.get("data")) or fields
    context = mapping(data.get("context"))
    if isinstance(data.get("essentials"), dict):
        return _of_common(fields, data)
    if isinstance(context.get("activityLog"), dict):
        return _of_activity_log(fields, mapping(context["activityLog"]), data)
    if "SearchQuery" in data:
        return _of_log_search(fields, data)
    if "name" in context or "id" in context:
        return _of_metric(fields, data, context)
    raise Unreadable("none of the shapes of Azure Monitor")


def _of_common(fields: Mapping[str, object], data: Mapping[str, object]) -> Draft:
    essentials, context = mapping(data["essentials"]), mapping(data.get("alertContext"))
    native_id = first(essentials, ("alertId",))
    rule, target = first(essentials, ("alertRule",)), _text_of(essentials.get("alertTargetIDs"))
    if not native_id and not rule:
        raise Unreadable("an alert without an id or a rule")
    labels = {
        "monitoring_service": first(essentials, ("monitoringService",)),
        "signal_type": first(essentials, ("signalType",)),
        "resource_type": first(essentials, ("targetResourceType",)),
        "resource_group": first(essentials, ("targetResourceGroup",))
        or _after(target, "resourcegroups"),
        **dimensions(context),
        **string_map(context.get("labels")),
        **string_map(data.get("customProperties")),
    }  # fmt: skip
    labels = {name: text for name, text in labels.items() if text}
    resource = _text_of(essentials.get("configurationItems")) or _last(target)
    ended = _has_ended(first(essentials, ("monitorCondition",)), context)
    fired = read_time(essentials.get("firedDateTime"))
    resolved = read_time(essentials.get("resolvedDateTime")) or _event_time(context)
    told = properties(activity(context))
    subscription = _after(native_id or target, "subscriptions")
    return Draft(
        source=NAME,
        fingerprint=_same(context, subscription, rule, target)
        or native_id.lower()
        or f"{rule}/{target}".lower(),
        native_id=native_id,
        title=rule or _title(context) or first(essentials, ("description",)) or native_id,
        message=message(first(essentials, ("description",)), context),
        rule=rule,
        severity=_of_event(activity(context), first(essentials, ("severity",)))
        or _severity(first(essentials, ("severity",)), labels),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES) or first(told, ("service",)) or resource,
        resource=resource,
        scope=_scope(labels, context, subscription),
        labels=labels,
        links={**_portal(native_id, target), **links(essentials, context)},
        # What Azure says of itself comes as two firings, each some minutes after its event.
        happened_at=resolved if ended else (_event_time(activity(context)) or fired),
        starts_at=read_time(told.get("impactStartTime")) or fired,
        ends_at=resolved,
        raw=fields,
    )


def _of_metric(
    fields: Mapping[str, object], data: Mapping[str, object], context: Mapping[str, object]
) -> Draft:
    """A metric alert of version 2, a classic one, or an autoscale notification."""
    rule, target = first(context, ("name",)), first(context, ("resourceId",))
    native_id = first(context, ("id",))
    split_by = dimensions(context)
    labels = {**split_by, **string_map(data.get("properties"))}
    ended = _has_ended(first(data, ("status",)), {})
    at = read_time(context.get("timestamp"))
    resource = first(context, ("resourceName",)) or _last(target)
    subscription = first(context, ("subscriptionId",)) or _after(native_id, "subscriptions")
    parts = (native_id or rule, target, *split_by.values())
    return Draft(
        source=NAME,
        fingerprint="#".join(parts).lower(),
        native_id=native_id,
        title=rule or native_id,
        message=message(first(context, ("description", "details")), context),
        rule=rule,
        severity=_severity(first(context, ("severity",)), labels),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES) or resource,
        resource=resource,
        scope=_scope(labels, context, subscription),
        labels=labels,
        links={"source": first(context, ("portalLink",))},
        happened_at=at,
        starts_at=None if ended else at,
        ends_at=at,
        raw=fields,
    )


def _of_log_search(fields: Mapping[str, object], data: Mapping[str, object]) -> Draft:
    """A log search alert of version 1; it never says that it is over."""
    rule, target = first(data, ("AlertRuleName",)), first(data, ("ResourceId",))
    if not rule:
        raise Unreadable("a log search alert without a rule")
    labels = dimensions(data)
    subscription = first(data, ("SubscriptionId",)) or _after(target, "subscriptions")
    at = read_time(data.get("SearchIntervalEndtimeUtc"))
    resource = _last(target) or first(data, ("WorkspaceId",))
    return Draft(
        source=NAME,
        fingerprint="#".join((subscription, rule, *labels.values())).lower(),
        native_id=rule,
        title=rule,
        message=message(first(data, ("Description",)), data),
        rule=rule,
        severity=_severity(first(data, ("Severity",)), labels),
        status=Status.FIRING,
        service=first(labels, SERVICE_NAMES) or resource,
        resource=resource,
        scope=_scope(labels, {}, subscription),
        labels=labels,
        links=links({}, data),
        happened_at=at,
        starts_at=read_time(data.get("SearchIntervalStartTimeUtc")) or at,
        raw=fields,
    )


def _of_activity_log(
    fields: Mapping[str, object], log: Mapping[str, object], data: Mapping[str, object]
) -> Draft:
    target, operation = first(log, ("resourceId",)), first(log, ("operationName",))
    subscription = first(log, ("subscriptionId",)) or _after(target, "subscriptions")
    labels = string_map(data.get("properties"))
    at = _event_time(log)
    ended = _has_ended("", log)
    resource = _last(target)
    same = _same(log, subscription, "", target) or f"{subscription}/{target}/{operation}"
    return Draft(
        source=NAME,
        fingerprint=same.lower(),
        native_id=first(properties(log), ("trackingId",)) or first(log, ("correlationId",)),
        title=_title(log) or f"{operation or 'Azure activity log alert'}: {resource}",
        message=message(first(log, ("description",)), log),
        rule=first(log, ("eventSource",)) if _title(log) else operation,
        severity=_of_event(log) or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES) or first(properties(log), ("service",)) or resource,
        resource=resource,
        scope=_scope(labels, log, subscription),
        labels=labels,
        happened_at=at,
        starts_at=read_time(properties(log).get("impactStartTime")) or (None if ended else at),
        ends_at=at,
        delivery_id=first(log, ("eventDataId",)),
        raw=fields,
    )


def _portal(alert_id: str, target: str) -> dict[str, str]:
    """The alert and its resource in the portal; most kinds of alert carry no link."""
    named = {"alert": _ALERT_PAGE + quote(alert_id, safe="", errors="replace"),
             "resource": _RESOURCE_PAGE + quote(target, errors="replace")}  # fmt: skip
    given = {"alert": alert_id, "resource": target}
    return {name: url for name, url in named.items() if given[name].startswith("/subscriptions/")}


def _same(context: Mapping[str, object], subscription: str, rule: str, target: str) -> str:
    """What all events of one health incident share; each is an alert of its own to Azure."""
    if not activity(context):
        return ""
    told = properties(context)
    if tracking := first(told, ("trackingId",)):
        return f"{subscription}/service-health/{tracking}"
    if "currentHealthStatus" in told:
        return f"{subscription}/resource-health/{target}/{rule}".lower()
    return ""


def _has_ended(condition: str, context: Mapping[str, object]) -> bool:
    if condition.lower() in _ENDS:
        return True
    if not activity(context):
        return False
    # Of a resource that is well again, some events say it in their operation only.
    operation = first(context, ("operationName",)).lower()
    return first(context, ("status",)).lower() == "resolved" or _HEALTHY_AGAIN in operation


def _title(context: Mapping[str, object]) -> str:
    budget = first(mapping(context.get("AlertData")), ("BudgetName",))
    return f"Budget {budget}" if budget else first(properties(context), ("title",))


def _severity(text: str, labels: Mapping[str, str]) -> Severity:
    return azure_severity(text) or read_severity(first(labels, ("severity",))) or default_of(NAME)


def _of_event(log: Mapping[str, object], rated: str = "") -> Severity | None:
    """What an event of the activity log is worth; ``rated`` is a Sev4 for most of what comes so.

    Microsoft's samples have an informational level for what is unavailable, too.
    """
    if not log:
        return None
    told, level = properties(log), first(log, ("level",))
    found = [_LEVELS.get(level) or read_severity(level), read_severity(first(told, ("severity",)))]
    if rated:
        found.append(_severity(rated, {}))
    if first(told, ("currentHealthStatus",)).lower() == "unavailable":
        by_user = first(told, ("cause",)).lower() == "userinitiated"
        found.append(None if by_user else Severity.HIGH)
    if first(told, ("incidentType",)).lower() == "incident":
        found.append(Severity.MEDIUM)
    return worst(*found)


def _event_time(context: Mapping[str, object]) -> datetime | None:
    return read_time(context.get("eventTimestamp")) or read_time(context.get("submissionTimestamp"))


def _scope(labels: Mapping[str, str], context: Mapping[str, object], account: str) -> Scope:
    named = scope_of(labels)
    region = named.region or first(context, ("resourceRegion",))
    return Scope(
        account=account or named.account,
        region=region or first(properties(context), ("region", "resourceLocation")),
        cluster=named.cluster,
        environment=named.environment or labels.get("Environment", ""),
    )


def _text_of(values: object) -> str:
    """The first text of a list."""
    return next((one for one in sequence(values) if isinstance(one, str) and one), "")


def _last(target: str) -> str:
    return target.rstrip("/").rpartition("/")[2]


def _after(path: str, name: str) -> str:
    """The segment of an Azure resource id that follows ``name``, whatever its case."""
    at = path.lower().find(f"/{name}/")
    return path[at + len(name) + 2 :].partition("/")[0] if at >= 0 else ""

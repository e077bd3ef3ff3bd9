"""Rows for what watches applications, and for tools that manage incidents."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence
from responder.intake.recognition.row import LOOKED_AT, Row

_SENTRY_ALERTS = frozenset({"event", "error", "issue", "metric_alert"})
_SENTRY_OWN = frozenset({"triggered_rule", "issue_alert", "metric_alert"})
_SENTRY_DATA = frozenset({"comment_id", "installation"})
_INSTANA_FIELDS = frozenset({"start", "end", "severity", "entityLabel"})


def is_pagerduty_event(payload: object, request: Request) -> bool:
    """Whether it is the event of a webhook of version 3."""
    event = mapping(mapping(payload)["event"])
    return "event_type" in event and ("resource_type" in event or "data" in event)


def are_pagerduty_messages(payload: object, request: Request) -> bool:
    """Whether they are the messages of a webhook of version 2 or 1."""
    messages = sequence(mapping(payload)["messages"])[:LOOKED_AT]
    kinds = [mapping(message).get("event", mapping(message).get("type")) for message in messages]
    return any(isinstance(kind, str) and kind.startswith("incident.") for kind in kinds)


def is_pagerduty_payload(payload: object, request: Request) -> bool:
    """Whether the payload of an event is what PagerDuty's Events API takes."""
    return "summary" in mapping(mapping(payload).get("payload"))


def is_pagerduty(payload: object, request: Request) -> bool:
    """Whether a signed body has a shape of PagerDuty's webhooks."""
    fields = mapping(payload)
    return "event" in fields or "messages" in fields


def is_object(payload: object, request: Request) -> bool:
    """Whether it is an object; where a header names the tool, no more is needed."""
    return isinstance(payload, dict)


def is_sentry(payload: object, request: Request) -> bool:
    """Whether the data of an action are Sentry's."""
    fields = mapping(payload)
    data = mapping(fields["data"])
    if not _SENTRY_ALERTS.isdisjoint(data):
        return "installation" in fields or "actor" in fields or not _SENTRY_OWN.isdisjoint(data)
    return "installation" in fields and not _SENTRY_DATA.isdisjoint(data)


def is_sentry_hook(payload: object, request: Request) -> bool:
    """Whether it is the event of one of Sentry's service hooks."""
    fields = mapping(payload)
    return "id" in mapping(fields["group"]) and "event_id" in mapping(fields["event"])


def is_opsgenie(payload: object, request: Request) -> bool:
    """Whether an action is on an alert of Opsgenie's."""
    alert = mapping(mapping(payload)["alert"])
    return "alertId" in alert or "tinyId" in alert


def is_burn_alert(payload: object, request: Request) -> bool:
    """Whether it is Honeycomb's of an objective."""
    fields = mapping(payload)
    return isinstance(fields["slo"], dict) and (
        "shared_secret" in fields or "id" in fields or "result_url" in fields
    )


def is_instana(payload: object, request: Request) -> bool:
    """Whether an issue is Instana's, of which the closed one has next to nothing."""
    issue = mapping(mapping(payload)["issue"])
    return "id" in issue and not _INSTANA_FIELDS.isdisjoint(issue) and "title" not in issue


def is_policy_event(payload: object, request: Request) -> bool:
    """Whether the type of an event is one of AppDynamics' policies'."""
    fields = mapping(payload)
    kind = fields.get("eventType", fields.get("event_type"))
    return isinstance(kind, str) and kind.startswith("POLICY_")


def is_rootly(payload: object, request: Request) -> bool:
    """Whether an event is Rootly's."""
    event = mapping(mapping(payload)["event"])
    return "issued_at" in event and "type" in event


def is_firehydrant(payload: object, request: Request) -> bool:
    """Whether an event is FireHydrant's."""
    event = mapping(mapping(payload)["event"])
    return "operation" in event and "resource_type" in event


def is_squadcast(payload: object, request: Request) -> bool:
    """Whether an event is Squadcast's, version 2."""
    return "resource_data" in mapping(mapping(payload)["data"])


def is_incident_io(payload: object, request: Request) -> bool:
    """Whether the event is under its own name, as incident.io's are."""
    fields = mapping(payload)
    kind = fields["event_type"]
    return isinstance(kind, str) and "." in kind and isinstance(fields.get(kind), dict)


ROWS: tuple[Row, ...] = (
    Row("datadog", ("alert_transition",)),
    Row("datadog", ("alert_cycle_key",)),
    Row("datadog", ("ALERT_TRANSITION",)),
    Row("datadog", ("ALERT_CYCLE_KEY",)),
    Row("datadog", ("aggreg_key",)),
    Row("datadog", ("alertTransition",)),
    Row("datadog", ("last_updated", "event_type", "title")),
    Row("sentry", header="sentry-hook-resource", test=is_object),
    Row("sentry", ("data", "action"), test=is_sentry),
    Row("sentry-legacy", ("triggering_rules",)),
    Row("sentry-legacy", ("culprit", "event", "project")),
    Row("sentry-legacy", ("group", "event", "project"), test=is_sentry_hook),
    Row("pagerduty", header="x-pagerduty-signature", test=is_pagerduty),
    Row("pagerduty", ("event",), test=is_pagerduty_event),
    Row("pagerduty", ("messages",), test=are_pagerduty_messages),
    Row("pagerduty-events", ("routing_key", "event_action")),
    Row("pagerduty-events", ("routing_key", "payload"), test=is_pagerduty_payload),
    Row("pagerduty-events", ("event_action",), test=is_pagerduty_payload),
    Row("pagerduty-events", ("event_action", "dedup_key")),
    Row("pagerduty-events", ("service_key", "event_type")),
    Row("rootly", header="x-rootly-signature", test=is_object),
    Row("rootly", ("event", "data"), test=is_rootly),
    Row("firehydrant", ("event", "data"), test=is_firehydrant),
    Row("squadcast", ("event", "data"), test=is_squadcast),
    Row("squadcast", ("event_count", "event_type", "alert_source")),
    Row("incident-io", ("event_type",), test=is_incident_io),
    Row("ilert", ("alertSource", "reportTime")),
    Row("ilert", ("alertSource", "eventType")),
    Row("newrelic", ("issueUrl", "state")),
    Row("newrelic", ("issueUrl", "priority")),
    Row("newrelic", ("impactedEntities", "state")),
    Row("newrelic", ("alertConditionNames",)),
    Row("newrelic", ("incident_id", "current_state", "condition_name")),
    Row("newrelic", ("incident_id", "current_state", "policy_name")),
    Row("opsgenie", ("alert", "action"), test=is_opsgenie),
    Row("dynatrace", ("ProblemID",)),
    Row("dynatrace", ("ProblemTitle",)),
    Row("dynatrace", ("PID", "State")),
    Row("dynatrace", ("problemTitle",)),
    Row("dynatrace", ("ProblemDetailsJSON",)),
    Row("dynatrace", ("ProblemDetailsJSONv2",)),
    Row("dynatrace", ("severityLevel", "impactLevel", "status")),
    Row("dynatrace", ("event.status", "event.id", "event.category")),
    Row("splunk", ("sid", "results_link")),
    Row("splunk", ("search_name", "result")),
    Row("splunk", ("sid", "search_name")),
    Row("victorops", ("message_type", "entity_id")),
    Row("victorops", ("message_type", "entity_display_name")),
    Row("victorops", ("message_type", "state_message")),
    Row("victorops", ("STATE.CURRENT_ALERT_PHASE",)),
    Row("signalfx", ("detectorId", "incidentId")),
    Row("signalfx", ("detectorUrl", "rule")),
    Row("signalfx", ("statusExtended", "incidentId")),
    Row("signalfx", ("sf_schema",)),
    Row("honeycomb", header="x-honeycomb-webhook-token", test=is_object),
    Row("honeycomb", ("trigger_description", "status")),
    Row("honeycomb", ("result_groups_triggered",)),
    Row("honeycomb", ("trigger_url", "result_url")),
    Row("honeycomb", ("slo", "status"), test=is_burn_alert),
    Row("instana", ("issue",), test=is_instana),
    Row("appdynamics", ("latestEvent",)),
    Row("appdynamics", ("health_rule_name",)),
    Row("appdynamics", ("healthRuleName",)),
    Row("appdynamics", ("eventType", "severity"), test=is_policy_event),
    Row("appdynamics", ("event_type", "severity"), test=is_policy_event),
)

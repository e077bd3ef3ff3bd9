"""Rows for what searches logs."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence
from responder.intake.recognition.row import LOOKED_AT, Row


def is_elastic_rule(payload: object, request: Request) -> bool:
    """Whether a rule and its alert are those of Kibana's actions."""
    fields = mapping(payload)
    rule, alert = fields["rule"], fields["alert"]
    if isinstance(rule, str) and isinstance(alert, str):
        return rule.startswith("{") and alert.startswith("{")
    known = ("actionGroup", "actionGroupName", "uuid", "id", "flapping")
    return isinstance(rule, dict) and any(name in mapping(alert) for name in known)


def is_elastic_alerts(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are a summary of a rule of Kibana, or documents of its alerts."""
    fields = mapping(payload)
    alerts = fields.get("alerts", mapping(fields.get("context")).get("alerts"))
    if isinstance(alerts, dict):
        return "recovered" in alerts and "new" in alerts
    return any(map(_is_elastic_document, sequence(alerts)[:LOOKED_AT]))


def is_elastic_documents(payload: object, request: Request) -> bool:
    """Whether an array holds documents of Kibana's alerts."""
    return any(map(_is_elastic_document, sequence(payload)[:LOOKED_AT]))


def is_elastic_document(payload: object, request: Request) -> bool:
    """Whether it is the document of an alert of Kibana, nested or dotted."""
    return _is_elastic_document(payload)


def _is_elastic_document(value: object) -> bool:
    fields = mapping(value)
    return (
        "kibana.alert.uuid" in fields
        or "kibana.alert.rule.name" in fields
        or isinstance(mapping(fields.get("kibana")).get("alert"), dict)
    )


def is_watch(payload: object, request: Request) -> bool:
    """Whether it is the context of a watch, or holds it."""
    fields = mapping(payload)
    told = ("trigger", "payload", "execution_time", "metadata", "vars")
    return any(
        "watch_id" in part and any(name in part for name in told)
        for part in (fields, mapping(fields.get("ctx")), mapping(fields.get("payload")))
    )


def is_opensearch(payload: object, request: Request) -> bool:
    """Whether a monitor and a trigger are told of as in OpenSearch's ``ctx``."""
    fields = mapping(payload)
    context = mapping(fields.get("ctx")) or fields
    monitor, trigger = mapping(context.get("monitor")), mapping(context.get("trigger"))
    return "name" in monitor and "name" in trigger


def is_opensearch_prose(payload: object, request: Request) -> bool:
    """Whether it is the text that OpenSearch proposes, alone or as ``text``."""
    text = payload if isinstance(payload, str) else mapping(payload).get("text")
    return (
        isinstance(text, str)
        and text.startswith("Monitor ")
        and " just entered alert status" in text[:500]
    )


def is_sumo_logic(payload: object, request: Request) -> bool:
    """Whether a trigger has names that only Sumo Logic's templates have."""
    told = {"queryurl", "triggertimestart", "triggertimerange", "monitortype", "detectionmethod",
            "alertresponseurl", "numqueryresults", "resultsjson"}  # fmt: skip
    return any(name.lower() in told for name in mapping(payload))


def is_axiom(payload: object, request: Request) -> bool:
    """Whether an event is one of Axiom's monitors."""
    return "monitorID" in mapping(mapping(payload)["event"])


def is_dash0(payload: object, request: Request) -> bool:
    """Whether it is an issue of Dash0."""
    issue = mapping(mapping(mapping(payload)["data"]).get("issue"))
    return "issueIdentifier" in issue or "checkrules" in issue


def is_logzio(payload: object, request: Request) -> bool:
    """Whether an alert has names that only Logz.io's template has."""
    told = ("alert_event_samples", "alert_samples", "alert_definition_id", "alert_description")
    return any(name in mapping(payload) for name in told)


ROWS: tuple[Row, ...] = (
    Row("elastic", ("kibana",), test=is_elastic_document),
    Row("elastic", ("kibana.alert.uuid",)),
    Row("elastic", ("kibana.alert.rule.name",)),
    Row("elastic", ("kibana.alert.uuid",), test=is_elastic_documents, array=True),
    Row("elastic", ("kibana",), test=is_elastic_documents, array=True),
    Row("elastic", ("alerts",), test=is_elastic_alerts),
    Row("elastic", ("alert", "rule"), test=is_elastic_rule),
    Row("elastic", ("context", "rule"), test=is_elastic_alerts),
    Row("elastic", ("alertActionGroup", "alertName")),
    Row("elastic", ("actionGroup", "ruleId")),
    Row("elastic", ("webhook_body",)),
    Row("elastic", ("watch_id",), test=is_watch),
    Row("elastic", ("ctx",), test=is_watch),
    Row("elastic", ("payload",), test=is_watch),
    Row("graylog", ("event_definition_id",)),
    Row("graylog", ("check_result", "stream")),
    Row("sumo-logic", ("TriggerType",), test=is_sumo_logic),
    Row("sumo-logic", ("triggerType",), test=is_sumo_logic),
    Row("sumo-logic", ("trigger_type",), test=is_sumo_logic),
    Row("sumo-logic", ("SearchName", "SearchQuery")),
    Row("coralogix", ("alert_action", "fields")),
    Row("coralogix", ("alert_action", "alert_id")),
    Row("axiom", ("event", "action"), test=is_axiom),
    Row("dash0", ("data", "type"), test=is_dash0),
    Row("logzio", ("alert_severity", "alert_title"), test=is_logzio),
    Row("papertrail", ("saved_search",)),
    Row("loggly", ("search_link", "alert_name")),
    Row("loggly", ("edit_alert_link", "alert_name")),
    Row("opensearch", ("ctx",), test=is_opensearch),
    Row("opensearch", ("trigger", "monitor"), test=is_opensearch),
    Row("opensearch", ("trigger_name", "monitor_name")),
    Row("opensearch", ("text",), test=is_opensearch_prose),
    Row("opensearch", text=True, test=is_opensearch_prose),
)

"""The tests of ``recognition``'s table that need more than the presence of a key."""

from collections.abc import Callable

from responder.intake.changes import github, gitops
from responder.intake.changes.aws import is_deployment_event, is_stack_event
from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20
# Types of notifications that Nagios and its descendants share.
_NOTIFICATIONS = ("PROBLEM", "RECOVERY", "ACKNOWLEDGEMENT", "FLAPPING", "DOWNTIME", "CUSTOM")
_CHECK_STATES = frozenset({"OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "UNREACHABLE"})
# Fields by which the resources of Better Stack are known among those of JSON:API.
_BETTER_STACK = {
    "incident": frozenset({"cause", "started_at", "acknowledged_at", "resolved_at"}),
    "error": frozenset({"error_url", "error_type", "application_name"}),
    "monitor": frozenset({"pronounceable_name", "monitor_type", "check_frequency"}),
}
_ON_CALL = "on_call"
_KUMA_STATES = (" Down] ", " Up] ")
_LONGEST_KUMA = 500
_ZABBIX_MESSAGES = ("Problem started at ", "Problem has been resolved ")
_STATUS_PAGE = ("incident", "maintenance", "component_update")
_CLOUDFLARE_TEST = "Hello World! This is a test message sent from https://cloudflare.com"
_AZURE_SCHEMAS = ("azuremonitor", "microsoft.insights/")


def is_sns_message(payload: object, request: Request) -> bool:
    """Whether it is a message of SNS that holds nothing which could be taken out of it."""
    fields = mapping(payload)
    return all(isinstance(fields.get(name), str) for name in ("Type", "TopicArn", "Message"))


def is_budget(payload: object, request: Request) -> bool:
    """Whether AWS Budgets sent the message of SNS."""
    subject = mapping(payload).get("Subject")
    return isinstance(subject, str) and subject.startswith("AWS Budgets")


def event_of(source: str, *names: str) -> Callable[[object, Request], bool]:
    """Whether an event of EventBridge is of ``source``, with one of ``names`` in its detail."""

    def is_of(payload: object, request: Request) -> bool:
        fields = mapping(payload)
        detail = mapping(fields.get("detail"))
        return fields.get("source") == source and any(name in detail for name in names)

    return is_of


def is_event(payload: object, request: Request) -> bool:
    """Whether it is an event of EventBridge that tells of no deployment."""
    fields = mapping(payload)
    named = isinstance(fields["detail-type"], str) and isinstance(fields["source"], str)
    # A route to this tool must not hide a change from those that tell of changes.
    return named and not (is_stack_event(payload, request) or is_deployment_event(payload, request))


def holds_findings(payload: object, request: Request) -> bool:
    """Whether ``findings`` are those of Security Hub, sent without their event."""
    found = mapping(next(iter(sequence(mapping(payload)["findings"])), None))
    return "ProductArn" in found or "finding_info" in found


# Fields of a notification of Alertmanager's and Grafana's; those that only Grafana's alerts have.
_NOTIFICATION_FIELDS = frozenset({"groupKey", "receiver"})
_GRAFANA_FIELDS = frozenset({"silenceURL", "dashboardURL", "panelURL", "valueString"})
_SENTRY_ALERTS = frozenset({"event", "error", "issue", "metric_alert"})
_SENTRY_OWN = frozenset({"triggered_rule", "issue_alert", "metric_alert"})
_SENTRY_DATA = frozenset({"comment_id", "installation"})
_INSTANA_FIELDS = frozenset({"start", "end", "severity", "entityLabel"})


def is_alarm_event(payload: object, request: Request) -> bool:
    """Whether it is EventBridge's event of a CloudWatch alarm."""
    fields = mapping(payload)
    detail = mapping(fields.get("detail"))
    return fields.get("source") == "aws.cloudwatch" and "alarmName" in detail and "state" in detail


def is_azure_schema(payload: object, request: Request) -> bool:
    """Whether ``schemaId`` is one of Azure Monitor's."""
    schema = mapping(payload)["schemaId"]
    return isinstance(schema, str) and schema.lower().startswith(_AZURE_SCHEMAS)


def is_azure_metric(payload: object, request: Request) -> bool:
    """Whether ``context`` is that of a classic metric alert or an autoscale notification."""
    context = mapping(mapping(payload)["context"])
    return "resourceType" in context and "portalLink" in context


def holds_essentials(payload: object, request: Request) -> bool:
    """Whether ``data`` are those of the common alert schema, whose name was left out."""
    essentials = mapping(mapping(mapping(payload)["data"]).get("essentials"))
    return "monitorCondition" in essentials


def is_grid_event(payload: object, request: Request) -> bool:
    """Whether an event of Azure Event Grid tells of a topic's subject."""
    event = mapping(payload)
    return isinstance(event.get("eventType"), str) and "subject" in event and "topic" in event


def is_google_incident(payload: object, request: Request) -> bool:
    """Whether ``incident`` is one of Google Cloud Monitoring."""
    incident = mapping(mapping(payload)["incident"])
    by_id = "incident_id" in incident or "scoping_project_id" in incident
    return by_id and ("policy_name" in incident or "condition" in incident)


def is_cloudflare_test(payload: object, request: Request) -> bool:
    """Whether Cloudflare tries a new destination out; it says nothing else."""
    text = mapping(payload)["text"]
    return isinstance(text, str) and text.startswith(_CLOUDFLARE_TEST)


def is_kubernetes_event(payload: object, request: Request) -> bool:
    """Whether it is an event of Kubernetes itself, alone or in what an exporter put around it."""
    fields = mapping(payload)
    event = mapping(fields.get("event")) or fields
    named = "involvedObject" in event or "regarding" in event
    return named and event.get("type") in ("Normal", "Warning")


def is_grafana(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are Grafana's, whose notifications have more than Alertmanager's."""
    fields = mapping(payload)
    alerts = fields["alerts"]
    if not isinstance(alerts, list) or fields.get("version") == "4":
        return False
    if not fields.keys().isdisjoint(_NOTIFICATION_FIELDS) and (
        "orgId" in fields
        or fields.get("version") == "1"
        or request.headers.get("user-agent", "").startswith("Grafana")
    ):
        return True
    return not _GRAFANA_FIELDS.isdisjoint(mapping(alerts[0]) if alerts else ())


def is_alertmanager(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are those of a webhook notification."""
    fields = mapping(payload)
    alerts = fields["alerts"]
    return isinstance(alerts, list) and (
        fields.get("version") == "4"
        or not fields.keys().isdisjoint(_NOTIFICATION_FIELDS)
        or any(_is_pushed(alert) for alert in alerts[:_LOOKED_AT])
    )


def is_oncall_group(payload: object, request: Request) -> bool:
    """Whether Grafana OnCall tells of an alert group."""
    fields = mapping(payload)
    group = mapping(fields["alert_group"])
    return "integration_id" in group or ("id" in group and "integration" in fields)


def is_irm_incident(payload: object, request: Request) -> bool:
    """Whether Grafana IRM tells of an incident."""
    event = mapping(payload)["event"]
    return isinstance(event, str) and event.startswith("grafana.incident")


def is_push(payload: object, request: Request) -> bool:
    """Whether an array holds the alerts of Alertmanager's push API."""
    return any(_is_pushed(element) for element in sequence(payload)[:_LOOKED_AT])


def is_one_alert(payload: object, request: Request) -> bool:
    """Whether it is a single alert, as one who takes notifications apart sends it on."""
    return "alertname" in mapping(mapping(payload)["labels"])


def _is_pushed(element: object) -> bool:
    fields = mapping(element)
    labels = fields.get("labels")
    return isinstance(labels, dict) and (
        "alertname" in labels or not _PUSH_FIELDS.isdisjoint(fields)
    )


# https://docs.honeybadger.io/guides/integrations/webhook/
_HONEYBADGER_EVENTS = frozenset(
    {"occurred", "rate_exceeded", "unresolved", "volume_spike", "down", "cert_will_expire",
     "check_in_missing", "alarm_alert", "resolved", "up", "check_in_reporting", "alarm_ok",
     "assigned", "commented", "deployed"}
)  # fmt: skip


def is_status_page(payload: object, request: Request) -> bool:
    """Whether it is what a status page tells its subscribers."""
    fields = mapping(payload)
    return isinstance(fields["page"], dict) and any(
        isinstance(fields.get(name), dict) for name in _STATUS_PAGE
    )


def is_better_stack(payload: object, request: Request) -> bool:
    """Whether ``data`` is a resource of Better Stack's."""
    data = mapping(mapping(payload)["data"])
    attributes, kind = data.get("attributes"), data.get("type")
    if not isinstance(attributes, dict) or not isinstance(kind, str):
        return False
    return kind.startswith(_ON_CALL) or not _BETTER_STACK.get(kind, frozenset()).isdisjoint(
        attributes
    )


def is_kuma_message(payload: object, request: Request) -> bool:
    """Whether a message begins as Uptime Kuma's: ``[name] [state] why``."""
    message = mapping(payload)["msg"]
    return isinstance(message, str) and says_kuma_state(message)


def says_kuma_state(text: str) -> bool:
    """Whether a text is the message of a change of state of one of Uptime Kuma's monitors."""
    start = text[:_LONGEST_KUMA] if text.startswith("[") else ""
    return any(state in start for state in _KUMA_STATES)


def is_healthcheck(payload: object, request: Request) -> bool:
    """Whether our template has a check of Healthchecks in it."""
    return "grace" in mapping(mapping(payload).get("check"))


def is_updown(payload: object, request: Request) -> bool:
    """Whether an event, or one of an array of events, is of a check of updown.io."""
    elements = payload if isinstance(payload, list) else [payload]
    return any(_is_updown(element) for element in elements[:_LOOKED_AT])


def _is_updown(element: object) -> bool:
    fields = mapping(element)
    check, event = mapping(fields.get("check")), fields.get("event")
    is_event = isinstance(event, str) and event.startswith("check.")
    return is_event and ("token" in check or "apdex_t" in check)


def is_nagios(payload: object, request: Request) -> bool:
    """Whether a type of notification is one of Nagios' words, and something has a state."""
    fields = mapping(payload)
    names = ("notification_type", "notificationtype", "type")
    kind = next((fields[name] for name in names if name in fields), None)
    return isinstance(kind, str) and kind.upper().startswith(_NOTIFICATIONS)


def is_check_state(payload: object, request: Request) -> bool:
    """Whether the output of a check of a host is there, with one of Nagios' words for its state."""
    fields = mapping(payload)
    state = fields["state"]
    is_word = isinstance(state, str) and state.upper() in _CHECK_STATES
    return is_word and any(name in fields for name in ("host", "hostname", "host_name"))


def is_reachability(payload: object, request: Request) -> bool:
    """Whether Netdata tells of a node that it can or cannot reach."""
    return "reachable" in mapping(mapping(payload)["status"])


def is_wazuh(payload: object, request: Request) -> bool:
    """Whether a rule has a level, as only Wazuh's have."""
    fields = mapping(payload)
    return "level" in mapping(fields["rule"]) and isinstance(fields["agent"], dict)


def is_thousandeyes(payload: object, request: Request) -> bool:
    """Whether the event, or the alert in it, is ThousandEyes'."""
    fields = mapping(payload)
    alert, event = mapping(fields.get("alert")), fields.get("eventType")
    is_event = isinstance(event, str) and ("NOTIFICATION" in event or event == "WEBHOOK_TEST")
    return is_event or ("ruleExpression" in alert and "alertId" in alert)


def is_cronitor(payload: object, request: Request) -> bool:
    """Whether a monitor's alert is one of Cronitor's two types."""
    return mapping(payload)["type"] in ("ALERT", "RECOVERY")


def is_snitch(payload: object, request: Request) -> bool:
    """Whether ``data`` is of Dead Man's Snitch."""
    return isinstance(mapping(mapping(payload)["data"]).get("snitch"), dict)


def is_zabbix_message(payload: object, request: Request) -> bool:
    """Whether a message begins as Zabbix's default messages do."""
    message = mapping(payload)["message"]
    return isinstance(message, str) and message.startswith(_ZABBIX_MESSAGES)


# Read as changes, or as nothing, by ``changes``.
_GITHUB_CHANGES = frozenset({"deployment", "deployment_status", "push", "release"})
_GITLAB_CHANGES = frozenset({"deployment", "pipeline"})


def is_github_event(payload: object, request: Request) -> bool:
    """Whether GitHub's header and the body are of an event that is no change."""
    fields = mapping(payload)
    event = request.headers["x-github-event"]
    if event == "ping":
        return bool(fields) and not github.is_ping(payload, request)
    about = "repository" in fields or "sender" in fields or "organization" in fields
    return about and event not in _GITHUB_CHANGES


def is_github_run(payload: object, request: Request) -> bool:
    """Whether a run is told of, and not the deployment that it made."""
    fields = mapping(payload)
    deploys = "deployment_status" in fields or (
        "deployment" in fields and "workflow_job" not in fields
    )
    return isinstance(fields["repository"], dict) and not deploys


def is_github_alert(payload: object, request: Request) -> bool:
    """Whether it is one of GitHub's security alerts."""
    fields = mapping(payload)
    alert = mapping(fields["alert"])
    return isinstance(fields["repository"], dict) and ("number" in alert or "ghsa_id" in alert)


def is_gitlab(payload: object, request: Request) -> bool:
    """Whether it is an event of GitLab's that is no change."""
    fields = mapping(payload)
    kind = fields["object_kind"]
    return isinstance(kind, str) and kind not in _GITLAB_CHANGES


def is_gitlab_system(payload: object, request: Request) -> bool:
    """Whether it is a system hook of GitLab's, which has another name for its kind."""
    fields = mapping(payload)
    return "event_name" in fields and "object_kind" not in fields


def is_jenkins(payload: object, request: Request) -> bool:
    """Whether a build has what only Jenkins' has."""
    build = mapping(mapping(payload)["build"])
    return "phase" in build and ("full_url" in build or "number" in build)


def is_argocd(payload: object, request: Request) -> bool:
    """Whether it is a notification by our template, of more than a sync."""
    fields = mapping(mapping(payload)["argocd"])
    return "app" in fields and not gitops.tells_of_sync(payload)


def is_argocd_app(payload: object, request: Request) -> bool:
    """Whether an application of Argo CD is in it, or is it."""
    fields = mapping(payload)
    return any(map(_is_application, (fields.get("app"), fields.get("application"), payload)))


def _is_application(value: object) -> bool:
    fields = mapping(value)
    status = mapping(fields.get("status"))
    parts = ("health", "sync", "operationState")
    return isinstance(fields.get("metadata"), dict) and any(part in status for part in parts)


def is_flux(payload: object, request: Request) -> bool:
    """Whether it is an event of Flux's shape that tells of no known reconciliation."""
    fields = mapping(payload)
    involved = mapping(fields.get("involvedObject"))
    return "name" in involved and not gitops.tells_of_reconciliation(payload, request)


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
    return any(map(_is_elastic_document, sequence(alerts)[:_LOOKED_AT]))


def is_elastic_documents(payload: object, request: Request) -> bool:
    """Whether an array holds documents of Kibana's alerts."""
    return any(map(_is_elastic_document, sequence(payload)[:_LOOKED_AT]))


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


def is_rollbar(payload: object, request: Request) -> bool:
    """Whether it is an event of Rollbar's."""
    fields = mapping(payload)
    return isinstance(fields["event_name"], str) and isinstance(fields["data"], dict)


def is_bugsnag(payload: object, request: Request) -> bool:
    """Whether a project was triggered as by Bugsnag."""
    fields = mapping(payload)
    return "type" in mapping(fields["trigger"]) and isinstance(fields["project"], dict)


def is_raygun(payload: object, request: Request) -> bool:
    """Whether it is one of Raygun's events of an error."""
    event = mapping(payload)["event"]
    return isinstance(event, str) and event.startswith("error_")


def is_bitbucket(payload: object, request: Request) -> bool:
    """Whether the body is of one of Bitbucket's events, or of a test of the connection."""
    fields = mapping(payload)
    return any(name in fields for name in ("repository", "actor", "test", "eventKey"))


def is_build_status(payload: object, request: Request) -> bool:
    """Whether it is the status of a build as Bitbucket has them."""
    return "state" in mapping(mapping(payload)["commit_status"])


def is_circleci(payload: object, request: Request) -> bool:
    """Whether a workflow or a job of CircleCI ended."""
    return mapping(payload)["type"] in ("workflow-completed", "job-completed", "ping")


def is_azure_devops(payload: object, request: Request) -> bool:
    """Whether a service hook tells of a resource."""
    fields = mapping(payload)
    return isinstance(fields["eventType"], str) and isinstance(fields["resource"], dict)


def is_vercel(payload: object, request: Request) -> bool:
    """Whether it is one of Vercel's events."""
    fields = mapping(payload)
    kind = fields["type"]
    about = mapping(fields["payload"])
    known = "deployment" in about or "project" in about or "team" in about
    return isinstance(kind, str) and "." in kind and known


def is_logzio(payload: object, request: Request) -> bool:
    """Whether an alert has names that only Logz.io's template has."""
    told = ("alert_event_samples", "alert_samples", "alert_definition_id", "alert_description")
    return any(name in mapping(payload) for name in told)


def is_honeybadger(payload: object, request: Request) -> bool:
    """Whether an event is one of Honeybadger's."""
    event = mapping(payload)["event"]
    return isinstance(event, str) and event in _HONEYBADGER_EVENTS


def is_appsignal(payload: object, request: Request) -> bool:
    """Whether it is an error, a slow request or a marker of AppSignal's."""
    fields = mapping(payload)
    return any("site" in mapping(fields.get(name)) for name in ("exception", "performance",
                                                               "marker"))  # fmt: skip


def is_pagerduty_event(payload: object, request: Request) -> bool:
    """Whether it is the event of a webhook of version 3."""
    event = mapping(mapping(payload)["event"])
    return "event_type" in event and ("resource_type" in event or "data" in event)


def are_pagerduty_messages(payload: object, request: Request) -> bool:
    """Whether they are the messages of a webhook of version 2 or 1."""
    messages = sequence(mapping(payload)["messages"])[:_LOOKED_AT]
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

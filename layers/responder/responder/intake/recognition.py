"""The one ordered table by which a payload is known as a tool's, and the way to its reader.

A row names a header, or keys of the body's outermost object, or both; the first row that fits
wins, so that what is told apart by more stands above what is told apart by less.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from responder.intake import marks
from responder.intake.draft import Draft, Request
from responder.intake.fields import mapping, sequence

# Elements of an array that are looked at for a tool's keys.
_LOOKED_AT = 20


class Reader(Protocol):
    """What the module of a tool offers."""

    def split(self, payload: object) -> Sequence[object]:
        """The elements of a payload; each becomes one alert."""
        ...

    def read(self, element: object, whole: object, request: Request) -> Draft:
        """One alert. Raises Unreadable where it lacks the tool's shape, NotAnAlert for no alert."""
        ...


@dataclass(frozen=True)
class Row:
    """One way to know the payloads of ``tool``.

    ``header`` is a header that only this tool sends; ``keys`` must all be in the outermost object
    (``array`` True: in the objects of an outermost array); ``text`` True: the body is a text, not
    JSON; ``test`` decides where they do not suffice.
    """

    tool: str
    keys: tuple[str, ...] = ()
    header: str = ""
    test: Callable[[object, Request], bool] | None = None
    array: bool = False
    text: bool = False

    def fits(self, payload: object, request: Request) -> bool:
        """Whether this row knows the payload."""
        if self.header and self.header not in request.headers:
            return False
        return self._has_keys(payload) and (self.test is None or self.test(payload, request))

    def _has_keys(self, payload: object) -> bool:
        if self.text:
            return isinstance(payload, str)
        if not self.array:
            return _has_all(mapping(payload), self.keys)
        elements = sequence(payload)[:_LOOKED_AT]
        return any(_has_all(mapping(element), self.keys) for element in elements)


def _has_all(fields: Mapping[str, object], keys: tuple[str, ...]) -> bool:
    for key in keys:  # noqa: SIM110 - all() of a generator takes twice the time
        if key not in fields:
            return False
    return True


#: First match wins.
ROWS: tuple[Row, ...] = (
    Row("aws-cost", ("TopicArn", "Message"), test=marks.is_budget),
    Row("sns", ("TopicArn", "Message"), test=marks.is_sns_message),
    Row("github", header="x-github-event", test=marks.is_github_event),
    Row("gitlab", header="x-gitlab-event", test=marks.is_gitlab_system),
    Row("flux", header="gotk-component", test=marks.is_flux),
    Row("bitbucket", header="x-event-key", test=marks.is_bitbucket),
    Row("circleci", ("type",), header="circleci-event-type", test=marks.is_circleci),
    Row("snyk", ("webhookId",), header="x-snyk-event"),
    Row("cloudwatch", ("AlarmName", "NewStateValue")),
    Row("cloudwatch", ("alarmData", "alarmArn")),
    Row("cloudwatch", ("detail", "source"), test=marks.is_alarm_event),
    Row("grafana", ("alerts",), test=marks.is_grafana),
    Row("guardduty", ("detail-type",), test=marks.event_of("aws.guardduty", "id")),
    Row("guardduty", ("schemaVersion", "partition", "service")),
    Row("security-hub", ("detail-type",), test=marks.event_of("aws.securityhub", "findings")),
    Row("security-hub", ("findings",), test=marks.holds_findings),
    Row(
        "aws-health",
        ("detail-type",),
        test=marks.event_of("aws.health", "eventArn", "eventTypeCode"),
    ),
    Row("aws-health", ("eventArn", "eventTypeCode")),
    Row("aws-cost", ("detail-type",), test=marks.event_of("aws.ce", "anomalyId")),
    Row("aws-cost", ("anomalyId", "monitorArn")),
    Row("eventbridge", ("detail-type", "source"), test=marks.is_event),
    Row("eventbridge", ("Event Message", "Source ID")),
    Row("eventbridge", ("AutoScalingGroupARN", "Event")),
    Row("cloudevents", ("specversion", "type", "source", "id")),
    Row("azure-monitor", ("schemaId", "data"), test=marks.is_azure_schema),
    Row("azure-monitor", ("data",), test=marks.holds_essentials),
    Row("azure-monitor", ("AlertRuleName", "SearchQuery")),
    Row("azure-monitor", ("context", "status"), test=marks.is_azure_metric),
    Row("azure-event-grid", ("eventType", "topic"), test=marks.is_grid_event),
    Row("google-cloud", ("incident",), test=marks.is_google_incident),
    Row("google-cloud", ("group_info", "exception_info")),
    Row("google-cloud", ("budgetDisplayName", "costAmount")),
    Row("google-cloud", ("notificationConfigName", "finding")),
    Row("mongodb-atlas", header="x-mms-event"),
    Row("mongodb-atlas", ("eventTypeName", "status")),
    Row("cloudflare", header="cf-webhook-auth"),
    Row("cloudflare", ("alert_type", "policy_id")),
    Row("cloudflare", ("ts", "name", "text", "data")),
    Row("cloudflare", ("text",), test=marks.is_cloudflare_test),
    Row("oracle-cloud", ("alarmMetaData", "title")),
    Row("alibaba-cloud", ("alertState", "alertName")),
    Row("tencent-cloud", ("alarmPolicyInfo", "alarmObjInfo")),
    Row("sysdig", ("timespan", "alert", "state")),
    Row("kubernetes", ("involvedObject", "reason"), test=marks.is_kubernetes_event),
    Row("kubernetes", ("regarding", "reason"), test=marks.is_kubernetes_event),
    Row("kubernetes", ("event", "verb"), test=marks.is_kubernetes_event),
    Row("alertmanager", ("alerts",), test=marks.is_alertmanager),
    Row("grafana-oncall", ("alert_group",), test=marks.is_oncall_group),
    Row("grafana-oncall", ("incident", "event"), test=marks.is_irm_incident),
    Row("grafana-legacy", ("evalMatches", "state")),
    Row("grafana-legacy", ("ruleId", "ruleName", "state")),
    Row("grafana-legacy", ("ruleUrl", "ruleName")),
    Row("datadog", ("alert_transition",)),
    Row("datadog", ("alert_cycle_key",)),
    Row("datadog", ("ALERT_TRANSITION",)),
    Row("datadog", ("ALERT_CYCLE_KEY",)),
    Row("datadog", ("aggreg_key",)),
    Row("datadog", ("alertTransition",)),
    Row("datadog", ("last_updated", "event_type", "title")),
    Row("sentry", header="sentry-hook-resource", test=marks.is_object),
    Row("sentry", ("data", "action"), test=marks.is_sentry),
    Row("sentry-legacy", ("triggering_rules",)),
    Row("sentry-legacy", ("culprit", "event", "project")),
    Row("sentry-legacy", ("group", "event", "project"), test=marks.is_sentry_hook),
    Row("pagerduty", header="x-pagerduty-signature", test=marks.is_pagerduty),
    Row("pagerduty", ("event",), test=marks.is_pagerduty_event),
    Row("pagerduty", ("messages",), test=marks.are_pagerduty_messages),
    Row("pagerduty-events", ("routing_key", "event_action")),
    Row("pagerduty-events", ("routing_key", "payload"), test=marks.is_pagerduty_payload),
    Row("pagerduty-events", ("event_action",), test=marks.is_pagerduty_payload),
    Row("pagerduty-events", ("event_action", "dedup_key")),
    Row("pagerduty-events", ("service_key", "event_type")),
    Row("rootly", header="x-rootly-signature", test=marks.is_object),
    Row("rootly", ("event", "data"), test=marks.is_rootly),
    Row("firehydrant", ("event", "data"), test=marks.is_firehydrant),
    Row("squadcast", ("event", "data"), test=marks.is_squadcast),
    Row("squadcast", ("event_count", "event_type", "alert_source")),
    Row("incident-io", ("event_type",), test=marks.is_incident_io),
    Row("ilert", ("alertSource", "reportTime")),
    Row("ilert", ("alertSource", "eventType")),
    Row("newrelic", ("issueUrl", "state")),
    Row("newrelic", ("issueUrl", "priority")),
    Row("newrelic", ("impactedEntities", "state")),
    Row("newrelic", ("alertConditionNames",)),
    Row("newrelic", ("incident_id", "current_state", "condition_name")),
    Row("newrelic", ("incident_id", "current_state", "policy_name")),
    Row("opsgenie", ("alert", "action"), test=marks.is_opsgenie),
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
    Row("honeycomb", header="x-honeycomb-webhook-token", test=marks.is_object),
    Row("honeycomb", ("trigger_description", "status")),
    Row("honeycomb", ("result_groups_triggered",)),
    Row("honeycomb", ("trigger_url", "result_url")),
    Row("honeycomb", ("slo", "status"), test=marks.is_burn_alert),
    Row("instana", ("issue",), test=marks.is_instana),
    Row("appdynamics", ("latestEvent",)),
    Row("appdynamics", ("health_rule_name",)),
    Row("appdynamics", ("healthRuleName",)),
    Row("appdynamics", ("eventType", "severity"), test=marks.is_policy_event),
    Row("appdynamics", ("event_type", "severity"), test=marks.is_policy_event),
    Row("alertmanager", ("labels",), test=marks.is_push, array=True),
    Row("alertmanager", ("annotations", "labels"), test=marks.is_one_alert),
    Row("alertmanager", ("generatorURL", "labels"), test=marks.is_one_alert),
    Row("github", ("workflow_run", "repository"), test=marks.is_github_run),
    Row("github", ("workflow_job", "repository"), test=marks.is_github_run),
    Row("github", ("check_run", "repository"), test=marks.is_github_run),
    Row("github", ("check_suite", "repository"), test=marks.is_github_run),
    Row("github", ("alert", "repository"), test=marks.is_github_alert),
    Row("github", ("branches", "context", "sha", "repository"), test=marks.is_github_run),
    Row("gitlab", ("object_kind",), test=marks.is_gitlab),
    Row("argocd", ("argocd",), test=marks.is_argocd),
    Row("argocd", ("app",), test=marks.is_argocd_app),
    Row("argocd", ("application",), test=marks.is_argocd_app),
    Row("argocd", ("apiVersion", "status"), test=marks.is_argocd_app),
    Row("argocd", ("sync_status", "health_status")),
    Row("argocd", ("syncStatus", "healthStatus")),
    Row("flux", ("involvedObject", "reason"), test=marks.is_flux),
    Row("jenkins", ("build",), test=marks.is_jenkins),
    Row("jenkins", ("buildUrl", "buildName", "event")),
    Row("elastic", ("kibana",), test=marks.is_elastic_document),
    Row("elastic", ("kibana.alert.uuid",)),
    Row("elastic", ("kibana.alert.rule.name",)),
    Row("elastic", ("kibana.alert.uuid",), test=marks.is_elastic_documents, array=True),
    Row("elastic", ("kibana",), test=marks.is_elastic_documents, array=True),
    Row("elastic", ("alerts",), test=marks.is_elastic_alerts),
    Row("elastic", ("alert", "rule"), test=marks.is_elastic_rule),
    Row("elastic", ("context", "rule"), test=marks.is_elastic_alerts),
    Row("elastic", ("alertActionGroup", "alertName")),
    Row("elastic", ("actionGroup", "ruleId")),
    Row("elastic", ("webhook_body",)),
    Row("elastic", ("watch_id",), test=marks.is_watch),
    Row("elastic", ("ctx",), test=marks.is_watch),
    Row("elastic", ("payload",), test=marks.is_watch),
    Row("graylog", ("event_definition_id",)),
    Row("graylog", ("check_result", "stream")),
    Row("sumo-logic", ("TriggerType",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("triggerType",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("trigger_type",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("SearchName", "SearchQuery")),
    Row("coralogix", ("alert_action", "fields")),
    Row("coralogix", ("alert_action", "alert_id")),
    Row("axiom", ("event", "action"), test=marks.is_axiom),
    Row("dash0", ("data", "type"), test=marks.is_dash0),
    Row("rollbar", ("event_name", "data"), test=marks.is_rollbar),
    Row("bugsnag", ("trigger", "project"), test=marks.is_bugsnag),
    Row("raygun", ("eventType", "event", "error"), test=marks.is_raygun),
    Row("bitbucket", ("commit_status", "repository"), test=marks.is_build_status),
    Row("circleci", ("pipeline", "type", "project"), test=marks.is_circleci),
    Row("azure-devops", ("eventType", "resource", "publisherId"), test=marks.is_azure_devops),
    Row("azure-devops", ("eventType", "resource", "subscriptionId"), test=marks.is_azure_devops),
    Row("terraform-cloud", ("notification_configuration_id",)),
    Row("vercel", ("createdAt", "payload", "type"), test=marks.is_vercel),
    Row("heroku", ("webhook_metadata", "resource", "data")),
    Row("snyk", ("newIssues", "project")),
    Row("logzio", ("alert_severity", "alert_title"), test=marks.is_logzio),
    Row("papertrail", ("saved_search",)),
    Row("loggly", ("search_link", "alert_name")),
    Row("loggly", ("edit_alert_link", "alert_name")),
    Row("airbrake", ("airbrake_error_url", "error")),
    Row("honeybadger", ("fault", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("site", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("check_in", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("alarm", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("volume_spike", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("deploy", "event"), test=marks.is_honeybadger),
    Row("appsignal", ("exception",), test=marks.is_appsignal),
    Row("appsignal", ("performance",), test=marks.is_appsignal),
    Row("appsignal", ("marker",), test=marks.is_appsignal),
    Row("opensearch", ("ctx",), test=marks.is_opensearch),
    Row("opensearch", ("trigger", "monitor"), test=marks.is_opensearch),
    Row("opensearch", ("trigger_name", "monitor_name")),
    Row("opensearch", ("text",), test=marks.is_opensearch_prose),
    Row("opensearch", text=True, test=marks.is_opensearch_prose),
    Row("uptime-kuma", ("heartbeat", "monitor")),
    Row("uptime-kuma", ("msg",), test=marks.is_kuma_message),
    Row("pingdom", ("check_id", "current_state")),
    Row("pingdom", ("incidentid", "checkname")),
    Row("site24x7", ("MONITORNAME", "STATUS")),
    Row("uptimerobot", ("monitorFriendlyName",)),
    Row("uptimerobot", ("alertTypeFriendlyName",)),
    Row("uptimerobot", ("monitor_friendly_name",)),
    Row("uptimerobot", ("alert_type_friendly_name",)),
    Row("uptimerobot", ("monitorID", "alertType")),
    Row("statuscake", ("StatusCode", "Status")),
    Row("statuscake", ("TestID", "Status")),
    Row("better-stack", ("page",), header="x-betteruptime-event"),
    Row("better-stack", ("page", "event_type"), test=marks.is_status_page),
    Row("better-stack", ("data",), test=marks.is_better_stack),
    Row("statuspage", ("page",), test=marks.is_status_page),
    Row("checkly", header="x-checkly-timestamp"),
    Row("checkly", header="x-checkly-signature"),
    Row("checkly", ("check_result_id",)),
    Row("checkly", ("CHECK_RESULT_ID",)),
    Row("checkly", ("check_id", "alert_type")),
    Row("checkly", ("check_name", "alert_type")),
    Row("checkly", ("checkId", "alertType")),
    Row("checkly", ("checkName", "alertType")),
    Row("checkly", ("CHECK_ID",)),
    Row("checkly", ("CHECK_NAME",)),
    Row("healthchecks", ("n_pings",)),
    Row("healthchecks", ("last_ping", "status")),
    Row("healthchecks", ("now",), test=marks.is_healthcheck),
    Row("updown", ("check", "event"), test=marks.is_updown),
    Row("updown", ("check", "event"), test=marks.is_updown, array=True),
    Row("checkmk", ("NOTIFY_WHAT",)),
    Row("checkmk", ("NOTIFY_NOTIFICATIONTYPE",)),
    Row("checkmk", ("what", "notification_type")),
    Row("icinga2", ("check_result",)),
    Row("nagios", ("NOTIFICATIONTYPE",)),
    Row("nagios", ("NAGIOS_NOTIFICATIONTYPE",)),
    Row("nagios", ("ICINGA_NOTIFICATIONTYPE",)),
    Row("nagios", ("SERVICESTATE",)),
    Row("nagios", ("HOSTSTATE",)),
    Row("nagios", ("NAGIOS_HOSTNAME",)),
    Row("nagios", ("ICINGA_HOSTNAME",)),
    Row("nagios", ("notification_type",), test=marks.is_nagios),
    Row("nagios", ("notificationtype",), test=marks.is_nagios),
    Row("nagios", ("type", "host"), test=marks.is_nagios),
    Row("nagios", ("output", "state"), test=marks.is_check_state),
    # The same macros, where the route says whose they are.
    Row("icinga2", ("notification_type",), test=marks.is_nagios),
    Row("icinga2", ("NOTIFICATIONTYPE",)),
    Row("icinga2", ("ICINGA_NOTIFICATIONTYPE",)),
    Row("icinga2", ("type", "host"), test=marks.is_nagios),
    Row("checkmk", ("notification_type",), test=marks.is_nagios),
    Row("checkmk", ("NOTIFICATIONTYPE",)),
    Row("netdata", ("alert_url", "alert")),
    Row("netdata", ("chart", "alert")),
    Row("netdata", ("chart", "alarm_id")),
    Row("netdata", ("host", "status"), test=marks.is_reachability),
    Row("librenms", ("device_id", "faults")),
    Row("librenms", ("device_id", "rule_id")),
    Row("librenms", ("device_id", "sysName")),
    Row("prtg", ("sensorid",)),
    Row("prtg", ("linksensor",)),
    Row("prtg", ("lastvalue", "sensor")),
    Row("prtg", ("probe", "sensor")),
    Row("solarwinds", ("AlertObjectID",)),
    Row("solarwinds", ("AlertDetailsURL",)),
    Row("solarwinds", ("AlertName", "NodeName")),
    Row("solarwinds", ("AlertName", "EntityCaption")),
    Row("kapacitor", ("previousLevel", "level")),
    Row("kapacitor", ("level", "duration", "details", "id")),
    Row("influxdb", ("_check_id",)),
    Row("influxdb", ("_check_name",)),
    Row("falco", ("output_fields", "rule")),
    Row("falco", ("priority", "rule", "output")),
    Row("wazuh", ("agent", "rule"), test=marks.is_wazuh),
    Row("wazuh", ("all_fields", "rule_id")),
    Row("thousandeyes", ("alert",), test=marks.is_thousandeyes),
    Row("thousandeyes", ("agentAlert",)),
    Row("thousandeyes", ("eventType",), test=marks.is_thousandeyes),
    Row("gatus", ("endpoint_name", "alert_state")),
    Row("freshping", ("webhook_event_data",)),
    Row("cronitor", ("issue_url", "monitor")),
    Row("cronitor", ("monitor", "rule", "type"), test=marks.is_cronitor),
    Row("dead-mans-snitch", ("data",), test=marks.is_snitch),
    Row("monit", ("MONIT_SERVICE",)),
    Row("monit", ("MONIT_EVENT",)),
    Row("zabbix", ("event_nseverity",)),
    Row("zabbix", ("event_value",)),
    Row("zabbix", ("event_update_status",)),
    Row("zabbix", ("trigger_id", "event_id")),
    Row("zabbix", ("trigger_severity",)),
    Row("zabbix", ("trigger_status",)),
    Row("zabbix", ("EVENT.ID",)),
    Row("zabbix", ("EVENT.VALUE",)),
    Row("zabbix", ("EVENT.NAME",)),
    Row("zabbix", ("EVENT.SEVERITY",)),
    Row("zabbix", ("TRIGGER.NAME",)),
    Row("zabbix", ("TRIGGER.STATUS",)),
    Row("zabbix", ("TRIGGER.SEVERITY",)),
    Row("zabbix", ("triggerId", "status")),
    Row("zabbix", ("trigger", "hostname", "severity")),
    Row("zabbix", ("subject", "message"), test=marks.is_zabbix_message),
)

#: Other names of a tool that a route may use.
ALIASES = {
    "prometheus": "alertmanager",
    "vmalert": "alertmanager",
    "mimir": "alertmanager",
    "loki": "alertmanager",
    "cortex": "alertmanager",
    "victoriametrics": "alertmanager",
    "thanos": "alertmanager",
    "grafana-irm": "grafana-oncall",
    "incidentio": "incident-io",
    "incident.io": "incident-io",
    "new-relic": "newrelic",
    "jsm": "opsgenie",
    "jira-service-management": "opsgenie",
    "splunk-oncall": "victorops",
    "splunk-on-call": "victorops",
    "splunk-observability": "signalfx",
    "aws-cloudwatch": "cloudwatch",
    "cloudwatch-alarm": "cloudwatch",
    "aws-eventbridge": "eventbridge",
    "aws-guardduty": "guardduty",
    "securityhub": "security-hub",
    "aws-security-hub": "security-hub",
    "aws-securityhub": "security-hub",
    "health": "aws-health",
    "awshealth": "aws-health",
    "aws-budgets": "aws-cost",
    "budgets": "aws-cost",
    "cost-anomaly": "aws-cost",
    "aws-sns": "sns",
    "cloudevent": "cloudevents",
    "azure": "azure-monitor",
    "azuremonitor": "azure-monitor",
    "event-grid": "azure-event-grid",
    "eventgrid": "azure-event-grid",
    "gcp": "google-cloud",
    "gcp-monitoring": "google-cloud",
    "google": "google-cloud",
    "google-cloud-monitoring": "google-cloud",
    "google-monitoring": "google-cloud",
    "googlecloud": "google-cloud",
    "stackdriver": "google-cloud",
    "atlas": "mongodb-atlas",
    "mongodb": "mongodb-atlas",
    "mongodbatlas": "mongodb-atlas",
    "oci": "oracle-cloud",
    "oracle": "oracle-cloud",
    "alibaba": "alibaba-cloud",
    "aliyun": "alibaba-cloud",
    "tencent": "tencent-cloud",
    "ibm": "sysdig",
    "ibm-cloud": "sysdig",
    "k8s": "kubernetes",
    "kubernetes-events": "kubernetes",
    "github-actions": "github",
    "gitlab-ci": "gitlab",
    "argo-cd": "argocd",
    "argo": "argocd",
    "fluxcd": "flux",
    "kibana": "elastic",
    "elasticsearch": "elastic",
    "watcher": "elastic",
    "sumo": "sumo-logic",
    "sumologic": "sumo-logic",
    "uptimekuma": "uptime-kuma",
    "uptime_kuma": "uptime-kuma",
    "kuma": "uptime-kuma",
    "uptime-robot": "uptimerobot",
    "uptime_robot": "uptimerobot",
    "betterstack": "better-stack",
    "better_stack": "better-stack",
    "betteruptime": "better-stack",
    "better-uptime": "better-stack",
    "healthchecks.io": "healthchecks",
    "healthchecks-io": "healthchecks",
    "healthchecksio": "healthchecks",
    "healthchecks_io": "healthchecks",
    "updown.io": "updown",
    "updown-io": "updown",
    "updownio": "updown",
    "updown_io": "updown",
    "status-cake": "statuscake",
    "icinga": "icinga2",
    "icinga-2": "icinga2",
    "icinga_2": "icinga2",
    "icinga1": "nagios",
    "icinga-1": "nagios",
    "check-mk": "checkmk",
    "check_mk": "checkmk",
    "netdata-cloud": "netdata",
    "netdata-agent": "netdata",
    "libre-nms": "librenms",
    "libre_nms": "librenms",
    "orion": "solarwinds",
    "solarwinds-orion": "solarwinds",
    "influxdb2": "influxdb",
    "influxdb-2": "influxdb",
    "influxdb_2": "influxdb",
    "influx": "influxdb",
    "statuspage.io": "statuspage",
    "statuspage-io": "statuspage",
    "statuspageio": "statuspage",
    "instatus": "statuspage",
    "falcosidekick": "falco",
    "thousand-eyes": "thousandeyes",
    "deadmanssnitch": "dead-mans-snitch",
    "dead_mans_snitch": "dead-mans-snitch",
    "dms": "dead-mans-snitch",
    "bitbucket-pipelines": "bitbucket",
    "circle-ci": "circleci",
    "azuredevops": "azure-devops",
    "azure-pipelines": "azure-devops",
    "terraform": "terraform-cloud",
    "terraform-enterprise": "terraform-cloud",
    "hcp-terraform": "terraform-cloud",
    "logz.io": "logzio",
    "logz-io": "logzio",
}

TOOLS = tuple(dict.fromkeys(row.tool for row in ROWS))

#: Tools that carry what others send: what another tool knows is that tool's on their route, too.
CARRIERS = frozenset({"sns", "eventbridge", "cloudevents", "azure-event-grid"})


def tools_of(payload: object, request: Request) -> Iterator[str]:
    """The tools whose rows know the payload, best first; each may come more than once."""
    return (row.tool for row in _candidates(payload, request) if row.fits(payload, request))


def named(request: Request) -> str:
    """The tool that the route names, by its own name; empty where it names none of ours."""
    tool = ALIASES.get(request.tool, request.tool)
    return tool if tool in TOOLS else ""


@cache
def reader(tool: str) -> Reader:
    """The reader of ``tool``, imported when its first payload comes."""
    name = tool.replace("-", "_").replace(".", "_")
    return cast(Reader, import_module(f"responder.intake.tools.{name}"))


def _candidates(payload: object, request: Request) -> Sequence[Row]:
    """The few rows worth a look, in their order: those with a key or header that is there."""
    if isinstance(payload, dict):
        found = [place for key in payload if key in _BY_KEY for place in _BY_KEY[key]]
    elif isinstance(payload, list):
        found = list(_OF_ARRAYS)
    else:
        found = list(_OF_TEXTS) if isinstance(payload, str) else []
    found += [place for header in request.headers if header in _BY_HEADER
              for place in _BY_HEADER[header]]  # fmt: skip
    return [ROWS[place] for place in sorted(found)]


def _index() -> tuple[dict[str, list[int]], dict[str, list[int]], list[int], list[int]]:
    by_key: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    of_arrays, of_texts = [], []
    for place, row in enumerate(ROWS):
        if row.header:
            by_header.setdefault(row.header, []).append(place)
        elif row.array:
            of_arrays.append(place)
        elif row.text:
            of_texts.append(place)
        else:
            by_key.setdefault(row.keys[0], []).append(place)
    return by_key, by_header, of_arrays, of_texts


_BY_KEY, _BY_HEADER, _OF_ARRAYS, _OF_TEXTS = _index()

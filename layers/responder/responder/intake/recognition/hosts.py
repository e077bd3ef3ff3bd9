"""Rows for what watches hosts, networks and series."""

from responder.intake.draft import Request
from responder.intake.fields import mapping
from responder.intake.recognition.row import Row

# Types of notifications that Nagios and its descendants share.
_NOTIFICATIONS = ("PROBLEM", "RECOVERY", "ACKNOWLEDGEMENT", "FLAPPING", "DOWNTIME", "CUSTOM")
_CHECK_STATES = frozenset({"OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "UNREACHABLE"})
_ZABBIX_MESSAGES = ("Problem started at ", "Problem has been resolved ")


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


def is_zabbix_message(payload: object, request: Request) -> bool:
    """Whether a message begins as Zabbix's default messages do."""
    message = mapping(payload)["message"]
    return isinstance(message, str) and message.startswith(_ZABBIX_MESSAGES)


ROWS: tuple[Row, ...] = (
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
    Row("nagios", ("notification_type",), test=is_nagios),
    Row("nagios", ("notificationtype",), test=is_nagios),
    Row("nagios", ("type", "host"), test=is_nagios),
    Row("nagios", ("output", "state"), test=is_check_state),
    # The same macros, where the route says whose they are.
    Row("icinga2", ("notification_type",), test=is_nagios),
    Row("icinga2", ("NOTIFICATIONTYPE",)),
    Row("icinga2", ("ICINGA_NOTIFICATIONTYPE",)),
    Row("icinga2", ("type", "host"), test=is_nagios),
    Row("checkmk", ("notification_type",), test=is_nagios),
    Row("checkmk", ("NOTIFICATIONTYPE",)),
    Row("netdata", ("alert_url", "alert")),
    Row("netdata", ("chart", "alert")),
    Row("netdata", ("chart", "alarm_id")),
    Row("netdata", ("host", "status"), test=is_reachability),
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
    Row("wazuh", ("agent", "rule"), test=is_wazuh),
    Row("wazuh", ("all_fields", "rule_id")),
    Row("thousandeyes", ("alert",), test=is_thousandeyes),
    Row("thousandeyes", ("agentAlert",)),
    Row("thousandeyes", ("eventType",), test=is_thousandeyes),
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
    Row("zabbix", ("subject", "message"), test=is_zabbix_message),
)

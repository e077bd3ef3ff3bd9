"""The one ordered table by which a payload is known as a tool's, and the way to its reader.

A row names a header, or keys of the body's outermost object, or both; the first row that fits
wins, so that what is told apart by more stands above what is told apart by less.
"""

from collections.abc import Callable, Iterator, Sequence
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
    (``array`` True: in the objects of an outermost array); ``test`` decides where they do not
    suffice.
    """

    tool: str
    keys: tuple[str, ...] = ()
    header: str = ""
    test: Callable[[object, Request], bool] | None = None
    array: bool = False

    def fits(self, payload: object, request: Request) -> bool:
        """Whether this row knows the payload."""
        if self.header and self.header not in request.headers:
            return False
        return self._has_keys(payload) and (self.test is None or self.test(payload, request))

    def _has_keys(self, payload: object) -> bool:
        if not self.array:
            return not self.keys or all(key in mapping(payload) for key in self.keys)
        elements = sequence(payload)[:_LOOKED_AT]
        return any(all(key in mapping(element) for key in self.keys) for element in elements)


#: First match wins.
ROWS: tuple[Row, ...] = (
    Row("sns", ("Type", "TopicArn"), test=marks.is_handshake),
    Row("cloudwatch", ("AlarmName", "NewStateValue")),
    Row("cloudwatch", ("detail", "source"), test=marks.is_alarm_event),
    Row("alertmanager", ("alerts",), test=marks.is_alertmanager),
    Row("alertmanager", ("labels",), test=marks.is_push, array=True),
    Row("uptime-kuma", ("heartbeat", "monitor")),
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
    Row("kapacitor", ("previousLevel", "level")),
    Row("kapacitor", ("level", "duration", "details", "id")),
    Row("influxdb", ("_check_id",)),
    Row("influxdb", ("_check_name",)),
    Row("falco", ("output_fields", "rule")),
    Row("wazuh", ("agent", "rule"), test=marks.is_wazuh),
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
}

TOOLS = tuple(dict.fromkeys(row.tool for row in ROWS))


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
        found = []
    found += [place for header in request.headers if header in _BY_HEADER
              for place in _BY_HEADER[header]]  # fmt: skip
    return [ROWS[place] for place in sorted(found)]


def _index() -> tuple[dict[str, list[int]], dict[str, list[int]], list[int]]:
    by_key: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    of_arrays = []
    for place, row in enumerate(ROWS):
        if row.header:
            by_header.setdefault(row.header, []).append(place)
        elif row.array:
            of_arrays.append(place)
        else:
            by_key.setdefault(row.keys[0], []).append(place)
    return by_key, by_header, of_arrays


_BY_KEY, _BY_HEADER, _OF_ARRAYS = _index()

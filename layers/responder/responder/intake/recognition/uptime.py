"""Rows for what checks from outside, and for status pages."""

from responder.intake.draft import Request
from responder.intake.fields import mapping
from responder.intake.recognition.row import LOOKED_AT, Row

# Fields by which the resources of Better Stack are known among those of JSON:API.
_BETTER_STACK = {
    "incident": frozenset({"cause", "started_at", "acknowledged_at", "resolved_at"}),
    "error": frozenset({"error_url", "error_type", "application_name"}),
    "monitor": frozenset({"pronounceable_name", "monitor_type", "check_frequency"}),
}
_ON_CALL = "on_call"
_KUMA_STATES = (" Down] ", " Up] ")
_LONGEST_KUMA = 500
_STATUS_PAGE = ("incident", "maintenance", "component_update")


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
    return any(_is_updown(element) for element in elements[:LOOKED_AT])


def _is_updown(element: object) -> bool:
    fields = mapping(element)
    check, event = mapping(fields.get("check")), fields.get("event")
    is_event = isinstance(event, str) and event.startswith("check.")
    return is_event and ("token" in check or "apdex_t" in check)


def is_cronitor(payload: object, request: Request) -> bool:
    """Whether a monitor's alert is one of Cronitor's two types."""
    return mapping(payload)["type"] in ("ALERT", "RECOVERY")


def is_snitch(payload: object, request: Request) -> bool:
    """Whether ``data`` is of Dead Man's Snitch."""
    return isinstance(mapping(mapping(payload)["data"]).get("snitch"), dict)


ROWS: tuple[Row, ...] = (
    Row("uptime-kuma", ("heartbeat", "monitor")),
    Row("uptime-kuma", ("msg",), test=is_kuma_message),
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
    Row("better-stack", ("page", "event_type"), test=is_status_page),
    Row("better-stack", ("data",), test=is_better_stack),
    Row("statuspage", ("page",), test=is_status_page),
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
    Row("healthchecks", ("now",), test=is_healthcheck),
    Row("updown", ("check", "event"), test=is_updown),
    Row("updown", ("check", "event"), test=is_updown, array=True),
    Row("gatus", ("endpoint_name", "alert_state")),
    Row("freshping", ("webhook_event_data",)),
    Row("cronitor", ("issue_url", "monitor")),
    Row("cronitor", ("monitor", "rule", "type"), test=is_cronitor),
    Row("dead-mans-snitch", ("data",), test=is_snitch),
)

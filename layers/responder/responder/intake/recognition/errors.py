"""Rows for what collects errors."""

from responder.intake.draft import Request
from responder.intake.fields import mapping
from responder.intake.recognition.row import Row

# https://docs.honeybadger.io/guides/integrations/webhook/
_HONEYBADGER_EVENTS = frozenset(
    {"occurred", "rate_exceeded", "unresolved", "volume_spike", "down", "cert_will_expire",
     "check_in_missing", "alarm_alert", "resolved", "up", "check_in_reporting", "alarm_ok",
     "assigned", "commented", "deployed"}
)  # fmt: skip


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


def is_honeybadger(payload: object, request: Request) -> bool:
    """Whether an event is one of Honeybadger's."""
    event = mapping(payload)["event"]
    return isinstance(event, str) and event in _HONEYBADGER_EVENTS


def is_appsignal(payload: object, request: Request) -> bool:
    """Whether it is an error, a slow request or a marker of AppSignal's."""
    fields = mapping(payload)
    return any("site" in mapping(fields.get(name)) for name in ("exception", "performance",
                                                               "marker"))  # fmt: skip


ROWS: tuple[Row, ...] = (
    Row("rollbar", ("event_name", "data"), test=is_rollbar),
    Row("bugsnag", ("trigger", "project"), test=is_bugsnag),
    Row("raygun", ("eventType", "event", "error"), test=is_raygun),
    Row("airbrake", ("airbrake_error_url", "error")),
    Row("honeybadger", ("fault", "event"), test=is_honeybadger),
    Row("honeybadger", ("site", "event"), test=is_honeybadger),
    Row("honeybadger", ("check_in", "event"), test=is_honeybadger),
    Row("honeybadger", ("alarm", "event"), test=is_honeybadger),
    Row("honeybadger", ("volume_spike", "event"), test=is_honeybadger),
    Row("honeybadger", ("deploy", "event"), test=is_honeybadger),
    Row("appsignal", ("exception",), test=is_appsignal),
    Row("appsignal", ("performance",), test=is_appsignal),
    Row("appsignal", ("marker",), test=is_appsignal),
)

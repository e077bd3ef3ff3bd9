"""Rows for Alertmanager's and Grafana's notifications and alerts."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence
from responder.intake.recognition.row import LOOKED_AT, Row

# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
# Fields of a notification of Alertmanager's and Grafana's; those that only Grafana's alerts have.
_NOTIFICATION_FIELDS = frozenset({"groupKey", "receiver"})
_GRAFANA_FIELDS = frozenset({"silenceURL", "dashboardURL", "panelURL", "valueString"})


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
        or any(_is_pushed(alert) for alert in alerts[:LOOKED_AT])
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
    return any(_is_pushed(element) for element in sequence(payload)[:LOOKED_AT])


def is_one_alert(payload: object, request: Request) -> bool:
    """Whether it is a single alert, as one who takes notifications apart sends it on."""
    return "alertname" in mapping(mapping(payload)["labels"])


def _is_pushed(element: object) -> bool:
    fields = mapping(element)
    labels = fields.get("labels")
    return isinstance(labels, dict) and (
        "alertname" in labels or not _PUSH_FIELDS.isdisjoint(fields)
    )


ROWS: tuple[Row, ...] = (
    Row("grafana", ("alerts",), test=is_grafana),
    Row("alertmanager", ("alerts",), test=is_alertmanager),
    Row("grafana-oncall", ("alert_group",), test=is_oncall_group),
    Row("grafana-oncall", ("incident", "event"), test=is_irm_incident),
    Row("grafana-legacy", ("evalMatches", "state")),
    Row("grafana-legacy", ("ruleId", "ruleName", "state")),
    Row("grafana-legacy", ("ruleUrl", "ruleName")),
    Row("alertmanager", ("labels",), test=is_push, array=True),
    Row("alertmanager", ("annotations", "labels"), test=is_one_alert),
    Row("alertmanager", ("generatorURL", "labels"), test=is_one_alert),
)

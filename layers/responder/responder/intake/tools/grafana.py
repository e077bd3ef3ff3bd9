"""Grafana's unified alerting: Alertmanager's shape with Grafana's own fields in it.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/

An alert's own status counts. ``DatasourceNoData`` and ``DatasourceError`` are alerts of their own
that name the rule in ``rulename``; they fire and resolve like any other. The silence links are
left out: whoever follows one is a click from muting the alert.
"""

from collections.abc import Mapping, Sequence

from responder.intake.draft import Draft, Request
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, severity_of_labels
from responder.intake.times import read_time
from responder.intake.tools.alertmanager import (
    cut_by_sender,
    fingerprint_of,
    labels_of,
    links_of,
    status_of,
)

NAME = "grafana"

# https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/nodata-and-error-states/
_SPECIAL = frozenset({"DatasourceNoData", "DatasourceError"})
_COUNTS = ("[FIRING:", "[RESOLVED")


def split(payload: object) -> Sequence[object]:
    """The alerts of a notification."""
    return sequence(mapping(payload).get("alerts"))


def read(element: object, whole: object, request: Request) -> Draft:
    """One alert. Raises Unreadable for what has neither labels nor annotations."""
    fields, group = mapping(element), mapping(whole)
    labels, annotations = labels_of(fields), string_map(fields.get("annotations"))
    ends_at = read_time(fields.get("endsAt"))
    fingerprint = first(fields, ("fingerprint",)) or fingerprint_of(labels)
    name = labels.get("alertname", "")
    rule = labels.get("rulename", name) if name in _SPECIAL else name
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=fingerprint,
        native_id=fingerprint,
        title=_title(name, rule, annotations) or _without_count(first(group, ("title",))),
        message=first(annotations, ("description", "message", "Error"))
        or first(fields, ("valueString",))
        or annotations.get("summary", ""),
        rule=rule,
        severity=severity_of_labels(labels) or default_of(NAME),
        status=status_of(fields, group, ends_at, request),
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(fields, ("generatorURL",)),
            "dashboard": first(fields, ("dashboardURL",)),
            "panel": first(fields, ("panelURL",)),
            "image": first(fields, ("imageURL",)),
            **links_of(annotations),
            "grafana": first(group, ("externalURL",)),
        },
        starts_at=read_time(fields.get("startsAt")),
        ends_at=ends_at,
        raw=element,
        notes=cut_by_sender(group, "Grafana"),
    )


def _title(name: str, rule: str, annotations: Mapping[str, str]) -> str:
    if name in _SPECIAL:
        return f"{name}: {rule}" if rule != name else name
    return annotations.get("summary") or rule or first(annotations, ("title", "message"))


def _without_count(title: str) -> str:
    """A group's title without how many fire or were resolved: ``[FIRING:1] ...``."""
    counted, closed, rest = title.partition("]")
    return rest.strip() if closed and counted.startswith(_COUNTS) else title

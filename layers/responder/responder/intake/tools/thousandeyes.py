"""ThousandEyes: webhooks of alert rules and of agents, and custom webhooks of its default names.

https://docs.thousandeyes.com/product-documentation/alerts/webhooks
https://docs.thousandeyes.com/product-documentation/integration-guides/custom-webhooks/webhook-vars

``…_CLEAR`` (or a notification type 1) resolves ``…_TRIGGER`` (type 2) of the same alert.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "thousandeyes"

_CLEARS = frozenset({"1", "clear", "cleared"})


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An alert that was triggered or cleared."""
    fields = mapping(element)
    event = first(fields, ("eventType", "type")).upper()
    if event == "WEBHOOK_TEST":
        raise NotAnAlert("a test of the webhook")
    alert = mapping(fields.get("alert")) or mapping(fields.get("agentAlert"))
    rule = first(alert, ("ruleName",)) or first(mapping(alert.get("rule")), ("name",))
    native_id = first(alert, ("alertId", "id"))
    if not rule and not native_id:
        raise Unreadable("no alert")
    kind = mapping(mapping(fields.get("notification")).get("type")) or mapping(fields.get("type"))
    cleared = event.endswith("CLEAR") or _is_clear(first(kind, ("id", "name")) or event)
    test = first(alert, ("testName",)) or first(mapping(alert.get("test")), ("name",))
    labels = {
        **_named(alert.get("testLabels")),
        "test": test,
        "type": first(alert, ("type",)),
        "agent": first(alert, ("agentName",)),
    }
    labels = {name: text for name, text in labels.items() if text}
    place = place_of(labels)
    starts_at = _time(alert, ("dateStartZoned", "dateStart", "startDate"))
    ends_at = _time(alert, ("dateEndZoned", "dateEnd", "endDate"))
    return Draft(
        source=NAME,
        fingerprint=native_id or f"{rule}/{test}",
        native_id=native_id,
        title=f"{rule}: {test}" if rule and test else rule or test or f"Alert {native_id}",
        message=first(alert, ("ruleExpression",)) or first(fields, ("message",)),
        rule=rule,
        severity=read_severity(first(alert, ("severity",))) or default_of(NAME),
        status=Status.RESOLVED if cleared else Status.FIRING,
        service=place.service or test,
        resource=_target(alert),
        scope=place.scope,
        labels=labels,
        links={"alert": first(alert, ("permalink",)), "api": _api_link(alert)},
        happened_at=ends_at if cleared else starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        raw=element,
    )


def _is_clear(word: str) -> bool:
    return word.lower() in _CLEARS


def _time(alert: Mapping[str, object], names: Sequence[str]) -> datetime | None:
    return next(filter(None, (read_time(alert.get(name)) for name in names)), None)


def _named(value: object) -> dict[str, str]:
    """Labels of a test: names with an id, some written as ``name:value``; not the URLs."""
    names = (first(mapping(item), ("name",)) for item in sequence(value))
    return tag_map([name for name in names if "://" not in name])


def _target(alert: Mapping[str, object]) -> str:
    targets = sequence(alert.get("testTargetsDescription"))
    target = as_text(targets[0]) if targets else ""
    return target or first(alert, ("hostname", "agentName", "ipAddress"))


def _api_link(alert: Mapping[str, object]) -> str:
    return first(mapping(next(iter(sequence(alert.get("apiLinks"))), None)), ("href",))

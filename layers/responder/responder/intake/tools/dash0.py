"""Dash0: check rules that fail, with labels whose values are typed as in OpenTelemetry.

https://www.dash0.com/documentation/dash0/alerting/notifications

Resolved is the type ``alert.resolved``, or the issue's status.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "dash0"


def split(payload: object) -> Sequence[object]:
    """One issue each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an issue."""
    body = mapping(element)
    issue = mapping(mapping(body.get("data")).get("issue"))
    number = first(issue, ("issueIdentifier", "id"))
    if not number:
        raise Unreadable("no issue")
    rule = next((mapping(rule) for rule in sequence(issue.get("checkrules"))), {})
    state = first(issue, ["status"]).lower()
    over = state == "resolved" or first(body, ["type"]).lower() == "alert.resolved"
    labels, notes = _typed(issue.get("labels")), _typed(issue.get("annotations"))
    place = place_of(labels)
    started, ended = read_time(issue.get("start")), read_time(issue.get("end"))
    dataset = first(issue, ["dataset"])
    name = first(rule, ["name"])
    return Draft(
        source=NAME,
        fingerprint=f"{dataset}/{number}",
        native_id=first(issue, ["id"]) or number,
        title=first(issue, ["summary"]) or name or number,
        message=first(issue, ["description"]) or first(rule, ["description"]),
        rule=name,
        severity=read_severity(first(labels, ("severity", "priority")))
        or (None if over else read_severity(state))
        or default_of(NAME),
        status=Status.RESOLVED if over else Status.FIRING,
        service=place.service,
        resource=first(labels, ["dash0.resource.name"]) or place.resource,
        scope=place.scope,
        labels=labels | ({"dataset": dataset} if dataset else {}),
        links=_links(issue, rule, notes),
        happened_at=ended if over else started,
        starts_at=started,
        ends_at=ended,
        # From degraded to critical the issue keeps its start: they are two states all the same.
        delivery_id=f"{number}/{issue.get('start')}/{state}" if started else request.delivery_id,
        raw=element,
    )


def _typed(value: object) -> dict[str, str]:
    """``[{"key": …, "value": {"stringValue": …}}]`` as names and texts; plain objects as well."""
    pairs = list(value.items()) if isinstance(value, dict) else [
        (first(mapping(item), ["key"]), mapping(item).get("value")) for item in sequence(value)
    ]  # fmt: skip
    found = {}
    for name, item in pairs:
        inner = next(iter(item.values()), None) if isinstance(item, dict) else item
        if name and (text := as_text(inner)):
            found[str(name)] = text
    return found


def _links(
    issue: Mapping[str, object], rule: Mapping[str, object], notes: Mapping[str, str]
) -> dict[str, str]:
    found = {
        "source": first(issue, ["url"]),
        "rule": first(rule, ["url"]),
        "runbook": first(notes, ("runbook_url", "runbook")),
    }
    return {name: url for name, url in found.items() if url}

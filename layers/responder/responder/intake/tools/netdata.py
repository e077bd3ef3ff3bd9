"""Netdata: the webhooks of Netdata Cloud (alerts, reachability), and our sender for its agent.

https://learn.netdata.cloud/docs/alerts-&-notifications/notifications/centralized-cloud-notifications/webhook
https://learn.netdata.cloud/docs/alerts-&-notifications/notifications/agent-dispatched-notifications/custom

``clear`` and ``reachable`` resolve. Cloud's set-up asks for the token in its test notification.
"""

import re
from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "netdata"

_OVER = frozenset({"clear", "cleared", "reachable", "ok"})
_NEITHER = frozenset({"removed", "uninitialized", "undefined"})
_NODES = ("node", "node_name", "hostname", "host")
_LABELS = ("chart", "context", "family", "class", "space", "type", "component")
# Cloud names the node only in its text: "... on <node>".
_ON = re.compile(r"\bon (?:node )?`?([\w.-]{1,120})")
_LONGEST = 500


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An alert that was raised or cleared, or a node that went away or came back."""
    fields = mapping(element)
    reachability = mapping(fields.get("status"))
    if reachability:
        return _reachability(fields, reachability)
    alert = first(fields, ("alert", "alarm", "name"))
    state = (first(fields, ("severity",)) or first(fields, ("status",))).lower()
    if first(fields, ("status",)).lower() in _OVER | _NEITHER:
        state = first(fields, ("status",)).lower()
    if not alert or not state:
        raise Unreadable("no alert or no severity")
    if state in _NEITHER:
        raise NotAnAlert(f"an alert that is {state}")
    said = first(fields, ("message",))
    node = _node(fields, said)
    chart, space = first(fields, ("chart",)), first(fields, ("space",))
    labels = _labels(fields)
    place = place_of(labels)
    status = Status.RESOLVED if state in _OVER else Status.FIRING
    at = read_time(fields.get("date")) or read_time(fields.get("when"))
    before = first(fields, ("old_status", "previous_severity"))
    return Draft(
        source=NAME,
        fingerprint="/".join(filter(None, (space, node, chart, alert))),
        native_id=first(fields, ("alarm_id", "alert_id")),
        title=f"{alert} on {node}" if node else alert,
        message=_message(fields, said),
        rule=alert,
        severity=(None if state in _OVER else read_severity(state))
        or read_severity(before if before.lower() not in _OVER else "")
        or default_of(NAME),
        status=status,
        service=place.service or first(fields, ("context", "chart")),
        resource=node or place.resource or chart,
        scope=place.scope,
        labels=labels,
        links={"alert": first(fields, ("alert_url", "url", "goto_url"))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        raw=element,
    )


def _reachability(fields: Mapping[str, object], state: Mapping[str, object]) -> Draft:
    said = first(state, ("reachable", "text")).lower()
    host = first(fields, _NODES)
    if not said or not host:
        raise Unreadable("no host, or nothing of its reachability")
    is_over = said in ("true", "reachable")
    severity = read_severity(first(fields, ("severity",)))
    at = read_time(fields.get("date"))
    return Draft(
        source=NAME,
        fingerprint=f"reachability/{host}",
        native_id=host,
        title=f"Reachability of {host}",
        message=first(fields, ("message",)),
        rule="reachability",
        severity=Severity.CRITICAL if is_over or severity is None else severity,
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=host,
        resource=host,
        links={"node": first(fields, ("url", "alert_url"))},
        happened_at=at,
        ends_at=at,
        raw=fields,
    )


def _node(fields: Mapping[str, object], said: str) -> str:
    if named := first(fields, _NODES):
        return named
    found = _ON.search(said[:_LONGEST])
    return found[1].rstrip(".") if found else ""


def _labels(fields: Mapping[str, object]) -> dict[str, str]:
    labels = string_map(fields.get("labels"))
    for name in _LABELS:
        if text := first(fields, (name,)):
            labels.setdefault(name, text)
    if rooms := ", ".join(string_map(fields.get("Rooms") or fields.get("rooms"))):
        labels["rooms"] = rooms
    return labels


def _message(fields: Mapping[str, object], said: str) -> str:
    parts = [said, first(fields, ("info",)), first(fields, ("value_string", "value"))]
    if token := first(fields, ("token", "challenge")):
        # Without it the webhook cannot be set up; it is worth nothing afterwards.
        parts.append(f"Token of the test notification: {token}")
    return "\n".join(dict.fromkeys(filter(None, parts)))

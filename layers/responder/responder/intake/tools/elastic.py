"""Elastic: rules of Kibana (their actions' bodies are templates), its alerts as documents, Watcher.

https://www.elastic.co/docs/explore-analyze/alerts-cases/alerts/rule-action-variables
https://www.elastic.co/docs/reference/watcher/actions-webhook

Understood is the customary body of ``alert``, ``context`` and ``rule`` as JSON,
its flat and older names, summaries (``alerts.new.data`` and so on) and documents, nested or dotted
(``kibana.alert.uuid``). A rule's alert is resolved by the action group ``recovered``, a document by
its status; a watch never says that it is over.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, string_map, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "elastic"

_KINDS = ("new", "ongoing", "recovered")
# Names of the parts of a template; some templates write them as JSON inside a string.
_PARTS = {"alert": "alert", "context": "context", "rule": "rule", "alert_info": "alert",
          "context_info": "context", "rule_info": "rule"}  # fmt: skip

_TITLES = ("rule.name", "kibana.alert.rule.name", "signal.rule.name", "alertName", "ruleName",
           "rule_name", "name")  # fmt: skip
_RULE_IDS = ("rule.id", "kibana.alert.rule.uuid", "signal.rule.id", "alertId", "ruleId", "rule_id")
_UUIDS = ("alert.uuid", "kibana.alert.uuid", "alert_uuid", "fingerprint", "_id")
_INSTANCES = ("alert.id", "kibana.alert.instance.id", "alertInstanceId", "kibana_alert_id",
              "alert_id", "alertId")  # fmt: skip
_GROUPS = ("alert.actionGroup", "kibana.alert.action_group", "alertActionGroup", "actionGroup",
           "action_group")  # fmt: skip
_GROUP_NAMES = ("alert.actionGroupName", "alertActionGroupName", "actionGroupName")
_STATES = ("kibana.alert.status", "alert.status", "status", "state")
_MESSAGES = ("context.reason", "kibana.alert.reason", "context.message", "reason", "message",
             "kibana.alert.rule.description", "signal.rule.description", "description")  # fmt: skip
_SEVERITIES = ("kibana.alert.severity", "context.severity", "alert.severity", "severity",
               "kibana.alert.rule.severity", "rule.params.severity", "rule.severity",
               "signal.rule.severity")  # fmt: skip
_TAGS = ("rule.tags", "kibana.alert.rule.tags", "kibana.alert.tags", "ruleTags", "contextTags",
         "tags")  # fmt: skip
_SERVICES = ("service.name", "context.service.name", "context.serviceName")
_HOSTS = ("host.name", "host.hostname", "context.host.name", "agent.name", "url.full",
          "context.monitorUrl")  # fmt: skip
_ENVIRONMENTS = ("service.environment", "context.environment")
_TIMES = ("kibana.alert.start", "context.timestamp", "context.date", "date", "@timestamp",
          "lastReceived", "timestamp")  # fmt: skip
_END_TIMES = ("kibana.alert.end", "context.timestamp", "context.date", "date", "@timestamp",
              "lastReceived", "timestamp")  # fmt: skip
_LINKS = {
    "source": ("context.alertDetailsUrl", "kibana.alert.url", "context.viewInAppUrl",
               "context.link", "context.results_link", "url"),
    "rule": ("rule.url", "ruleUrl"),
}  # fmt: skip
# Action groups that say no more than that the rule fires; what an alert's id says of no group.
_PLAIN_GROUPS = frozenset({"alert", "default", "fired", "recovered", ""})
_NO_GROUP = frozenset({"*", "all", "query matched", "all documents"})
# Paths of a payload that are looked at, and how deep: documents may hold whole events.
_MAX_PATHS = 500
_MAX_DOTS = 4


def split(payload: object) -> Sequence[object]:
    """The documents of a summary or of a security rule's action, else the one alert."""
    body = mapping(payload)
    alerts = body.get("alerts", mapping(body.get("context")).get("alerts"))
    if isinstance(payload, list):
        return payload
    if isinstance(alerts, list):
        return alerts or (payload,)
    return list(_of_summary(mapping(alerts))) or (payload,)


def _of_summary(alerts: Mapping[str, object]) -> Iterator[object]:
    for kind in _KINDS:
        yield from sequence(mapping(alerts.get(kind)).get("data"))


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a rule, a document or a watch."""
    body = mapping(element)
    watch = next((part for part in (body, mapping(body.get("ctx")), mapping(body.get("payload")))
                  if first(part, ["watch_id"])), None)  # fmt: skip
    if watch:
        return _watch(watch, request)
    fields = _opened(body)
    if element is not whole and "rule" in mapping(whole):
        fields = {"rule": mapping(whole)["rule"], **fields}
    fields = _flat(fields)
    rule = _text(fields, _TITLES)
    group = _text(fields, _GROUPS).lower()
    uuid, instance = _text(fields, _UUIDS), _text(fields, _INSTANCES)
    rule_id = _text(fields, _RULE_IDS)
    if not rule and not rule_id:
        raise Unreadable("neither a rule nor a watch")
    if not (group or uuid or instance or "context" in fields):
        raise Unreadable("a rule without an alert")
    status = _status(fields, group)
    labels = _labels(fields)
    place = place_of(labels)
    over = status is Status.RESOLVED
    return Draft(
        source=NAME,
        fingerprint=uuid or f"{rule_id or rule}/{instance}",
        native_id=uuid or instance,
        title=rule or f"Rule {rule_id}",
        message=_text(fields, _MESSAGES),
        rule=rule or rule_id,
        severity=_severity(fields, labels),
        status=status,
        service=_text(fields, _SERVICES) or place.service,
        resource=_text(fields, _HOSTS)
        or place.resource
        or ("" if instance.lower() in _NO_GROUP else instance),
        scope=_scope(fields, place.scope),
        labels=labels,
        links={name: url for name, paths in _LINKS.items() if (url := _text(fields, paths))},
        happened_at=read_time(_text(fields, _END_TIMES if over else _TIMES)),
        starts_at=read_time(fields.get("kibana.alert.start"))
        or (None if over else read_time(_text(fields, _TIMES))),
        ends_at=read_time(_text(fields, _END_TIMES)),
        delivery_id=request.delivery_id,
        raw=element,
    )


def _scope(fields: Mapping[str, object], scope: Scope) -> Scope:
    environment = _text(fields, _ENVIRONMENTS)
    return scope.model_copy(update={"environment": environment}) if environment else scope


def _status(fields: Mapping[str, object], group: str) -> Status:
    state = _text(fields, _STATES).lower()
    if "recovered" in (group, state, _text(fields, _GROUP_NAMES).lower()):
        return Status.RESOLVED
    if _text(fields, ("kibana.alert.workflow_status",)) == "closed":
        return Status.RESOLVED
    if state == "untracked":
        raise NotAnAlert("an alert whose rule was switched off")
    return Status.FIRING


def _severity(fields: Mapping[str, object], labels: Mapping[str, str]) -> Severity:
    told = read_severity(_text(fields, _SEVERITIES))
    told = told or read_severity(first(labels, ("severity", "priority")))
    groups = (_text(fields, _GROUP_NAMES), _text(fields, _GROUPS).rpartition(".")[2])
    words = (read_severity(word) for word in groups if word.lower() not in _PLAIN_GROUPS)
    return told or next((word for word in words if word), default_of(NAME))


def _labels(fields: Mapping[str, object]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for path in _TAGS:
        if path in fields:
            labels |= tag_map(fields[path])
    labels |= string_map(fields.get("labels"))
    space = _text(fields, ("rule.spaceId", "kibana.space_ids", "spaceId"))
    kind = _text(fields, ("rule.type", "kibana.alert.rule.rule_type_id", "rule_type"))
    group = _text(fields, _GROUPS)
    return labels | string_map({"space": space, "rule_type": kind, "action_group": group})


def _watch(watch: Mapping[str, object], request: Request) -> Draft:
    name, metadata = first(watch, ["watch_id"]), mapping(watch.get("metadata"))
    trigger = mapping(watch.get("trigger"))
    total = mapping(mapping(watch.get("payload")).get("hits")).get("total")
    hits = total.get("value") if isinstance(total, dict) else total
    labels = string_map({key: value for key, value in metadata.items()
                         if not isinstance(value, dict | list)})  # fmt: skip
    place = place_of(labels)
    at = read_time(trigger.get("triggered_time")) or read_time(watch.get("execution_time"))
    found = f"{as_text(hits)} hits" if isinstance(hits, int) else ""
    return Draft(
        source=NAME,
        fingerprint=f"watch/{name}",
        native_id=name,
        title=first(metadata, ["name", "title"]) or name,
        message=first(metadata, ["description", "message"]) or found,
        rule=name,
        severity=read_severity(first(metadata, ["severity", "priority"])) or default_of(NAME),
        status=Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        happened_at=at,
        starts_at=at,
        delivery_id=first(watch, ["id"]) or request.delivery_id,
        raw=watch,
    )


def _opened(body: Mapping[str, object]) -> Mapping[str, object]:
    """The body with its parts as objects, also where a template wrote them into strings."""
    body = mapping(body.get("webhook_body")) or body
    opened = {part: inner for name, part in _PARTS.items()
              if isinstance(text := body.get(name), str) and (inner := _json(text))}  # fmt: skip
    return {**body, **opened} if opened else body


def _json(text: str) -> Mapping[str, object]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        return mapping(load_json(text))
    except (ValueError, RecursionError):
        return {}


def _text(fields: Mapping[str, object], paths: Sequence[str]) -> str:
    """The text of the first path that has a scalar value."""
    for path in paths:
        if path in fields:
            value = fields[path]
            if isinstance(value, list) and value:
                value = value[0]
            if not isinstance(value, dict | list) and (text := as_text(value)):
                return text
    return ""


def _flat(fields: Mapping[str, object]) -> dict[str, object]:
    """All values by their dotted paths, whichever of the dots are nesting and which in a name.

    A path that comes twice is the outer one's. Objects are there by their own paths as well.
    """
    flat: dict[str, object] = {}
    waiting = deque([("", fields)])
    while waiting and len(flat) < _MAX_PATHS:
        start, part = waiting.popleft()
        for name, value in part.items():
            path = start + name
            flat.setdefault(path, value)
            if isinstance(value, dict) and path.count(".") < _MAX_DOTS:
                waiting.append((path + ".", value))
    return flat

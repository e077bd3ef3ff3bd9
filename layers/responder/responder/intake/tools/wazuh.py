"""Wazuh: alerts as its integrator hands them to a script.

https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html
https://documentation.wazuh.com/current/user-manual/ruleset/rules/rules-classification.html

An alert is never resolved. Its rule has a level of 0 to 15.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "wazuh"

# The bands of Wazuh's own dashboard: the lowest level of each.
_BANDS = (
    (15, Severity.CRITICAL),
    (12, Severity.HIGH),
    (7, Severity.MEDIUM),
    (4, Severity.LOW),
    (0, Severity.INFO),
)


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A rule that matched on an agent."""
    # Its integration with Shuffle puts the alert beside a digest of it.
    fields = mapping(mapping(element).get("all_fields")) or mapping(element)
    rule, agent = mapping(fields.get("rule")), mapping(fields.get("agent"))
    title = first(rule, ("description",)) or first(fields, ("title",))
    if not title:
        raise Unreadable("no rule")
    manager = first(mapping(fields.get("manager")), ("name",))
    host, rule_id = first(agent, ("name", "ip")), first(rule, ("id",))
    cluster = first(mapping(fields.get("cluster")), ("name",))
    labels = _labels(fields, rule, agent)
    at = read_time(fields.get("timestamp"))
    identity = "/".join((manager, first(agent, ("id",)) or host, rule_id or title))
    return Draft(
        source=NAME,
        fingerprint=identity,
        native_id=identity,
        title=title,
        message=first(fields, ("full_log",)) or title,
        rule=rule_id or title,
        severity=_severity(first(rule, ("level",))),
        status=Status.FIRING,
        service=first(mapping(fields.get("decoder")), ("name",)) or host,
        resource=host,
        scope=Scope(cluster=cluster),
        labels=labels,
        happened_at=at,
        starts_at=at,
        delivery_id=first(fields, ("id",)),
        raw=element,
    )


def _severity(level: str) -> Severity:
    if level.isdecimal() and len(level) < len("100"):
        return next(severity for lowest, severity in _BANDS if int(level) >= lowest)
    return read_severity(level) or default_of(NAME)


def _labels(
    fields: Mapping[str, object], rule: Mapping[str, object], agent: Mapping[str, object]
) -> dict[str, str]:
    labels = {
        "agent_id": first(agent, ("id",)),
        "agent_ip": first(agent, ("ip",)),
        "groups": ", ".join(as_text(group) for group in sequence(rule.get("groups"))),
        "level": first(rule, ("level",)),
        "location": first(fields, ("location",)),
    }
    return {name: text for name, text in labels.items() if text}

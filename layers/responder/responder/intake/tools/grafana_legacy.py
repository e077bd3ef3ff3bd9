"""Grafana's dashboard alerts of before version 9: one alert a request.

https://grafana.com/docs/grafana/v7.5/alerting/notifications/#webhook

``ok`` resolves; ``alerting``, ``no_data`` and ``pending`` fire; ``paused`` is neither.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, severity_of_labels

NAME = "grafana"

_PREFIXES = ("[alerting]", "[ok]", "[no data]", "[no_data]", "[pending]", "[paused]")
_SHOWN_MATCHES = 10


def split(payload: object) -> Sequence[object]:
    """One state change each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a rule's state change."""
    fields = mapping(element)
    state = first(fields, ("state",)).lower()
    rule = first(fields, ("ruleName",)) or _without_state(first(fields, ("title",)))
    if not state or not rule:
        raise Unreadable("a rule without a name or a state")
    if state == "paused":
        raise NotAnAlert("the rule was paused")
    matches = [mapping(match) for match in sequence(fields.get("evalMatches"))[:_SHOWN_MATCHES]]
    tags = string_map(fields.get("tags"))
    seen = {**(string_map(matches[0].get("tags")) if matches else {}), **tags}
    url = first(fields, ("ruleUrl",))
    rule_id = first(fields, ("ruleId",))
    place = place_of(seen)
    return Draft(
        source=NAME,
        # The host tells apart two Grafanas, whose organisations and rules both count from 1.
        fingerprint="/".join((_host(url), first(fields, ("orgId",)), rule_id or rule)),
        native_id=rule_id,
        title=_without_state(first(fields, ("title",))) or rule,
        message=first(fields, ("message",)) or _values(matches),
        rule=rule,
        severity=severity_of_labels(tags) or default_of(NAME),
        status=Status.RESOLVED if state == "ok" else Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=tags,
        links={"source": url, "image": first(fields, ("imageUrl",))},
        raw=element,
    )


def _without_state(title: str) -> str:
    prefix = next((prefix for prefix in _PREFIXES if title.lower().startswith(prefix)), "")
    return title[len(prefix) :].strip()


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _values(matches: Sequence[Mapping[str, object]]) -> str:
    lines = (f"{first(match, ('metric',))}: {first(match, ('value',))}" for match in matches)
    return "\n".join(lines)

"""Icinga 2: an event of its API, or what a notification script sends of host and service.

https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/#event-streams

States come as words or as numbers (0 OK or UP, 1 WARNING or DOWN, 2 CRITICAL, 3 UNKNOWN), times as
seconds with a fraction.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake import checks
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, string_map
from responder.intake.severity import default_of
from responder.intake.times import read_time
from responder.intake.tools import nagios

NAME = "icinga2"

_NAMES = ("name", "__name", "display_name")
# Variables are the users' and may be credentials: only these become labels.
_VARIABLES = ("environment", "env", "service", "app", "application", "cluster", "region",
              "location", "team", "severity", "priority", "os", "role")  # fmt: skip
_SILENT = frozenset({"CommentAdded", "CommentRemoved", "DowntimeAdded", "DowntimeRemoved",
                     "DowntimeStarted", "DowntimeTriggered", "ObjectCreated", "ObjectModified",
                     "ObjectDeleted"})  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A problem of a host or a service, or its recovery."""
    fields = mapping(element)
    result = mapping(fields.get("check_result"))
    if not result:
        return nagios.read_as(NAME, nagios.unprefixed(element), element)
    if first(fields, ("type",)) in _SILENT:
        raise NotAnAlert("an event of a comment, a downtime or an object")
    host, service = _name(fields.get("host")), _name(fields.get("service"))
    if not host and not service:
        raise Unreadable("neither a host nor a service")
    state = first(result, ("state",)) or first(fields, ("state",))
    exit_code = first(result, ("exit_status",))
    before = mapping(result.get("vars_before"))
    verdict = checks.judge(
        first(fields, ("notification_type",)),
        checks.state_word(state or exit_code, of_host=not service),
        checks.state_word(first(before, ("state",)), of_host=not service),
    )
    labels = {**_variables(fields.get("host")), **_variables(fields.get("service"))}
    place = place_of(labels)
    identity = "/".join(filter(None, (host, service, verdict.about)))
    at = (
        read_time(fields.get("timestamp"))
        or read_time(result.get("execution_end"))
        or read_time(result.get("schedule_end"))
    )
    return Draft(
        source=NAME,
        fingerprint=identity,
        native_id=identity,
        title=checks.titled(host, _shown(fields.get("service")) or service, verdict.about),
        message=first(result, ("output",)) or first(fields, ("text", "output")),
        rule=service or "Host check",
        severity=verdict.severity or default_of(NAME),
        status=verdict.status,
        service=place.service or service or host,
        resource=host,
        scope=place.scope,
        labels=labels,
        links={"source": first(fields, ("url", "link"))},
        happened_at=at,
        starts_at=at if verdict.status is Status.FIRING else None,
        raw=element,
    )


def _name(value: object) -> str:
    """The name of a host or service, which scripts send whole."""
    return first(value, _NAMES) if isinstance(value, dict) else first({"name": value}, ("name",))


def _shown(value: object) -> str:
    return first(mapping(value), ("display_name",))


def _variables(value: object) -> Mapping[str, str]:
    variables = mapping(mapping(value).get("vars"))
    return string_map({name: variables[name] for name in _VARIABLES if name in variables})

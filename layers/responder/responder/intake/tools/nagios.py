"""Nagios and Icinga 1: what a notification command sends, by the names of their macros.

https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html

The names are the users': ``HOSTNAME``, ``NAGIOS_HOSTNAME``, ``host_name`` and ``host`` are one.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake import checks
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, folded, place_of
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "nagios"

_PREFIXES = ("nagios", "icinga", "notify")
_TYPES = ("notificationtype", "type", "eventtype")
_TIMES = ("timet", "timestamp", "microtime", "longdatetime", "datetime", "shortdatetime", "date",
          "time")  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A problem of a host or a service, or its recovery."""
    return read_as(NAME, unprefixed(element), element)


def unprefixed(element: object) -> dict[str, object]:
    """The fields by their bare names, without the prefix of environment variables."""
    fields = folded(element)
    for prefix in _PREFIXES:
        long = {name: name.removeprefix(prefix) for name in fields if name.startswith(prefix)}
        if len(long) > 1:
            fields |= {bare: fields[name] for name, bare in long.items()}
    return fields


def read_as(source: str, fields: Mapping[str, object], raw: object) -> Draft:
    """The draft of bare names; Checkmk's are nearly the same."""
    host = first(fields, ("hostname", "host", "hostalias", "alias", "hostaddress"))
    service = first(fields, ("servicedesc", "servicedescription", "servicename", "service",
                             "servicedisplayname"))  # fmt: skip
    if not host and not service:
        raise Unreadable("neither a host nor a service")
    names = ("servicestate", "state", "status") if service else ("hoststate", "state", "status")
    before = ("lastservicestate",) if service else ("laststate", "lasthoststate")
    state = checks.state_word(first(fields, names), of_host=not service)
    verdict = checks.judge(first(fields, _TYPES), state, first(fields, before))
    labels = _labels(fields)
    place = place_of(labels)
    site = first(fields, ("site", "omdsite", "instance", "nagiosserver"))
    at = next(filter(None, (read_time(fields.get(name)) for name in _TIMES)), None)
    identity = "/".join(filter(None, (site, host, service, verdict.about)))
    output = ("serviceoutput", "output", "pluginoutput", "message") if service else (
        "hostoutput", "output", "pluginoutput", "message")  # fmt: skip
    long_output = ("longserviceoutput",) if service else ("longhostoutput",)
    message = (first(fields, output), first(fields, (*long_output, "longoutput")))
    return Draft(
        source=source,
        fingerprint=identity,
        native_id=identity,
        title=checks.titled(host, service, verdict.about),
        message="\n".join(filter(None, message)),
        rule=service or "Host check",
        severity=verdict.severity or default_of(source),
        status=verdict.status,
        service=place.service or service or host,
        resource=host,
        scope=place.scope,
        labels=labels,
        links=_links(fields),
        happened_at=at,
        starts_at=at if verdict.status is Status.FIRING else None,
        raw=raw,
    )


def _labels(fields: Mapping[str, object]) -> dict[str, str]:
    told = {
        "address": first(fields, ("hostaddress", "address")),
        "host_groups": first(fields, ("hostgroupnames", "hostgroupname", "hostgroups")),
        "service_groups": first(fields, ("servicegroupnames", "servicegroupname")),
        "check_command": first(fields, ("servicecheckcommand", "hostcheckcommand", "checkcommand")),
        "site": first(fields, ("site", "omdsite")),
        "environment": first(fields, ("environment", "env")),
    }
    return {name: text for name, text in told.items() if text}


def _links(fields: Mapping[str, object]) -> dict[str, str]:
    return {
        "source": first(fields, ("serviceurl", "hosturl", "url", "link")),
        "action": first(fields, ("serviceactionurl", "hostactionurl")),
        "runbook": first(fields, ("servicenotesurl", "hostnotesurl", "notesurl")),
    }

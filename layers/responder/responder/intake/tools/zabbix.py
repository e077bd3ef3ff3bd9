"""Zabbix: the fixed fields of our media type, the official media types' names, chat templates.

https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
https://www.zabbix.com/documentation/current/en/manual/appendix/macros/supported_by_location

The users write the names of the fields, mostly after the macros, so they are read by their bare
names. ``EVENT.VALUE`` 1 is a problem and 0 its recovery, under the problem's ``EVENT.ID``; an
update (``EVENT.UPDATE.STATUS`` 1) is of an open problem. Dates and times have no zone: UTC, unless
our script tells the moment.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "zabbix"

# https://www.zabbix.com/documentation/current/en/manual/config/triggers/severity
_SEVERITIES = {
    "0": Severity.INFO, "not classified": Severity.INFO,
    "1": Severity.INFO, "information": Severity.INFO,
    "2": Severity.LOW, "warning": Severity.LOW,
    "3": Severity.MEDIUM, "average": Severity.MEDIUM,
    "4": Severity.HIGH, "high": Severity.HIGH,
    "5": Severity.CRITICAL, "disaster": Severity.CRITICAL,
}  # fmt: skip
_RECOVERED = frozenset({"ok", "resolved", "recovery", "recovered", "closed", "up", "0"})
_AUTOREGISTRATION = "2"

_IDS = ("eventid", "originalproblemid", "problemid", "alertuid", "id")
_NAMES = ("eventname", "problemname", "triggername", "problem", "trigger", "name", "alertsubject",
          "subject", "title")  # fmt: skip
_HOSTS = ("hostname", "hosthost", "host", "service", "hostdns")
_STATES = ("eventstatus", "triggerstatus", "status", "state")
_NUMBERS = ("eventnseverity", "triggernseverity", "nseverity")
_WORDS = ("eventseverity", "triggerseverity", "severity", "priority")
_MESSAGES = ("triggerdescription", "description", "eventopdata", "opdata", "operationaldata",
             "item", "alertmessage", "message")  # fmt: skip
# Subjects and names of the default messages say the state first.
_PREFIX = re.compile(
    r"(?:(?:updated problem|resolved)(?: in [^:]{1,40})?|problem|recovery|ok)\s*:\s*",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"(started|resolved)[^\n]{0,40}? at (\d\d:\d\d:\d\d) on (\d{4}\.\d\d\.\d\d)")
_LONGEST_MESSAGE = 4_000


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A problem, or its recovery."""
    told = folded(element)
    fields = {**_of_message(told), **told}
    name, event_id, host = first(fields, _NAMES), first(fields, _IDS), first(fields, _HOSTS)
    if not name and not event_id:
        raise Unreadable("neither a name nor an id of an event")
    status = _status(fields)
    labels = _tags(fields)
    place = place_of(labels)
    trigger = first(fields, ("triggerid",))
    starts_at, ends_at = _moment(fields, "event"), _moment(fields, "recovery")
    title = _PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name
    return Draft(
        source=NAME,
        fingerprint=f"{event_id or trigger}/{host}" if event_id or trigger else f"{host}/{title}",
        native_id=event_id,
        title=title or f"Problem {event_id}",
        message=first(fields, _MESSAGES),
        rule=first(fields, ("triggername",)) or title,
        severity=_severity(fields),
        status=status,
        service=place.service or host,
        resource=host or place.resource or first(fields, ("hostip", "hostconn")),
        scope=place.scope,
        labels=labels,
        links=_links(fields, event_id, trigger),
        happened_at=ends_at if status is Status.RESOLVED else starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        raw=element,
    )


def _of_message(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields in the text of Zabbix's default messages, where nothing else names them."""
    if "eventid" in fields or "eventname" in fields:
        return {}
    message = first(fields, ("message", "alertmessage"))[:_LONGEST_MESSAGE]
    pairs = (line.partition(": ") for line in message.splitlines())
    found = folded({name: value for name, colon, value in pairs if colon})
    for what, time, date in _MOMENT.findall(message):
        found["eventat" if what == "started" else "recoveryat"] = f"{date} {time}"
    if "Problem has been resolved" in message:
        found["status"] = "resolved"
    return found


def _status(fields: Mapping[str, object]) -> Status:
    if first(fields, ("eventsource",)) == _AUTOREGISTRATION:
        raise NotAnAlert("an autoregistration")
    # A bare "value" may also be the last value of an item.
    value = first(fields, ("eventvalue", "triggervalue"))
    state = (value if value in ("0", "1") else first(fields, _STATES) or value).lower()
    if state:
        is_over = state in _RECOVERED
    else:
        subject = first(fields, ("subject", "alertsubject")).lower()
        is_over = _moment(fields, "recovery") is not None or subject.startswith("resolved")
    if is_over and first(fields, ("eventupdatestatus",)) == "1":
        raise NotAnAlert("an update of a problem that is over")
    return Status.RESOLVED if is_over else Status.FIRING


def _severity(fields: Mapping[str, object]) -> Severity:
    for names in (_NUMBERS, _WORDS):
        said = first(fields, names)
        if found := _SEVERITIES.get(said.lower()) or read_severity(said):
            return found
    return default_of(NAME)


def _tags(fields: Mapping[str, object]) -> dict[str, str]:
    """The tags, which the macro ``EVENT.TAGSJSON`` gives as JSON and ``EVENT.TAGS`` as text."""
    for name in ("eventtagsjson", "eventtags", "tags"):
        value = fields.get(name)
        if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
            try:
                value = load_json(value)
            except (ValueError, RecursionError):
                continue
        if tags := tag_map(value):
            return tags
    return {}


def _moment(fields: Mapping[str, object], of: str) -> datetime | None:
    """When the event or its recovery was: the moment of our script, an epoch, date and time."""
    prefix = "event" if of == "event" else "eventrecovery"
    found = read_time(fields.get(f"{of}at")) or read_time(fields.get(f"{prefix}timestamp"))
    if found:
        return found
    date, time = first(fields, (f"{prefix}date",)), first(fields, (f"{prefix}time",))
    if date:
        return read_time(f"{date} {time}".strip())
    if of == "recovery":
        return None
    return read_time(fields.get("lastreceived")) or read_time(fields.get("timestamp"))


def _links(fields: Mapping[str, object], event_id: str, trigger: str) -> dict[str, str]:
    links = {"trigger": first(fields, ("triggerurl",)), "source": first(fields, ("link", "url"))}
    if (server := first(fields, ("zabbixurl",))) and event_id and trigger:
        page = f"tr_events.php?triggerid={trigger}&eventid={event_id}"
        links["source"] = f"{server.rstrip('/')}/{page}"
    return links

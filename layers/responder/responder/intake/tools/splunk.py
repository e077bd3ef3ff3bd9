"""Splunk's webhook alert action: a search's name and the first row that it found.

https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks

A search that no longer finds anything sends nothing, so nothing ever resolves. ``sid`` names one
run of the search, not the search.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_json, as_text
from responder.intake.times import read_time

NAME = "splunk"

_MESSAGES = ("message", "description", "_raw", "reason")
# Splunk Enterprise Security rates its findings by urgency; an alert's own severity is a number:
# https://docs.splunk.com/Documentation/Splunk/latest/RESTREF/RESTsearch#saved.2Fsearches
_SEVERITIES = ("severity", "urgency", "priority", "level", "alert_severity", "severity_label",
               "log_level")  # fmt: skip
_BY_NUMBER = {"1": "debug", "2": "info", "3": "warning", "4": "error", "5": "severe", "6": "fatal"}
# The scheduler puts the time of a run into its sid: "scheduler__admin__search__x_at_1700000000_4".
# That of a person begins with it.
_RAN_AT = re.compile(r"(?:_at_|^)(\d{10})(?:[_.]|$)")
_SHOWN = 30


def split(payload: object) -> Sequence[object]:
    """One run of a search each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a run."""
    fields = mapping(element)
    row, sid = mapping(fields.get("result")), first(fields, ("sid",))
    search = first(fields, ("search_name", "searchName"))
    link = first(fields, ("results_link", "resultsLink"))
    if not (search or sid or link):
        raise Unreadable("neither a search nor its run")
    labels = _labels(row)
    message = first(row, _MESSAGES) or "\n".join(
        f"{name}: {text}" for name, text in list(labels.items())[:_SHOWN]
    )
    place = place_of(labels)
    resource = place.resource or first(labels, ("dest", "src"))
    app = first(fields, ("app",))
    return Draft(
        source=NAME,
        fingerprint=digest(app, search or message, place.service, resource),
        native_id=search,
        title=search or first(row, ("title", "rule_name", "message")) or "Splunk search",
        message=message,
        rule=search,
        severity=_severity(labels),
        status=Status.FIRING,
        service=place.service,
        resource=resource,
        scope=place.scope,
        labels=labels,
        links={"source": link},
        happened_at=_ran_at(sid) or read_time(first(row, ("_time",))),
        # One run sends a request for each of its rows where it is told to.
        delivery_id=digest(sid, as_json(row)) if sid else "",
        raw=element,
    )


def _labels(row: Mapping[str, object]) -> dict[str, str]:
    """The row's fields; a field of several values is a list."""
    labels = {}
    for name, value in row.items():
        text = ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
        if text and not name.startswith("_") and not isinstance(value, dict):
            labels[name] = text
    return labels


def _severity(labels: Mapping[str, str]) -> Severity:
    words = [labels[name] for name in _SEVERITIES if name in labels]
    named = (read_severity(_BY_NUMBER.get(word, word)) for word in words)
    return next((severity for severity in named if severity), default_of(NAME))


def _ran_at(sid: str) -> datetime | None:
    found = _RAN_AT.search(sid)
    return read_time(found[1]) if found else None

"""Checkmk: what a notification script sends of its ``NOTIFY_`` variables.

https://docs.checkmk.com/latest/en/notifications.html#environment_variables

``event`` says both states ("OK -> CRIT"); ``status`` of a service is often only up or down.
"""

from collections.abc import Sequence

from responder.intake.draft import Draft, Request
from responder.intake.fields import first
from responder.intake.tools import nagios

NAME = "checkmk"


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A problem of a host or a service, or its recovery."""
    fields = nagios.unprefixed(element)
    before, arrow, after = first(fields, ("event",)).partition(" -> ")
    state = first(fields, ("serviceshortstate", "severity")) if fields.get("service") else ""
    if arrow:
        state, before = after, before
    if state:
        fields |= {"state": state, "servicestate": state, "hoststate": state}
        fields |= {"lastservicestate": before, "lasthoststate": before}
    return nagios.read_as(NAME, fields, element)

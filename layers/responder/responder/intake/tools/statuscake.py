"""StatusCake's webhook, a form (or a query) of one uptime test.

https://www.statuscake.com/kb/knowledge-base/how-to-use-the-web-hook-url/
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import labelled

NAME = "statuscake"

_STATES = {"down": Status.FIRING, "up": Status.RESOLVED}


def split(payload: object) -> Sequence[object]:
    """One change of state each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A test that is down, or up again. Its ``Token`` is a credential and is never kept."""
    fields = folded(element)
    test, name = first(fields, ("testid",)), first(fields, ("name",))
    url = first(fields, ("url",))
    state = first(fields, ("status",)).lower()
    if state not in _STATES or not (test or name or url):
        raise Unreadable("no test, or neither up nor down")
    labels = tag_map(fields.get("tags"))
    place = place_of(labels)
    code = first(fields, ("statuscode",))
    return Draft(
        source=NAME,
        fingerprint=test or f"{name}/{url}",
        native_id=test,
        title=name or url or f"Test {test}",
        message=f"Status code {code}" if code else "",
        rule=name,
        severity=labelled(labels, NAME),
        status=_STATES[state],
        service=place.service or name,
        resource=place.resource or url or first(fields, ("ip",)),
        scope=place.scope,
        labels=labels,
        links={"test": url},
        raw=element,
    )

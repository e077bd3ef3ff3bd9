"""Questions that a sender asks before its first alert, and that the answer must repeat.

Only the routes that ask for a secret answer them, so that nobody else can have this address
confirmed as theirs.
"""

from collections.abc import Mapping

from responder.intake.body import read_body
from responder.intake.errors import BadRequest
from responder.intake.fields import first, mapping, sequence

# https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
_EVENT_GRID = "aeg-event-type"
_VALIDATION = "subscriptionvalidation"
_LONGEST = 200


def event_grid_code(body: bytes, headers: Mapping[str, str]) -> str:
    """The code that Azure Event Grid wants to see again; empty for any other request."""
    if headers.get(_EVENT_GRID, "").lower() != _VALIDATION:
        return ""
    try:
        payload = read_body(body, headers).value
    except BadRequest:
        return ""
    event = mapping(next(iter(sequence(payload)), payload))
    code = first(mapping(event.get("data")), ("validationCode",))
    return code if len(code) <= _LONGEST else ""

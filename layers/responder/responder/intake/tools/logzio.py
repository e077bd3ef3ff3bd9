"""Logz.io: alerts of logs by the customary names of a custom endpoint's template.

https://docs.logz.io/docs/user-guide/integrations/notification-endpoints/custom-endpoints/

There is no resolve.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, string_map, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "logzio"

# Logz.io's scale ends with SEVERE, above HIGH.
_WORST = "severe"
_SAMPLES = ("alert_event_samples", "alert_samples")
_TIMES = ("alert_timeframe_end_epoch_millis", "alert_timeframe_end", "alert_timeframe_start")
_MAX_SAMPLES = 2_000


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a trigger."""
    body = mapping(element)
    title = first(body, ("alert_title", "alert_name"))
    if not title:
        raise Unreadable("an alert without a title")
    word = first(body, ["alert_severity"])
    severe = Severity.CRITICAL if word.lower() == _WORST else read_severity(word)
    labels = tag_map(body.get("alert_tags"))
    place = place_of(labels)
    samples = next((text for name in _SAMPLES if (text := as_text(body.get(name)))), "")
    at = next((at for name in _TIMES if (at := read_time(body.get(name)))), None)
    number = first(body, ("alert_definition_id", "alert_id"))
    group = first(body, ["alert_group_by"])
    return Draft(
        source=NAME,
        fingerprint="/".join(part for part in (number or title, group) if part),
        native_id=number,
        title=title,
        message="\n".join(part for part in (first(body, ["alert_description"]),
                                            samples[:_MAX_SAMPLES]) if part),
        rule=title,
        severity=severe or default_of(NAME),
        status=Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels | string_map({"account": body.get("account_name")}),
        links={"source": first(body, ("alert_app_url", "alert_url", "account_url"))},
        happened_at=at,
        starts_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip

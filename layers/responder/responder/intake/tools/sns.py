"""What SNS sends to an HTTP subscription that is not confirmed.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.fields import first, mapping
from responder.intake.times import read_time

NAME = "sns"


def split(payload: object) -> Sequence[object]:
    """One request for confirmation each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A visible alert instead of a visit: whoever can post here could make us call any URL."""
    fields = mapping(element)
    topic = first(fields, ["TopicArn"])
    kind = first(fields, ["Type"])
    return Draft(
        source=NAME,
        fingerprint=f"{topic}#{kind}",
        title=f"SNS topic {topic.rpartition(':')[2]} waits for a confirmation ({kind})",
        message=(
            f"Topic {topic} sent a {kind} to this address. It is not confirmed: its link is "
            "neither visited nor kept, because it holds a token. Subscribe the reception function "
            "to the topic instead (protocol lambda), which needs no confirmation."
        ),
        severity=Severity.INFO,
        status=Status.FIRING,
        happened_at=read_time(fields.get("Timestamp")),
        delivery_id=first(fields, ["MessageId"]),
        rule=kind,
        resource=topic,
        unknown_format=True,
        raw=element,
    )

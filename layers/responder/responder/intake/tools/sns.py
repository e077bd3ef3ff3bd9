"""What comes by Amazon SNS and is no other tool's: prose, and requests for confirmation.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

A message of prose has no state: the same subject on the same topic is the same alert.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.aws import arn_part
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.severity import default_of, heading_severity
from responder.intake.text import one_line
from responder.intake.times import read_time

NAME = "sns"

_MAX_LINE = 2_000


def split(payload: object) -> Sequence[object]:
    """One message each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a message."""
    fields = mapping(element)
    topic = first(fields, ("TopicArn",))
    if not topic:
        raise Unreadable("a message without a topic")
    kind = first(fields, ("Type",))
    return _prose(fields, topic) if kind == "Notification" else _handshake(fields, topic, kind)


def _prose(fields: Mapping[str, object], topic: str) -> Draft:
    text, subject = first(fields, ("Message",)), first(fields, ("Subject",))
    name, at = arn_part(topic, 5), read_time(fields.get("Timestamp"))
    title = subject or _line(text) or f"Message of SNS topic {name}"
    return Draft(
        source=NAME,
        fingerprint=f"{topic}#{digest(title)}",
        title=title,
        message=text,
        rule=name,
        severity=heading_severity(subject or title) or default_of(NAME),
        status=Status.FIRING,
        service=name,
        resource=topic,
        scope=Scope(account=arn_part(topic, 4), region=arn_part(topic, 3)),
        labels={"topic": name},
        happened_at=at,
        starts_at=at,
        delivery_id=first(fields, ("MessageId",)),
        raw=fields,
    )


def _line(text: str) -> str:
    return next((line for line in map(one_line, text[:_MAX_LINE].splitlines()) if line), "")


def _handshake(fields: Mapping[str, object], topic: str, kind: str) -> Draft:
    """A visible alert instead of a visit: whoever can post here could make us call any URL."""
    return Draft(
        source=NAME,
        fingerprint=f"{topic}#{kind}",
        title=f"SNS topic {topic.rpartition(':')[2]} waits for a confirmation ({kind})",
        message=(
            f"Topic {topic} sent a {kind} to this address. It is not confirmed: its link is "
            "neither visited nor kept, because it holds a token. Let the source name the topic "
            "(responder sources add NAME --tool sns --topic ARN) and subscribe again, or subscribe "
            "the reception function to the topic (protocol lambda), which needs no confirmation."
        ),
        severity=Severity.INFO,
        status=Status.FIRING,
        happened_at=read_time(fields.get("Timestamp")),
        delivery_id=first(fields, ("MessageId",)),
        rule=kind,
        resource=topic,
        unknown_format=True,
        raw=fields,
    )

"""What AWS says of money: Budgets (prose by SNS) and Cost Anomaly Detection (SNS, EventBridge).

https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
https://docs.aws.amazon.com/cost-management/latest/userguide/cad-alert-chime.html

Neither says when it is over.
"""

import re
from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.aws import arn_part
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "aws-cost"

# "Budget Name: Monthly", "AWS Account 123456789012"; in the first lines of a message.
_BUDGET = re.compile(r"Budget Name:[ \t]*([^\r\n]{1,200})")
_ACCOUNT = re.compile(r"AWS Account:?[ \t]+(\d{12})\b")
_LOOKED_AT = 4_000
_MAX_CAUSES = 5


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an exceeded budget or an anomaly."""
    fields = mapping(element)
    if "TopicArn" in fields:
        return _of_budget(fields)
    anomaly = mapping(fields.get("detail")) or fields
    if not first(anomaly, ("anomalyId",)):
        raise Unreadable("neither a budget nor an anomaly with an id")
    return _of_anomaly(anomaly, fields, request)


def _of_budget(fields: Mapping[str, object]) -> Draft:
    topic, text = first(fields, ("TopicArn",)), first(fields, ("Message",))
    head = text[:_LOOKED_AT]
    budget, account = _BUDGET.search(head), _ACCOUNT.search(head)
    name = budget[1].strip() if budget else ""
    owner = account[1] if account else arn_part(topic, 4)
    subject = first(fields, ("Subject",)) or "AWS Budgets notification"
    at = read_time(fields.get("Timestamp"))
    return Draft(
        source=NAME,
        fingerprint=f"{owner}/budget/{name or subject}",
        native_id=name,
        title=subject,
        message=text,
        rule=name,
        severity=default_of(NAME),
        status=Status.FIRING,
        service=name,
        resource=name,
        scope=Scope(account=owner),
        links={"source": "https://console.aws.amazon.com/billing/home#/budgets"},
        happened_at=at,
        starts_at=at,
        delivery_id=first(fields, ("MessageId",)),
        raw=fields,
    )


def _of_anomaly(
    anomaly: Mapping[str, object], event: Mapping[str, object], request: Request
) -> Draft:
    native_id, monitor = first(anomaly, ("anomalyId",)), first(anomaly, ("monitorName",))
    causes = [mapping(cause) for cause in sequence(anomaly.get("rootCauses"))[:_MAX_CAUSES]]
    subject = first(anomaly, ("dimensionalValue",)) or _cause(causes[0] if causes else {})
    account = first(anomaly, ("accountId",)) or first(event, ("account",))
    impact = mapping(anomaly.get("impact"))
    total = first(impact, ("totalImpact", "maxImpact"))
    said = [f"Total impact: {total} USD"] if total else []
    said += [f"Cause: {text}" for text in map(_cause, causes) if text]
    at = read_time(event.get("time")) or request.sent_at
    return Draft(
        source=NAME,
        fingerprint=f"{account}/anomaly/{native_id}",
        native_id=native_id,
        title=f"AWS cost anomaly: {subject or monitor or native_id}",
        message="\n".join(said),
        rule=monitor or first(anomaly, ("monitorArn",)),
        severity=Severity.MEDIUM,
        status=Status.FIRING,
        service=subject,
        resource=first(anomaly, ("monitorArn",)),
        scope=Scope(account=account),
        links={"source": first(anomaly, ("anomalyDetailsLink",))},
        happened_at=at,
        starts_at=read_time(anomaly.get("anomalyStartDate")),
        delivery_id=first(event, ("id",)) or request.delivery_id,
        raw=event,
    )


def _cause(cause: Mapping[str, object]) -> str:
    names = ("service", "region", "linkedAccount", "usageType")
    return ", ".join(text for name in names if (text := first(cause, (name,))))

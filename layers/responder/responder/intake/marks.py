"""The tests of ``recognition``'s table that need more than the presence of a key."""

from responder.intake.changes import gitops
from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_HANDSHAKES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20


def is_handshake(payload: object, request: Request) -> bool:
    """Whether SNS asks for a confirmation instead of delivering a message."""
    fields = mapping(payload)
    return (
        fields.get("Type") in _HANDSHAKES
        and isinstance(fields.get("TopicArn"), str)
        and isinstance(fields.get("Message"), str)
    )


def is_alarm_event(payload: object, request: Request) -> bool:
    """Whether it is EventBridge's event of a CloudWatch alarm."""
    fields = mapping(payload)
    detail = mapping(fields.get("detail"))
    return fields.get("source") == "aws.cloudwatch" and "alarmName" in detail and "state" in detail


def is_alertmanager(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are those of a webhook notification, version 4."""
    fields = mapping(payload)
    return isinstance(fields["alerts"], list) and (
        fields.get("version") == "4" or "groupKey" in fields or "receiver" in fields
    )


def is_push(payload: object, request: Request) -> bool:
    """Whether an array holds the alerts of Alertmanager's push API."""
    return any(_is_pushed(element) for element in sequence(payload)[:_LOOKED_AT])


def _is_pushed(element: object) -> bool:
    fields = mapping(element)
    labels = fields.get("labels")
    return isinstance(labels, dict) and (
        "alertname" in labels or not _PUSH_FIELDS.isdisjoint(fields)
    )


# Read as changes, or as nothing, by ``changes``.
_GITHUB_CHANGES = frozenset({"deployment", "deployment_status", "push", "release", "ping"})
_GITLAB_CHANGES = frozenset({"deployment", "pipeline"})


def is_github_event(payload: object, request: Request) -> bool:
    """Whether GitHub's header and the body are of an event that is no change."""
    fields = mapping(payload)
    about = "repository" in fields or "sender" in fields or "organization" in fields
    return about and request.headers["x-github-event"] not in _GITHUB_CHANGES


def is_github_run(payload: object, request: Request) -> bool:
    """Whether a run is told of, and not the deployment that it made."""
    fields = mapping(payload)
    deploys = "deployment_status" in fields or (
        "deployment" in fields and "workflow_job" not in fields
    )
    return isinstance(fields["repository"], dict) and not deploys


def is_github_alert(payload: object, request: Request) -> bool:
    """Whether it is one of GitHub's security alerts."""
    fields = mapping(payload)
    alert = mapping(fields["alert"])
    return isinstance(fields["repository"], dict) and ("number" in alert or "ghsa_id" in alert)


def is_gitlab(payload: object, request: Request) -> bool:
    """Whether it is an event of GitLab's that is no change."""
    fields = mapping(payload)
    kind = fields["object_kind"]
    return isinstance(kind, str) and kind not in _GITLAB_CHANGES


def is_jenkins(payload: object, request: Request) -> bool:
    """Whether a build has what only Jenkins' has."""
    build = mapping(mapping(payload)["build"])
    return "phase" in build and ("full_url" in build or "number" in build)


def is_argocd(payload: object, request: Request) -> bool:
    """Whether it is a notification by our template, of more than a sync."""
    fields = mapping(mapping(payload)["argocd"])
    return "app" in fields and not gitops.tells_of_sync(payload)


def is_argocd_app(payload: object, request: Request) -> bool:
    """Whether an application of Argo CD is in it, or is it."""
    fields = mapping(payload)
    return any(map(_is_application, (fields.get("app"), fields.get("application"), payload)))


def _is_application(value: object) -> bool:
    fields = mapping(value)
    status = mapping(fields.get("status"))
    parts = ("health", "sync", "operationState")
    return isinstance(fields.get("metadata"), dict) and any(part in status for part in parts)


def is_flux(payload: object, request: Request) -> bool:
    """Whether it is an event of Flux's shape that tells of no known reconciliation."""
    fields = mapping(payload)
    involved = mapping(fields.get("involvedObject"))
    return "name" in involved and not gitops.tells_of_reconciliation(payload, request)

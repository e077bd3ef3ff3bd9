"""Vercel: deployments that failed, and those that succeed after them.

https://vercel.com/docs/webhooks/webhooks-api
"""

from collections.abc import Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "vercel"

_TYPES = words(
    "deployment.error deployment.checks.failed",
    "deployment.succeeded deployment.ready deployment.promoted deployment.checks.succeeded",
)
_PRODUCTION = "production"
_BRANCHES = ("githubCommitRef", "gitlabCommitRef", "bitbucketCommitRef", "branch")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a deployment."""
    body = mapping(element)
    kind, payload = first(body, ["type"]), mapping(body.get("payload"))
    # What is not known yet may be of its alerts; all else is of people, projects and domains.
    if kind and kind not in _TYPES and "alert" not in kind:
        raise NotAnAlert(f"an event {kind[:60]}")
    status = status_by(_TYPES, kind)
    deployment, links = mapping(payload.get("deployment")), mapping(payload.get("links"))
    project = mapping(payload.get("project"))
    name = first(deployment, ["name"]) or first(project, ["name", "id"])
    if not name:
        raise Unreadable("a deployment without a name")
    target = first(payload, ["target"]) or "preview"
    branch = first(mapping(deployment.get("meta")), _BRANCHES)
    at = read_time(body.get("createdAt"))
    # Previews are deployed of every branch: only of them is the branch told apart.
    place = target if target == _PRODUCTION else f"{target}/{branch}"
    return Draft(
        source=NAME,
        fingerprint=f"{first(project, ['id']) or name}/{place}",
        native_id=first(deployment, ["id"]),
        title=f"{name}: deployment to {target} failed",
        message=first(deployment, ["url"]),
        rule=f"{NAME} deployment",
        severity=default_of(NAME) if target == _PRODUCTION else Severity.LOW,
        status=status,
        service=name,
        resource=name,
        scope=Scope(environment=target),
        labels=string_map({"branch": branch, "target": target,
                           "team": mapping(payload.get("team")).get("id")}),
        links={"source": first(links, ["deployment"])},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(body, ["id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip

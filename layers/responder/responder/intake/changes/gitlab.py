"""GitLab's deployment and pipeline events.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from collections.abc import Mapping

from responder.alert import Scope
from responder.change import ChangeState
from responder.errors import Reason
from responder.intake.changes.news import News, NoNews, deployment_to, service_of
from responder.intake.draft import Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.times import read_time

NAME = "gitlab"

_STATES = {
    "created": ChangeState.STARTED,
    "waiting_for_resource": ChangeState.STARTED,
    "preparing": ChangeState.STARTED,
    "pending": ChangeState.STARTED,
    "blocked": ChangeState.STARTED,
    "manual": ChangeState.STARTED,
    "scheduled": ChangeState.STARTED,
    "running": ChangeState.STARTED,
    "success": ChangeState.SUCCEEDED,
    "failed": ChangeState.FAILED,
    "canceling": ChangeState.CANCELLED,
    "canceled": ChangeState.CANCELLED,
    "skipped": ChangeState.CANCELLED,
}


def is_deployment(payload: object, request: Request) -> bool:
    """Whether it is a deployment event."""
    body = mapping(payload)
    return body.get("object_kind") == "deployment" and "deployment_id" in body


def read_deployment(payload: object, request: Request) -> News:
    """What a deployment's status tells. Raises Unreadable."""
    body = mapping(payload)
    status, project = first(body, ["status"]), _project(body)
    place = first(body, ["environment"])
    if not project or status not in _STATES:
        raise Unreadable("a deployment without a project or a known status")
    return News(
        source=NAME,
        identity=(project, "deployment", first(body, ["deployment_id"])),
        subject=(project, place),
        service=service_of(project),
        what=deployment_to(place),
        state=_STATES[status],
        at=read_time(body.get("status_changed_at")),
        revision=first(body, ["short_sha", "ref"]),
        by=first(mapping(body.get("user")), ["username", "name"]),
        link=first(body, ["deployable_url"]),
        detail=first(body, ["commit_title"]),
        scope=Scope(environment=place),
        raw=payload,
    )


def is_pipeline(payload: object, request: Request) -> bool:
    """Whether it is a pipeline event."""
    body = mapping(payload)
    pipeline = mapping(body.get("object_attributes"))
    return body.get("object_kind") == "pipeline" and {"id", "status", "ref"} <= pipeline.keys()


def read_pipeline(payload: object, request: Request) -> News | NoNews:
    """What a pipeline's status tells: of the default branch or a tag, or a failure of any."""
    body = mapping(payload)
    pipeline, project = mapping(body["object_attributes"]), _project(body)
    status, ref = first(pipeline, ["status"]), first(pipeline, ["ref"])
    if not project or status not in _STATES:
        raise Unreadable("a pipeline without a project or a known status")
    state, began = _STATES[status], read_time(pipeline.get("created_at"))
    home = mapping(body.get("project"))
    released = pipeline.get("tag") is True or ref == first(home, ["default_branch"])
    # A failure of another branch is an alert, and so its success is the end of one.
    if not released and state not in (ChangeState.FAILED, ChangeState.SUCCEEDED):
        return NoNews(Reason.OTHER_BRANCH)
    return News(
        source=NAME,
        identity=(project, "pipeline", first(pipeline, ["id"])),
        subject=(project, "pipeline", ref),
        service=service_of(project),
        what=f"pipeline of {ref}",
        state=state,
        at=read_time(pipeline.get("finished_at")) or began,
        began=began,
        revision=first(pipeline, ["sha"]),
        by=first(mapping(body.get("user")), ["username", "name"]),
        link=first(pipeline, ["url"]) or _page(home, first(pipeline, ["id"])),
        detail=first(mapping(body.get("commit")), ["title"]),
        raw=payload,
    )


def _project(body: Mapping[str, object]) -> str:
    return first(mapping(body.get("project")), ["path_with_namespace"])


def _page(project: Mapping[str, object], number: str) -> str:
    home = first(project, ["web_url"])
    return f"{home}/-/pipelines/{number}" if home else ""

"""GitHub's webhooks of deployments, releases and pushes, known by their bodies.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping
from datetime import datetime

from responder.alert import Scope
from responder.change import ChangeState
from responder.errors import Reason
from responder.intake.changes.news import News, NoNews, deployment_to, service_of
from responder.intake.draft import Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.times import read_time

NAME = "github"

_STATES = {
    "queued": ChangeState.STARTED,
    "pending": ChangeState.STARTED,
    "waiting": ChangeState.STARTED,
    "in_progress": ChangeState.STARTED,
    "success": ChangeState.SUCCEEDED,
    "failure": ChangeState.FAILED,
    "error": ChangeState.FAILED,
    # Another deployment took its place.
    "inactive": ChangeState.REPLACED,
}
_PUBLISHED = ("published", "released")
_DRAFTED = ("created", "edited", "deleted", "prereleased", "unpublished")


def is_deployment(payload: object, request: Request) -> bool:
    """Whether it is ``deployment`` or ``deployment_status``."""
    body = mapping(payload)
    return bool(_repository(body)) and "id" in mapping(body.get("deployment"))


def read_deployment(payload: object, request: Request) -> News:
    """What a deployment, or a new status of one, tells. Raises Unreadable."""
    body = mapping(payload)
    deployment, status = mapping(body["deployment"]), mapping(body.get("deployment_status"))
    action, state = first(body, ["action"]), first(status, ["state"])
    if action != "created" or (status and state not in _STATES):
        raise Unreadable("a deployment that is neither created nor of a known state")
    repository, number = _repository(body), first(deployment, ["id"])
    began = read_time(deployment.get("created_at"))
    place = first(deployment, ["environment"]) or first(status, ["environment"])
    return News(
        source=NAME,
        identity=(repository, "deployment", number),
        subject=(repository, place),
        service=service_of(repository),
        what=deployment_to(place),
        state=_STATES[state] if status else ChangeState.STARTED,
        at=_time(status) if status else began,
        began=began,
        revision=first(deployment, ["sha", "ref"]),
        by=first(mapping(deployment.get("creator")), ["login"]),
        link=first(status, ["log_url", "target_url"]) or _page(body, "deployments"),
        detail=first(status, ["description"]),
        scope=Scope(environment=place),
        raw=payload,
    )


def is_release(payload: object, request: Request) -> bool:
    """Whether it is ``release``."""
    body = mapping(payload)
    release = mapping(body.get("release"))
    return bool(_repository(body)) and "id" in release and "tag_name" in release


def read_release(payload: object, request: Request) -> News | NoNews:
    """What a release tells; only a published one changes anything. Raises Unreadable."""
    body = mapping(payload)
    release, repository = mapping(body["release"]), _repository(body)
    action, tag = first(body, ["action"]), first(release, ["tag_name"])
    if action in _DRAFTED:
        return NoNews(Reason.NO_CHANGE)
    if action not in _PUBLISHED or not tag:
        raise Unreadable("a release of an unknown action, or without a tag")
    return News(
        source=NAME,
        identity=(repository, "release", first(release, ["id"])),
        service=service_of(repository),
        what=f"release {tag}",
        state=ChangeState.SUCCEEDED,
        at=read_time(release.get("published_at")),
        revision=tag,
        by=first(mapping(release.get("author")), ["login"]),
        link=first(release, ["html_url"]),
        raw=payload,
    )


def is_push(payload: object, request: Request) -> bool:
    """Whether it is ``push``."""
    body = mapping(payload)
    named = _repository(body) and isinstance(body.get("ref"), str) and body.get("after")
    return bool(named) and isinstance(body.get("commits"), list) and "pusher" in body


def read_push(payload: object, request: Request) -> News | NoNews:
    """What a push to the default branch tells; what happens on other branches runs nowhere."""
    body = mapping(payload)
    repository, home = _repository(body), mapping(body["repository"])
    ref, after = first(body, ["ref"]), first(body, ["after"])
    branch = first(home, ["default_branch"])
    if not branch or ref != f"refs/heads/{branch}" or body.get("deleted") is True:
        return NoNews(Reason.OTHER_BRANCH)
    return News(
        source=NAME,
        identity=(repository, ref, after),
        service=service_of(repository),
        what=f"push to {branch}",
        state=ChangeState.SUCCEEDED,
        at=read_time(home.get("pushed_at")),
        revision=after,
        by=first(mapping(body.get("pusher")), ["name"]),
        link=first(body, ["compare"]),
        raw=payload,
    )


def is_ping(payload: object, request: Request) -> bool:
    """Whether GitHub tries a new webhook out."""
    body = mapping(payload)
    return "zen" in body and "hook_id" in body and isinstance(body.get("hook"), dict)


def read_ping(payload: object, request: Request) -> NoNews:
    """It says nothing but that the address is right."""
    return NoNews(Reason.NO_CHANGE)


def _repository(body: Mapping[str, object]) -> str:
    return first(mapping(body.get("repository")), ["full_name"])


def _time(fields: Mapping[str, object]) -> datetime | None:
    return read_time(fields.get("updated_at")) or read_time(fields.get("created_at"))


def _page(body: Mapping[str, object], part: str) -> str:
    home = first(mapping(body.get("repository")), ["html_url"])
    return f"{home}/{part}" if home else ""

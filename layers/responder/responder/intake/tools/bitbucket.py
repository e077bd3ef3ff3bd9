"""Bitbucket: build statuses of commits, which its Pipelines and other CI write.

https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/

A status that failed fires; the next one of the same build on the same branch that is successful
resolves it. All other events say neither.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "bitbucket"

_STATES = words("failed", "successful", "inprogress stopped")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a build status."""
    body = mapping(element)
    build = mapping(body.get("commit_status"))
    if not build and (event := first(request.headers, ["x-event-key"])):
        raise NotAnAlert(f"an event {event[:60]}")
    home = mapping(body.get("repository"))
    repository = first(home, ["full_name", "name"])
    if not build or not repository:
        raise Unreadable("no build status, or no repository")
    status = status_by(_STATES, first(build, ["state"]))
    branch, link = first(build, ["refname"]), first(build, ["url"])
    name, thing = _name(build, link)
    commit = mapping(build.get("commit"))
    at = read_time(build.get("updated_on")) or read_time(build.get("created_on"))
    on = f" on {branch}" if branch else ""
    service = repository.rpartition("/")[2]
    return Draft(
        source=NAME,
        fingerprint=f"{repository}/{thing}/{branch or first(commit, ['hash'])}",
        native_id=first(build, ["uuid", "key"]),
        title=f"{service}: {name} failed{on}",
        message=first(build, ["description"]),
        rule=name,
        severity=default_of(NAME),
        status=status,
        service=service,
        resource=repository,
        labels=string_map({"repository": repository, "branch": branch, "build": build.get("name"),
                           "sha": commit.get("hash")}),
        links={"source": link},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(request.headers, ["x-request-uuid"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip


def _name(build: Mapping[str, object], link: str) -> tuple[str, str]:
    """What people call a build, and what names it in all its runs: Pipelines' names are counted."""
    if "/pipelines/" in link or first(build, ["name"]).startswith("Pipeline #"):
        return "pipeline", "pipelines"
    name = first(build, ["name"]) or first(build, ["key"])
    return name or "build", first(build, ["key"]) or name

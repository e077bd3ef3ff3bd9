"""CircleCI: workflows and jobs that ended.

https://circleci.com/docs/reference/outbound-webhooks-reference/

What failed fires; the next success of the same workflow or job on the same branch resolves it.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "circleci"

_STATES = words("failed error unauthorized", "success", "canceled running on_hold not_run")
_KINDS = ("workflow-completed", "job-completed")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a workflow or a job."""
    body = mapping(element)
    kind = first(body, ["type"])
    if kind == "ping":
        raise NotAnAlert("a test of the connection")
    if kind not in _KINDS:
        raise Unreadable("neither a workflow nor a job")
    workflow, job = mapping(body.get("workflow")), mapping(body.get("job"))
    ended = job if kind == "job-completed" else workflow
    status = status_by(_STATES, first(ended, ["status"]))
    project, pipeline = mapping(body.get("project")), mapping(body.get("pipeline"))
    slug, service = first(project, ["slug", "id"]), first(project, ["name"])
    names = [first(workflow, ["name"]), first(job, ["name"])]
    name = " / ".join(part for part in names if part)
    if not name or not (slug or service):
        raise Unreadable("no name, or no project")
    branch, commit = _branch(pipeline), mapping(mapping(pipeline.get("vcs")).get("commit"))
    at = read_time(body.get("happened_at")) or read_time(ended.get("stopped_at"))
    on = f" on {branch}" if branch else ""
    return Draft(
        source=NAME,
        fingerprint=f"{slug or service}/{kind}/{name}/{branch}",
        native_id=first(ended, ["id"]),
        title=f"{service or slug}: {name} failed{on}",
        message=first(commit, ["subject"]),
        rule=name,
        severity=default_of(NAME),
        status=status,
        service=service,
        resource=slug,
        labels=string_map({"workflow": names[0], "job": names[1], "branch": branch,
                           "status": ended.get("status"),
                           "organization": mapping(body.get("organization")).get("name"),
                           "sha": mapping(pipeline.get("vcs")).get("revision")}),
        links={"source": first(ended, ["url"]) or first(workflow, ["url"])},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(body, ["id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip


def _branch(pipeline: Mapping[str, object]) -> str:
    """The branch or tag; pipelines of GitLab tell it among their parameters."""
    git = mapping(mapping(pipeline.get("trigger_parameters")).get("git"))
    vcs = mapping(pipeline.get("vcs"))
    return first(vcs, ("branch", "tag")) or first(git, ("branch", "tag", "ref"))

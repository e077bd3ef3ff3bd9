"""Azure DevOps service hooks: builds, runs of pipelines and their stages, deployments of releases.

https://learn.microsoft.com/azure/devops/service-hooks/events

What failed fires; the next success of the same definition on the same branch (of the same stage,
or to the same environment) resolves it. Events of code and work items say neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "azure-devops"

_RESULTS = words(
    "failed partiallysucceeded rejected",
    "succeeded succeededwithissues",
    "canceled stopped skipped none inprogress notstarted queued scheduled undefined completed",
)
_PARTIAL = "partiallysucceeded"
_RELEASE = "ms.vss-release."
_RUN = "ms.vss-pipelines."

Fields = Mapping[str, object]


@dataclass(frozen=True)
class _Ended:
    """What ended: its name, what names it each time (``thing``), and its result."""

    name: str
    thing: str
    result: str
    number: str = ""
    branch: str = ""
    environment: str = ""
    link: str = ""
    at: object = None


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a build, a run or a deployment."""
    body = mapping(element)
    event, resource = first(body, ["eventType"]), mapping(body.get("resource"))
    if not event or not resource:
        raise Unreadable("no event, or no resource")
    ended = _ended(event, resource)
    if not ended.name:
        raise Unreadable("a build, run or deployment without a name")
    status = status_by(_RESULTS, ended.result)
    held = first(mapping(mapping(body.get("resourceContainers")).get("project")), ["id"])
    project = _project(resource) or held
    at = read_time(ended.at) or read_time(body.get("createdDate"))
    on = f" on {ended.branch}" if ended.branch else ""
    message = mapping(body.get("detailedMessage")) or mapping(body.get("message"))
    partial = ended.result.lower() == _PARTIAL
    return Draft(
        source=NAME,
        fingerprint=f"{held or project}/{ended.thing}/{ended.branch}",
        native_id=ended.number,
        title=f"{ended.name} failed{on}",
        message=first(message, ["text"]),
        rule=ended.name,
        severity=Severity.MEDIUM if partial else default_of(NAME),
        status=status,
        service=ended.name.partition(" / ")[0],
        resource=project,
        scope=Scope(environment=ended.environment),
        labels=string_map({"project": project, "branch": ended.branch, "result": ended.result,
                           "number": ended.number}),
        links={"source": ended.link} if ended.link else {},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(body, ["id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip


def _ended(event: str, resource: Fields) -> _Ended:
    if event == "build.complete":
        return _build(resource)
    if event.startswith(_RUN):
        return _run(resource)
    if event.startswith(_RELEASE):
        return _deployment(resource)
    raise NotAnAlert(f"an event {event[:60]}")


def _build(resource: Fields) -> _Ended:
    definition = mapping(resource.get("definition"))
    links = mapping(mapping(resource.get("_links")).get("web"))
    name = first(definition, ["name"])
    return _Ended(
        name=name,
        thing=f"build/{first(definition, ['id']) or name}",
        # Its status is the result itself in version 1.0 of the event.
        result=first(resource, ["result", "status"]),
        number=first(resource, ["buildNumber"]),
        branch=first(resource, ["sourceBranch"]).removeprefix("refs/heads/"),
        link=first(links, ["href"]) or first(resource, ["url"]),
        at=resource.get("finishTime"),
    )


def _run(resource: Fields) -> _Ended:
    run = mapping(resource.get("run"))
    pipeline = mapping(resource.get("pipeline")) or mapping(run.get("pipeline"))
    stage = mapping(resource.get("job")) or mapping(resource.get("stage"))
    part = stage or run
    of = first(stage, ["displayName", "name"])
    name = first(pipeline, ["name"])
    repositories = mapping(mapping(run.get("resources")).get("repositories"))
    branch = first(mapping(repositories.get("self")), ["refName"])
    links = mapping(mapping(run.get("_links")).get("web"))
    return _Ended(
        name=" / ".join(text for text in (name, of) if text) if name else "",
        thing="/".join(text for text in ("run", first(pipeline, ["id"]) or name, of) if text),
        result=first(part, ["result"]) or "none",
        number=first(run, ["name", "id"]),
        branch=branch.removeprefix("refs/heads/"),
        link=first(links, ["href"]) or first(run, ["url"]),
        at=part.get("finishedDate") or run.get("finishedDate"),
    )


def _deployment(resource: Fields) -> _Ended:
    environment = mapping(resource.get("environment"))
    deployment = mapping(resource.get("deployment"))
    release = mapping(environment.get("release")) or mapping(deployment.get("release"))
    definition = mapping(environment.get("releaseDefinition")) or mapping(
        deployment.get("releaseDefinition")
    )
    place, name = first(environment, ["name"]), first(definition, ["name"])
    links = mapping(mapping(release.get("_links")).get("web"))
    return _Ended(
        name=" / ".join(text for text in (name or first(release, ["name"]), place) if text),
        thing=f"release/{first(definition, ['id']) or name}/{place}",
        result=first(environment, ["status"])
        or first(deployment, ["deploymentStatus", "operationStatus"]),
        number=first(release, ["name", "id"]),
        environment=place,
        link=first(links, ["href"]) or first(release, ["webAccessUri"]),
        at=deployment.get("completedOn"),
    )


def _project(resource: Fields) -> str:
    project = mapping(resource.get("project"))
    definition = mapping(mapping(resource.get("definition")).get("project"))
    return first(project, ["name", "id"]) or first(definition, ["name", "id"])

"""GitLab: jobs, incidents, alerts, vulnerabilities and tokens that expire.

https://docs.gitlab.com/user/project/integrations/webhook_events/

A job that failed fires; the next one of its name on the same ref that succeeds resolves it. An
incident is resolved when it is closed, or its status is. Pipelines and deployments are read in
``changes.gitlab``.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "gitlab"

_JOB_STATES = words(
    "failed",
    "success",
    "created pending preparing running waiting_for_resource waiting_for_callback manual scheduled "
    "canceling canceled skipped",
)
_VULNERABILITY_STATES = words("detected confirmed", "resolved dismissed")
_ALERT_STATES = words("triggered acknowledged", "resolved ignored")
#: What people do in a project, of which nobody is to be woken.
NEITHER = frozenset(
    {"push", "tag_push", "note", "merge_request", "wiki_page", "feature_flag", "release", "emoji",
     "milestone", "member", "project", "subgroup", "group", "user", "key"}
)  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    body = mapping(element)
    kind = first(body, ["object_kind"])
    if not kind and "event_name" in body:
        raise NotAnAlert("an event of the whole GitLab")
    if kind == "build":
        return _job(body, request)
    if kind in NEITHER:
        raise NotAnAlert(f"an event of a {kind}")
    about = mapping(body.get("object_attributes"))
    if not about:
        raise Unreadable("an event of an unknown kind, or without attributes")
    if kind in ("issue", "incident", "work_item"):
        return _incident(body, about, request)
    if kind == "alert":
        return _alert(body, about, request)
    if kind == "vulnerability":
        return _vulnerability(body, about, request)
    if kind in ("access_token", "deploy_token"):
        return _token(kind, body, about, request)
    raise Unreadable(f"an event of the kind {kind[:60]}")


def _job(body: Mapping[str, object], request: Request) -> Draft:
    status = status_by(_JOB_STATES, first(body, ["build_status"]))
    project, name, ref = _project(body), first(body, ["build_name"]), first(body, ["ref"])
    if not project or not name:
        raise Unreadable("a job without a project or a name")
    at = read_time(body.get("build_finished_at")) or read_time(body.get("build_started_at"))
    home = first(mapping(body.get("repository")), ["homepage"])
    home = home or first(mapping(body.get("project")), ["web_url"])
    number = first(body, ["build_id"])
    reason = first(body, ["build_failure_reason"])
    # GitLab calls a pipeline passed whose job failed so: a warning, and no more.
    allowed = body.get("build_allow_failure") is True
    return Draft(
        source=NAME,
        fingerprint=f"{project}/job/{name}/{ref}",
        native_id=number,
        title=f"{_name(project)}: job {name} failed on {ref}",
        message="\n".join(part for part in (_words(reason), _commit(body)) if part),
        rule=name,
        severity=Severity.LOW if allowed else default_of(NAME),
        status=status,
        service=_name(project),
        resource=project,
        scope=Scope(environment=_environment(body)),
        labels=_labels(
            project=project,
            branch=ref,
            stage=first(body, ["build_stage"]),
            pipeline=first(body, ["pipeline_id"]),
            runner=first(mapping(body.get("runner")), ["description"]),
            failure_reason=reason,
        ),
        links={"source": f"{home}/-/jobs/{number}"} if home and number else {},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=body,
    )


def _incident(body: Mapping[str, object], about: Mapping[str, object], request: Request) -> Draft:
    kind = first(about, ["type", "issue_type"]).lower()
    escalation = first(about, ["escalation_status"]).lower()
    if kind != "incident" and not escalation and first(body, ["object_kind"]) != "incident":
        raise NotAnAlert("an issue that is no incident")
    over = first(about, ["state"]).lower() == "closed" or escalation == "resolved"
    over = over or first(about, ["action"]).lower() == "close"
    project, number = _project(body), first(about, ["iid", "id"])
    updated, started = read_time(about.get("updated_at")), read_time(about.get("created_at"))
    ended = read_time(about.get("closed_at")) or updated
    titles = (first(mapping(label), ["title"]) for label in sequence(body.get("labels")))
    return Draft(
        source=NAME,
        fingerprint=f"{project}/incident/{number}",
        native_id=number,
        title=first(about, ["title"]),
        message=first(about, ["description"]),
        severity=read_severity(first(about, ["severity"])) or default_of(NAME),
        status=Status.RESOLVED if over else Status.FIRING,
        service=_name(project),
        resource=project,
        labels=_labels(project=project, labels=", ".join(title for title in titles if title)),
        links=_link(about),
        happened_at=ended if over else updated or started,
        starts_at=started,
        ends_at=ended,
        delivery_id=request.delivery_id,
        raw=body,
    )


def _alert(body: Mapping[str, object], about: Mapping[str, object], request: Request) -> Draft:
    project, title = _project(body), first(about, ["title"])
    status = status_by(_ALERT_STATES, first(about, ["status"]) or "triggered")
    started = read_time(about.get("started_at"))
    return Draft(
        source=NAME,
        fingerprint=f"{project}/alert/{first(about, ['iid', 'id', 'url']) or title}",
        native_id=first(about, ["iid", "id"]),
        title=title,
        message=first(about, ["description"]),
        severity=read_severity(first(about, ["severity"])) or default_of(NAME),
        status=status,
        service=first(about, ["service"]) or _name(project),
        resource=project,
        labels=_labels(project=project, events=first(about, ["events"])),
        links=_link(about),
        happened_at=read_time(about.get("ended_at")) if status is Status.RESOLVED else started,
        starts_at=started,
        ends_at=read_time(about.get("ended_at")),
        delivery_id=request.delivery_id,
        raw=body,
    )


def _vulnerability(
    body: Mapping[str, object], about: Mapping[str, object], request: Request
) -> Draft:
    status = status_by(_VULNERABILITY_STATES, first(about, ["state"]))
    project, title = _project(body), first(about, ["title"])
    place = mapping(about.get("location"))
    over = status is Status.RESOLVED
    names = ("resolved_at", "dismissed_at", "updated_at") if over else ("updated_at", "created_at")
    at = next((at for name in names if (at := read_time(about.get(name)))), None)
    return Draft(
        source=NAME,
        fingerprint=f"{project}/vulnerability/{first(about, ['id', 'url']) or title}",
        native_id=first(about, ["id"]),
        title=title,
        message=first(about, ["description"]),
        rule=first(about, ["report_type"]),
        severity=read_severity(first(about, ["severity"])) or default_of(NAME),
        status=status,
        service=_name(project),
        resource=first(place, ["file", "image"]) or project,
        labels=_labels(project=project, report_type=first(about, ["report_type"])),
        links=_link(about),
        happened_at=at,
        starts_at=read_time(about.get("created_at")),
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=body,
    )


def _token(
    kind: str, body: Mapping[str, object], about: Mapping[str, object], request: Request
) -> Draft:
    """A token that will expire; nothing tells that it was renewed."""
    group = mapping(body.get("group"))
    owner = _project(body) or first(group, ("full_path", "group_path"))
    name, day = first(about, ["name"]), first(about, ["expires_at"])
    if not name:
        raise Unreadable("a token without a name")
    number = first(about, ["id"])
    return Draft(
        source=NAME,
        fingerprint=f"{owner}/{kind}/{number or name}/{day}",
        native_id=number,
        title=f"{_name(owner)}: {kind.replace('_', ' ')} {name} expires on {day}",
        severity=Severity.MEDIUM,
        status=Status.FIRING,
        service=_name(owner),
        resource=owner,
        labels=_labels(project=_project(body)),
        links={"source": first(mapping(body.get("project")), ["web_url"])},
        delivery_id=request.delivery_id,
        raw=body,
    )


def _project(body: Mapping[str, object]) -> str:
    """Its path; older events of a job have only a name with blanks (``Shop / Checkout``)."""
    found = first(mapping(body.get("project")), ["path_with_namespace"])
    return found or first(body, ["project_name"]).replace(" / ", "/")


def _name(project: str) -> str:
    return project.rpartition("/")[2]


def _environment(body: Mapping[str, object]) -> str:
    found = body.get("environment")
    return first(found, ["name"]) if isinstance(found, dict) else first(body, ["environment"])


def _commit(body: Mapping[str, object]) -> str:
    commit = mapping(body.get("commit"))
    return first(commit, ["title"]) or first(commit, ["message"]).partition("\n")[0]


def _words(reason: str) -> str:
    return "" if reason == "unknown_failure" else reason.replace("_", " ")


def _link(about: Mapping[str, object]) -> dict[str, str]:
    return {"source": first(about, ["url", "web_url"])}


def _labels(**found: str) -> dict[str, str]:
    return {name: text for name, text in found.items() if text}

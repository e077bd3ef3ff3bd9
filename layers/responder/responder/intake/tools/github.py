"""GitHub: finished runs of workflows, jobs and checks, commit statuses, and security alerts.

https://docs.github.com/en/webhooks/webhook-events-and-payloads

A run that failed fires; the next one of the same thing on the same branch that succeeds resolves
it. What is queued, running, cancelled, skipped or waits for an approval says neither. Deployments,
releases, pushes and pings are read in ``changes.github``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "github"

# A conclusion is null until the run has finished.
_CONCLUSIONS = words(
    "failure timed_out startup_failure",
    "success",
    "cancelled skipped neutral stale action_required null",
)
_COMMIT_STATES = words("failure error", "success", "pending")
_ALERT_ACTIONS = words(
    "created create reopened reopened_by_user reintroduced reopen auto_reopened "
    "appeared_in_branch publicly_leaked validated",
    "fixed dismissed dismiss auto_dismissed closed_by_user resolved resolve revoked",
)
_CLOSED = frozenset({"fixed", "dismissed", "auto_dismissed", "resolved", "closed"})
_MAX_DETAIL = 2_000


@dataclass(frozen=True)
class _Finding:
    """What one kind of security alert says of itself."""

    kind: str
    title: str
    message: str
    severity: Severity | None
    rule: str
    resource: str
    labels: Mapping[str, str]


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    body = mapping(element)
    event = first(request.headers, ["x-github-event"])
    repository = first(mapping(body.get("repository")), ["full_name", "name"])
    if "deployment_status" in body or ("deployment" in body and "workflow_job" not in body):
        raise Unreadable("a deployment that is not understood")
    if (alert := mapping(body.get("alert"))) and repository:
        return _security(body, alert, repository, request)
    for kind, details in _RUNS.items():
        if (run := mapping(body.get(kind))) and repository:
            return _finished(body, kind, run, details(body, run), repository, request)
    if "context" in body and "state" in body and repository:
        return _commit_status(body, repository, request)
    if event and event not in _RUNS and "alert" not in event and event != "status":
        raise NotAnAlert(f"an event {event[:60]}")
    raise Unreadable("an event of an unknown kind, or without a repository")


@dataclass(frozen=True)
class _Run:
    """What stays the same from run to run (``thing``), and what people want to know of one."""

    name: str
    thing: str
    at: datetime | None
    message: str
    labels: Mapping[str, object]


def _workflow(body: Mapping[str, object], run: Mapping[str, object]) -> _Run:
    workflow = mapping(body.get("workflow"))
    name = first(run, ["name"]) or first(workflow, ["name", "path"]) or first(run, ["path"])
    number, attempt = first(run, ["run_number"]), first(run, ["run_attempt"])
    tried = f", attempt {attempt}" if attempt not in ("", "1") else ""
    actor = mapping(run.get("triggering_actor")) or mapping(run.get("actor"))
    cause = (first(run, ["event"]), "by " + first(actor, ["login"]) if actor else "")
    said = f"Run #{number}{tried}" if number else ""
    return _Run(
        name=name,
        thing=first(run, ["workflow_id"]) or first(workflow, ["id"]) or name,
        at=read_time(run.get("updated_at")),
        message=_lines(
            first(run, ["display_title"]), " ".join(part for part in (said, *cause) if part)
        ),
        labels={"workflow": name, "event": run.get("event"), "actor": first(actor, ["login"])},
    )


def _job(body: Mapping[str, object], run: Mapping[str, object]) -> _Run:
    name, workflow = first(run, ["name"]), first(run, ["workflow_name"])
    steps = [mapping(step) for step in sequence(run.get("steps"))]
    failed = [first(step, ["name"]) for step in steps if step.get("conclusion") == "failure"]
    return _Run(
        name=f"{workflow} / {name}" if workflow else name,
        thing=f"{workflow}/{name}",
        at=read_time(run.get("completed_at")),
        message=f"Failed steps: {', '.join(failed)}" if failed else "",
        labels={"workflow": workflow, "job": name, "runner": run.get("runner_name")},
    )


def _check(body: Mapping[str, object], run: Mapping[str, object]) -> _Run:
    output, app = mapping(run.get("output")), mapping(run.get("app"))
    name = first(run, ["name"])
    return _Run(
        name=name,
        thing=f"{first(app, ['slug', 'id'])}/{name}",
        at=read_time(run.get("completed_at")),
        message=_lines(first(output, ["title"]), first(output, ["summary"])[:_MAX_DETAIL]),
        labels={"check": name, "app": first(app, ["slug", "name"])},
    )


def _suite(body: Mapping[str, object], run: Mapping[str, object]) -> _Run:
    app = mapping(run.get("app"))
    name = first(app, ["name", "slug"])
    message = first(mapping(run.get("head_commit")), ["message"]).partition("\n")[0]
    return _Run(
        name=f"checks of {name}" if name else "checks",
        thing=first(app, ["slug", "id"]),
        at=read_time(run.get("updated_at")),
        message=message,
        labels={"app": name},
    )


_RUNS = {"workflow_run": _workflow, "workflow_job": _job, "check_run": _check,
         "check_suite": _suite}  # fmt: skip


def _finished(
    body: Mapping[str, object],
    kind: str,
    run: Mapping[str, object],
    about: _Run,
    repository: str,
    request: Request,
) -> Draft:
    unfinished = "null" if "conclusion" in run else ""
    status = status_by(_CONCLUSIONS, first(run, ["conclusion"]) or unfinished)
    branch = _branch(run, repository)
    name = about.name or kind.replace("_", " ")
    labels = {**about.labels, "repository": repository, "branch": branch,
              "conclusion": run.get("conclusion"), "sha": run.get("head_sha")}  # fmt: skip
    return _draft(
        body,
        request,
        fingerprint=(repository, kind, about.thing, branch),
        native_id=first(run, ["id"]),
        title=_title(repository, name, branch),
        message=about.message,
        rule=name,
        severity=default_of(NAME),
        status=status,
        resource=repository,
        labels=labels,
        link=first(run, ["html_url", "details_url"]),
        at=about.at,
    )


def _branch(run: Mapping[str, object], repository: str) -> str:
    """The branch, told apart from one of the same name in a fork."""
    suite = mapping(run.get("check_suite"))
    branch = first(run, ["head_branch"]) or first(suite, ["head_branch"])
    owner = first(mapping(run.get("head_repository")), ["full_name"])
    return f"{owner.partition('/')[0]}:{branch}" if owner not in ("", repository) else branch


def _commit_status(body: Mapping[str, object], repository: str, request: Request) -> Draft:
    name = first(body, ["context"])
    status = status_by(_COMMIT_STATES, first(body, ["state"]))
    branches = [first(mapping(branch), ["name"]) for branch in sequence(body.get("branches"))]
    branch = next((branch for branch in branches if branch), "")
    return _draft(
        body,
        request,
        fingerprint=(repository, "status", name, branch or first(body, ["sha"])),
        native_id=first(body, ["id"]),
        title=_title(repository, name, branch),
        message=first(body, ["description"]),
        rule=name,
        severity=default_of(NAME),
        status=status,
        resource=repository,
        labels={"repository": repository, "branch": branch, "sha": body.get("sha")},
        link=first(body, ["target_url"]),
        at=read_time(body.get("updated_at")) or read_time(body.get("created_at")),
    )


def _security(
    body: Mapping[str, object], alert: Mapping[str, object], repository: str, request: Request
) -> Draft:
    finding = _finding(alert)
    number = first(alert, ["number", "id"])
    if not finding or not number:
        raise Unreadable("an alert of an unknown kind, or without a number")
    status = _alert_status(first(body, ["action"]), first(alert, ["state"]))
    names = (
        ("fixed_at", "dismissed_at", "auto_dismissed_at", "resolved_at", "updated_at")
        if status is Status.RESOLVED
        else ("updated_at", "created_at")
    )
    return _draft(
        body,
        request,
        fingerprint=(repository, finding.kind, number),
        native_id=number,
        title=f"{_name(repository)}: {finding.title}",
        message=finding.message,
        rule=finding.rule,
        severity=finding.severity or default_of(NAME),
        status=status,
        resource=finding.resource or repository,
        labels={"repository": repository, "kind": finding.kind, **finding.labels},
        link=first(alert, ["html_url", "external_reference"]),
        at=next((at for name in names if (at := read_time(alert.get(name)))), None),
    )


def _alert_status(action: str, state: str) -> Status:
    """What the action says; of an action not known yet, what the state of the alert says."""
    if action.lower() in _ALERT_ACTIONS or not state:
        return status_by(_ALERT_ACTIONS, action)
    return Status.RESOLVED if state.lower() in _CLOSED else Status.FIRING


def _finding(alert: Mapping[str, object]) -> _Finding | None:
    if isinstance(alert.get("security_advisory"), dict):
        return _dependabot(alert)
    if "secret_type" in alert:
        return _secret(alert)
    if isinstance(alert.get("rule"), dict):
        return _code_scanning(alert)
    return _vulnerability(alert) if "affected_package_name" in alert else None


def _dependabot(alert: Mapping[str, object]) -> _Finding:
    advisory = mapping(alert.get("security_advisory"))
    dependency = mapping(alert.get("dependency"))
    flaw = mapping(alert.get("security_vulnerability"))
    package = mapping(dependency.get("package")) or mapping(flaw.get("package"))
    name = first(package, ["name"])
    summary = first(advisory, ["summary"]) or first(advisory, ["cve_id", "ghsa_id"])
    version = first(mapping(flaw.get("first_patched_version")), ["identifier"])
    return _Finding(
        kind="dependabot",
        title=f"{name}: {summary}" if name else summary,
        message=_lines(
            first(advisory, ["description"])[:_MAX_DETAIL],
            f"Fixed in {version}" if version else "",
        ),
        severity=read_severity(first(flaw, ["severity"]) or first(advisory, ["severity"])),
        rule=first(advisory, ["ghsa_id", "cve_id"]),
        resource=first(dependency, ["manifest_path"]),
        labels={"package": name, "ecosystem": first(package, ["ecosystem"]),
                "cve": first(advisory, ["cve_id"])},
    )  # fmt: skip


def _code_scanning(alert: Mapping[str, object]) -> _Finding:
    rule, instance = mapping(alert.get("rule")), mapping(alert.get("most_recent_instance"))
    location, tool = mapping(instance.get("location")), mapping(alert.get("tool"))
    found = first(mapping(instance.get("message")), ["text"])
    level = first(rule, ["security_severity_level"]) or first(rule, ["severity"])
    severity = Severity.LOW if level == "note" else read_severity(level)
    return _Finding(
        kind="code-scanning",
        title=first(rule, ["description", "name", "id"]),
        message=_lines(found, first(rule, ["full_description"])[:_MAX_DETAIL]),
        severity=severity,
        rule=first(rule, ["id", "name"]),
        resource=first(location, ["path"]),
        labels={"tool": first(tool, ["name"]), "ref": first(instance, ["ref"])},
    )


def _secret(alert: Mapping[str, object]) -> _Finding:
    kind = first(alert, ["secret_type_display_name", "secret_type"])
    leaked = alert.get("publicly_leaked") is True
    return _Finding(
        kind="secret-scanning",
        title=f"secret found: {kind}",
        message="The secret was leaked publicly." if leaked else "",
        severity=Severity.CRITICAL if leaked else None,
        rule=first(alert, ["secret_type"]),
        resource="",
        labels={"validity": first(alert, ["validity"])},
    )


def _vulnerability(alert: Mapping[str, object]) -> _Finding:
    """The event that came before Dependabot's own; still sent by GitHub Enterprise Server."""
    name = first(alert, ["affected_package_name"])
    return _Finding(
        kind="vulnerability",
        title=f"{name}: {first(alert, ['external_identifier', 'ghsa_id']) or 'vulnerable'}",
        message=f"Affected: {first(alert, ['affected_range'])}",
        severity=read_severity(first(alert, ["severity"])),
        rule=first(alert, ["ghsa_id", "external_identifier"]),
        resource="",
        labels={"package": name},
    )


def _draft(
    body: Mapping[str, object],
    request: Request,
    *,
    fingerprint: tuple[str, ...],
    native_id: str,
    title: str,
    message: str,
    rule: str,
    severity: Severity,
    status: Status,
    resource: str,
    labels: Mapping[str, object],
    link: str,
    at: datetime | None,
) -> Draft:
    repository = first(mapping(body.get("repository")), ["full_name", "name"])
    return Draft(
        source=NAME,
        fingerprint="/".join(fingerprint),
        native_id=native_id,
        title=title,
        message=message,
        rule=rule,
        severity=severity,
        status=status,
        service=_name(repository),
        resource=resource,
        labels={name: first(labels, [name]) for name in labels if first(labels, [name])},
        links={"source": link},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(request.headers, ["x-github-delivery"]) or request.delivery_id,
        raw=body,
    )


def _title(repository: str, name: str, branch: str) -> str:
    on = f" on {branch}" if branch else ""
    return f"{_name(repository)}: {name} failed{on}"


def _name(repository: str) -> str:
    return repository.rpartition("/")[2]


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)

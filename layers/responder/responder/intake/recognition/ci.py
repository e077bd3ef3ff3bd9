"""Rows for what builds, tests and delivers. Deployments, pushes and syncs are for ``changes``."""

from responder.intake.changes import github, gitops
from responder.intake.draft import Request
from responder.intake.fields import mapping
from responder.intake.recognition.row import Row

# Read as changes, or as nothing, by ``changes``.
_GITHUB_CHANGES = frozenset({"deployment", "deployment_status", "push", "release"})
_GITLAB_CHANGES = frozenset({"deployment", "pipeline"})


def is_github_event(payload: object, request: Request) -> bool:
    """Whether GitHub's header and the body are of an event that is no change."""
    fields = mapping(payload)
    event = request.headers["x-github-event"]
    if event == "ping":
        return bool(fields) and not github.is_ping(payload, request)
    about = "repository" in fields or "sender" in fields or "organization" in fields
    return about and event not in _GITHUB_CHANGES


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


def is_gitlab_system(payload: object, request: Request) -> bool:
    """Whether it is a system hook of GitLab's, which has another name for its kind."""
    fields = mapping(payload)
    return "event_name" in fields and "object_kind" not in fields


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


def is_bitbucket(payload: object, request: Request) -> bool:
    """Whether the body is of one of Bitbucket's events, or of a test of the connection."""
    fields = mapping(payload)
    return any(name in fields for name in ("repository", "actor", "test", "eventKey"))


def is_build_status(payload: object, request: Request) -> bool:
    """Whether it is the status of a build as Bitbucket has them."""
    return "state" in mapping(mapping(payload)["commit_status"])


def is_circleci(payload: object, request: Request) -> bool:
    """Whether a workflow or a job of CircleCI ended."""
    return mapping(payload)["type"] in ("workflow-completed", "job-completed", "ping")


def is_azure_devops(payload: object, request: Request) -> bool:
    """Whether a service hook tells of a resource."""
    fields = mapping(payload)
    return isinstance(fields["eventType"], str) and isinstance(fields["resource"], dict)


def is_vercel(payload: object, request: Request) -> bool:
    """Whether it is one of Vercel's events."""
    fields = mapping(payload)
    kind = fields["type"]
    about = mapping(fields["payload"])
    known = "deployment" in about or "project" in about or "team" in about
    return isinstance(kind, str) and "." in kind and known


BY_HEADER: tuple[Row, ...] = (
    Row("github", header="x-github-event", test=is_github_event),
    Row("gitlab", header="x-gitlab-event", test=is_gitlab_system),
    Row("flux", header="gotk-component", test=is_flux),
    Row("bitbucket", header="x-event-key", test=is_bitbucket),
    Row("circleci", ("type",), header="circleci-event-type", test=is_circleci),
    Row("snyk", ("webhookId",), header="x-snyk-event"),
)
ROWS: tuple[Row, ...] = (
    Row("github", ("workflow_run", "repository"), test=is_github_run),
    Row("github", ("workflow_job", "repository"), test=is_github_run),
    Row("github", ("check_run", "repository"), test=is_github_run),
    Row("github", ("check_suite", "repository"), test=is_github_run),
    Row("github", ("alert", "repository"), test=is_github_alert),
    Row("github", ("branches", "context", "sha", "repository"), test=is_github_run),
    Row("gitlab", ("object_kind",), test=is_gitlab),
    Row("argocd", ("argocd",), test=is_argocd),
    Row("argocd", ("app",), test=is_argocd_app),
    Row("argocd", ("application",), test=is_argocd_app),
    Row("argocd", ("apiVersion", "status"), test=is_argocd_app),
    Row("argocd", ("sync_status", "health_status")),
    Row("argocd", ("syncStatus", "healthStatus")),
    Row("flux", ("involvedObject", "reason"), test=is_flux),
    Row("jenkins", ("build",), test=is_jenkins),
    Row("jenkins", ("buildUrl", "buildName", "event")),
    Row("bitbucket", ("commit_status", "repository"), test=is_build_status),
    Row("circleci", ("pipeline", "type", "project"), test=is_circleci),
    Row("azure-devops", ("eventType", "resource", "publisherId"), test=is_azure_devops),
    Row("azure-devops", ("eventType", "resource", "subscriptionId"), test=is_azure_devops),
    Row("terraform-cloud", ("notification_configuration_id",)),
    Row("vercel", ("createdAt", "payload", "type"), test=is_vercel),
    Row("heroku", ("webhook_metadata", "resource", "data")),
    Row("snyk", ("newIssues", "project")),
)

"""HCP Terraform (Terraform Cloud) and Terraform Enterprise: runs, drift and checks of workspaces.

https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations

A run that errored fires, the next one of the workspace that completed resolves it. Health
assessments have no resolve. Runs that are created, go on or wait for a person say neither.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "terraform-cloud"

_TRIGGERS = words(
    "run:errored assessment:drifted assessment:failed assessment:check_failure",
    "run:completed",
    "run:created run:planning run:needs_attention run:applying verification "
    "workspace:auto_destroy_reminder workspace:auto_destroy_run_results change_request:created",
)
_SEVERITIES = {"assessment:drifted": Severity.MEDIUM, "assessment:failed": Severity.MEDIUM}


def split(payload: object) -> Sequence[object]:
    """The notifications of a run, else the one assessment."""
    return sequence(mapping(payload).get("notifications")) or (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a workspace."""
    told, body = mapping(element), mapping(whole)
    trigger = first(told, ["trigger"])
    status = status_by(_TRIGGERS, trigger)
    about = {**body, **mapping(body.get("details"))}
    workspace = first(about, ["workspace_name", "workspace_id"])
    if not workspace:
        raise Unreadable("no workspace")
    organization = first(about, ["organization_name"])
    assessed = mapping(about.get("new_assessment_result"))
    at = read_time(told.get("run_updated_at")) or read_time(assessed.get("created_at"))
    scope, _, kind = trigger.partition(":")
    said = "run errored" if scope == "run" else f"assessment: {kind.replace('_', ' ')}"
    return Draft(
        source=NAME,
        fingerprint="/".join((organization, first(about, ["workspace_id"]) or workspace,
                              scope if scope == "run" else trigger)),
        native_id=first(about, ["run_id"]) or first(assessed, ["id"]),
        title=f"{workspace}: {said}",
        message=_lines(first(told, ["message"]), first(about, ["run_message"])),
        rule=trigger,
        severity=_SEVERITIES.get(trigger) or default_of(NAME),
        status=status,
        service=workspace,
        resource=f"{organization}/{workspace}" if organization else workspace,
        labels=string_map({"organization": organization, "workspace": workspace,
                           "trigger": trigger, "run_status": told.get("run_status"),
                           "by": about.get("run_created_by")}),
        links={"source": first(about, ["run_url", "workspace_url"])},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=whole,
    )  # fmt: skip


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)

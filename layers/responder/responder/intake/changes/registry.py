"""The one ordered table of the events that tell of changes, and their recognition: ``news_of``.

Recognition is strict: what a reader does not understand in full is left to the tools of alerts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from responder.intake.changes import aws, github, gitlab, gitops
from responder.intake.changes.news import News, NoNews
from responder.intake.draft import Request
from responder.intake.fields import mapping


@dataclass(frozen=True)
class Teller:
    """How one kind of event is recognised and read. ``read`` raises on whatever it doubts.

    ``key`` is in every such body: nearly all bodies have none of these keys and are no such event.
    """

    name: str
    key: str
    matches: Callable[[object, Request], bool]
    read: Callable[[object, Request], News | NoNews]


#: No event is matched by two.
TELLERS: tuple[Teller, ...] = (
    Teller(aws.CLOUDFORMATION, "detail", aws.is_stack_event, aws.read_stack_event),
    Teller(aws.CODEDEPLOY, "detail", aws.is_deployment_event, aws.read_deployment_event),
    Teller("github deployment", "deployment", github.is_deployment, github.read_deployment),
    Teller("github release", "release", github.is_release, github.read_release),
    Teller("github push", "pusher", github.is_push, github.read_push),
    Teller("github ping", "zen", github.is_ping, github.read_ping),
    Teller("gitlab deployment", "object_kind", gitlab.is_deployment, gitlab.read_deployment),
    Teller("gitlab pipeline", "object_kind", gitlab.is_pipeline, gitlab.read_pipeline),
    Teller(gitops.ARGOCD, "argocd", gitops.is_argocd, gitops.read_argocd),
    Teller(gitops.FLUX, "involvedObject", gitops.is_flux, gitops.read_flux),
)

_KEYS = frozenset(one.key for one in TELLERS)


def news_of(payload: object, request: Request) -> News | NoNews | None:
    """What a payload tells of a change; None where it is no such event, or a doubtful one."""
    fields = mapping(payload)
    if _KEYS.isdisjoint(fields):
        return None
    asked = [one for one in TELLERS if one.key in fields]
    teller = next((one for one in asked if one.matches(payload, request)), None)
    if teller is None:
        return None
    try:
        return teller.read(payload, request)
    except Exception:  # Whatever is wrong with it, or with its reader: in doubt it is an alert.
        return None

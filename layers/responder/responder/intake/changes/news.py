"""From what a tool told of a change (``News``) to the change, and to the alert that it may be too.

What failed is an alert, as it would be if nobody knew changes; what succeeds is that alert's end.
"""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from responder.alert import Scope, Status
from responder.change import Change, ChangeState
from responder.errors import Reason
from responder.intake.draft import Draft, Request, digest
from responder.intake.severity import default_of
from responder.intake.text import bounded, one_line

# Bytes of UTF-8, so that a list of changes stays far below an item's 400 kB:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_NAME = 200
MAX_WHAT = 200
MAX_SHORT = 100
MAX_LINK = 300
#: Characters of a commit's hash that people read.
SHORT_HASH = 12

_STATUSES = {ChangeState.FAILED: Status.FIRING, ChangeState.SUCCEEDED: Status.RESOLVED}


@dataclass(frozen=True)
class News:
    """What one event tells of a change; not yet bounded or cleaned.

    ``identity`` is the same in all events of a change. ``subject`` is what a later change of the
    same thing shares, so that its success ends the alert of a failure; empty where nothing of this
    kind can fail. ``at`` is when ``state`` began, ``began`` when the change did, where both are
    told. ``told_at`` orders the alerts of a tool that tells the same state again later.
    ``detail`` is the tool's own word on what happened.
    """

    source: str
    identity: tuple[str, ...]
    service: str
    what: str
    state: ChangeState
    raw: object
    subject: tuple[str, ...] = ()
    at: datetime | None = None
    told_at: datetime | None = None
    began: datetime | None = None
    revision: str = ""
    by: str = ""
    link: str = ""
    detail: str = ""
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True)
class NoNews:
    """An event of such a tool that is neither a change nor an alert, and why."""

    reason: Reason


def service_of(repository: str) -> str:
    """The service that a repository stands for: its name without its owner's."""
    return repository.rpartition("/")[2]


def deployment_to(environment: str) -> str:
    """What a deployment is called; not every one has an environment."""
    return f"deployment to {environment}" if environment else "deployment"


def change_of(news: News, request: Request) -> Change:
    """The change, every field bounded and clean. It cannot happen after it was received."""
    state_at = min(news.at or request.received_at, request.received_at)
    scope = {name: _line(value, MAX_SHORT) for name, value in news.scope}
    return Change(
        change_id=f"ch-{digest(news.source, *news.identity)}",
        source=news.source,
        service=_line(news.service, MAX_NAME),
        what=_line(news.what, MAX_WHAT),
        state=news.state,
        at=min(news.began or state_at, state_at),
        state_at=state_at,
        revision=_line(short_hash(news.revision), MAX_SHORT),
        by=_line(news.by, MAX_SHORT),
        link=_link(news.link),
        scope=Scope(**scope),
    )


def draft_of(news: News) -> Draft | None:
    """The alert of a failure, or its end; None where a change is neither."""
    status = _STATUSES.get(news.state)
    if status is None or not news.subject:
        return None
    said = "failed" if status is Status.FIRING else "succeeded"
    details = (news.detail, f"By: {news.by}" if news.by else "")
    return Draft(
        source=news.source,
        fingerprint=digest(news.source, *news.subject),
        native_id="/".join(news.subject),
        title=f"{news.service}: {news.what} {said}",
        message="\n".join(part for part in details if part),
        rule=f"{news.source} deployment",
        severity=default_of(news.source),
        status=status,
        service=news.service,
        resource="/".join(news.subject),
        scope=news.scope,
        labels={"version": news.revision} if news.revision else {},
        links={"change": news.link} if news.link else {},
        happened_at=news.told_at or news.at,
        starts_at=news.at if status is Status.FIRING else None,
        raw=news.raw,
    )


def short_hash(revision: str) -> str:
    """A commit's hash as people write it; any other version as it is."""
    head, _, last = revision.rpartition(":")
    hexadecimal = len(last) >= 2 * SHORT_HASH and not last.strip("0123456789abcdef")
    if not hexadecimal:
        return revision
    return f"{head}:{last[:SHORT_HASH]}" if head else last[:SHORT_HASH]


def _line(text: str, limit: int) -> str:
    return bounded(one_line(text), limit, "", [])


def _link(url: str) -> str:
    """A link that is whole, or none: half a link leads nowhere."""
    cleaned = _line(url, MAX_LINK + 1)
    if len(cleaned.encode()) > MAX_LINK or " " in cleaned:
        return ""
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return ""
    return cleaned if parts.scheme in ("http", "https") and parts.netloc else ""

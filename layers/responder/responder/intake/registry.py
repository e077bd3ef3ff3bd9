"""The one ordered table of tools, and the way of a request through it: ``read`` and ``parse``.

Recognition asks the tool that the route names first, then those that tell of changes, then the
tools in the table's order, each by headers and body; what none knows is read as unknown format.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from responder.alert import Alert
from responder.change import Change
from responder.clock import to_utc, utc_now
from responder.errors import Reason
from responder.intake import alertmanager, cloudwatch, generic
from responder.intake.body import read_body
from responder.intake.changes.news import News, NoNews, change_of, draft_of
from responder.intake.changes.registry import news_of
from responder.intake.draft import Draft, Request, finish, slug
from responder.intake.envelope import is_handshake, read_handshake, unwrap
from responder.intake.errors import Unreadable

#: Alerts read from one request; the rest is cut, and the last alert says so.
MAX_ALERTS = 10_000


@dataclass(frozen=True)
class Tool:
    """How one monitoring tool is recognised, split into alerts and read.

    ``read`` gets one element, the whole payload and the request. ``aliases`` are other names that
    a route may use.
    """

    name: str
    matches: Callable[[object, Request], bool]
    split: Callable[[object], Sequence[object]]
    read: Callable[[object, object, Request], Draft]
    aliases: tuple[str, ...] = ()


def _one(payload: object) -> Sequence[object]:
    return (payload,)


_UNKNOWN = Tool("unknown", lambda payload, request: True, _one, generic.read_unknown)

#: In this order the body is tried; the last one takes everything.
TOOLS: tuple[Tool, ...] = (
    Tool("sns", lambda payload, request: is_handshake(payload), _one, read_handshake),
    Tool(cloudwatch.NAME, cloudwatch.matches, cloudwatch.split, cloudwatch.read, ("sns",)),
    Tool(
        alertmanager.NAME,
        alertmanager.matches,
        alertmanager.split,
        alertmanager.read,
        ("prometheus", "vmalert", "mimir", "loki"),
    ),
    Tool(generic.NAME, generic.matches, generic.split, generic.read),
    _UNKNOWN,
)


@dataclass(frozen=True)
class Parcel:
    """What was in a request. ``nothing`` says why an event of changes told of none."""

    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    nothing: Reason | None = None


def parse(
    body: bytes,
    headers: Mapping[str, str],
    tool: str | None = None,
    *,
    received_at: datetime | None = None,
) -> list[Alert]:
    """Every alert of a request, as ``read`` finds it."""
    return list(read(body, headers, tool, received_at=received_at).alerts)


def read(
    body: bytes,
    headers: Mapping[str, str],
    tool: str | None = None,
    *,
    received_at: datetime | None = None,
) -> Parcel:
    """All that is in a request. ``tool`` is the one that the route names.

    Raises BadRequest, and nothing else, where the sender must change the request. A body that no
    tool knows, or one bad element among good ones, becomes an alert of unknown format.
    """
    request = Request(
        headers={str(name).lower(): str(value) for name, value in headers.items()},
        received_at=_aware(received_at),
        tool=slug(tool) if tool else "",
    )
    payload, request = unwrap(read_body(body, request.headers), request)
    named = _named(payload, request)
    news = None if named else news_of(payload, request)
    if isinstance(news, NoNews):
        return Parcel(nothing=news.reason)
    if news is not None:
        return _told(news, request)
    return Parcel(alerts=_alerts(named or recognise(payload, request), payload, request))


def recognise(payload: object, request: Request) -> Tool:
    """The tool whose payload this is: the route's where the body agrees, else the first match."""
    found = next(tool for tool in TOOLS if tool.matches(payload, request))
    return _named(payload, request) or found


def _named(payload: object, request: Request) -> Tool | None:
    named = (tool for tool in TOOLS if request.tool in (tool.name, *tool.aliases))
    return next((tool for tool in named if tool.matches(payload, request)), None)


def _told(news: News, request: Request) -> Parcel:
    draft = draft_of(news)
    alerts = (finish(draft, request),) if draft else ()
    return Parcel(alerts=alerts, changes=(change_of(news, request),))


def _alerts(tool: Tool, payload: object, request: Request) -> tuple[Alert, ...]:
    elements = tool.split(payload)
    kept = elements[:MAX_ALERTS]
    alerts = [_read(tool, element, payload, request) for element in kept]
    if len(elements) > len(kept):
        note = f"alerts: {len(elements) - len(kept)} more of this request cut by intake"
        alerts[-1] = alerts[-1].model_copy(update={"truncated": (note, *alerts[-1].truncated)})
    return tuple(alerts)


def _aware(received_at: datetime | None) -> datetime:
    if received_at is None:
        return utc_now()
    return to_utc(received_at) if received_at.tzinfo else received_at.replace(tzinfo=UTC)


def _read(tool: Tool, element: object, whole: object, request: Request) -> Alert:
    try:
        return finish(tool.read(element, whole, request), request)
    except Unreadable as error:
        reason = str(error)
    except Exception as error:  # A fault of a reader must not lose a page, whatever it is.
        reason = f"reader failed: {type(error).__name__}"
    draft = generic.read_unknown(element, whole, request)
    note = f"read as unknown format by intake ({tool.name}: {reason})"
    return finish(replace(draft, source=tool.name, notes=(*draft.notes, note)), request)

"""The way of a request through intake: ``read`` and ``parse``.

Asked are the operator's field mapping of the route, where it fits; the tool that the route names,
where the body agrees; then those that tell of changes; then the tools in the order of
``recognition``. What none knows is read by the tool of the route if
it can be, else by the generic names or as unknown format: nothing that might be an alert is
refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from responder.alert import Alert
from responder.change import Change
from responder.clock import to_utc, utc_now
from responder.errors import Reason
from responder.intake import generic, unknown
from responder.intake.body import quoted, read_body
from responder.intake.changes.news import News, NoNews, change_of, draft_of
from responder.intake.changes.registry import news_of
from responder.intake.draft import Draft, Request, finish, identity, slug
from responder.intake.envelope import unwrap
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.recognition import CARRIERS, named, reader, tools_of

if TYPE_CHECKING:
    from responder.intake.mapping import FieldMapping

#: Alerts read from one request; the rest is cut, and the last alert says so.
MAX_ALERTS = 10_000
#: Arrays within arrays whose elements are looked at one by one; what is deeper is one alert.
MAX_NESTED_ARRAYS = 2
NO_MAPPINGS: Mapping[str, "FieldMapping"] = MappingProxyType({})

_MISFIT = "field mapping of {}: finds no title, left aside by intake"


class Parcel(NamedTuple):
    """What was in a request.

    ``nothing`` says why an event of changes told of none; ``not_alerts`` counts the events that
    their tool's reader knew as neither firing nor resolved.
    """

    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    nothing: Reason | None = None
    not_alerts: int = 0


def parse(
    body: bytes,
    headers: Mapping[str, str],
    tool: str | None = None,
    *,
    received_at: datetime | None = None,
    mappings: "Mapping[str, FieldMapping]" = NO_MAPPINGS,
) -> list[Alert]:
    """Every alert of a request, as ``read`` finds it."""
    return list(read(body, headers, tool, received_at=received_at, mappings=mappings).alerts)


def read(
    body: bytes,
    headers: Mapping[str, str],
    tool: str | None = None,
    *,
    received_at: datetime | None = None,
    mappings: "Mapping[str, FieldMapping]" = NO_MAPPINGS,
) -> Parcel:
    """All that is in a request. ``tool`` is the one that the route names.

    ``mappings`` are the operator's, by the tool of their route.

    Raises BadRequest, and nothing else, where the sender must change the request. A body that no
    tool knows, or one bad element among good ones, becomes an alert of unknown format.
    """
    request = Request(
        headers={str(name).lower(): str(value) for name, value in headers.items()},
        received_at=_aware(received_at),
        tool=slug(tool) if tool else "",
    )
    found = read_body(body, request.headers)
    inside = quoted(found.value)
    if inside is not None and any(tools_of(inside.value, request)):
        found = inside
    if found.notes:
        request = request._replace(notes=found.notes)
    payload, request = unwrap(found.value, request)
    if mapping := mappings.get(request.tool):
        if elements := mapping.elements(payload):
            return _parcel(iter([_Share(mapping.read, elements, payload, request, request.tool)]))
        request = request._replace(notes=(*request.notes, _MISFIT.format(request.tool)))
    known = list(tools_of(payload, request))
    is_generic = request.tool == generic.NAME and generic.has_title(payload)
    if not is_generic and named(request) not in known:
        news = news_of(payload, request)
        if isinstance(news, NoNews):
            return Parcel(nothing=news.reason)
        if news is not None:
            return _told(news, request)
    return _parcel(_shares(payload, request, known))


class _Share(NamedTuple):
    """Elements of one payload and their reader.

    ``tool``: whose shape they have, else empty. ``total``: the elements of the array around them.
    """

    read: Callable[[object, object, Request], Draft]
    values: Sequence[object]
    whole: object
    request: Request
    tool: str = ""
    total: int = 0


def _told(news: News, request: Request) -> Parcel:
    draft = draft_of(news)
    alerts = (finish(draft, request),) if draft else ()
    return Parcel(alerts=alerts, changes=(change_of(news, request),))


def _shares(
    payload: object, request: Request, known: Sequence[str], depth: int = 0, total: int = 0
) -> Iterator[_Share]:
    """The shares of a payload and of the arrays in it; ``known`` are the tools that know it."""
    wanted = named(request)
    is_its_own = wanted in known and wanted not in CARRIERS
    tool = wanted if is_its_own else next(iter(known), "")
    if tool:
        values = reader(tool).split(payload)
        yield _Share(reader(tool).read, values, payload, request, tool, total)
    elif depth < MAX_NESTED_ARRAYS and (inside := generic.inside(payload)):
        total = total or len(inside.elements)
        for element in inside.elements:
            within, its = unwrap(inside.whole(element), request)
            yield from _shares(within, its, list(tools_of(within, its)), depth + 1, total)
    elif wanted and isinstance(payload, dict | str):
        yield _Share(_by_route(wanted), (payload,), payload, request, total=total)
    else:
        yield _Share(unknown.read, (payload,), payload, request, total=total)


def _by_route(tool: str) -> Callable[[object, object, Request], Draft]:
    """Reads a body that only the route says to be of ``tool``, such as one of a user's template."""

    def read_as(element: object, whole: object, request: Request) -> Draft:
        try:
            draft = reader(tool).read(element, whole, request)
        except Unreadable:
            return unknown.read(element, whole, request)
        return generic.completed(draft, element)

    return read_as


def _parcel(shares: Iterator[_Share]) -> Parcel:
    """What the shares hold.

    Those elements for which there is no room are not even looked at: a million would take seconds.
    """
    alerts: list[Alert] = []
    by_id: dict[str, Alert] = {}
    not_alerts = cut = 0
    for share in shares:
        room = MAX_ALERTS - len(alerts) - not_alerts
        if room <= 0:
            cut = max(cut, share.total - len(alerts) - not_alerts, 1)
            break
        cut += max(len(share.values) - room, 0)
        for value in share.values[:room]:
            try:
                alerts.append(_apart(_read(value, share), by_id))
            except NotAnAlert:
                not_alerts += 1
    if cut and alerts:
        note = f"alerts: {cut} more of this request cut by intake"
        alerts[-1] = alerts[-1].model_copy(update={"truncated": (note, *alerts[-1].truncated)})
    return Parcel(alerts=tuple(alerts), not_alerts=not_alerts)


def _apart(alert: Alert, by_id: dict[str, Alert]) -> Alert:
    """Another id for what only looks like an alert before it: its text or severity may be news."""
    before = by_id.setdefault(alert.alert_id, alert)
    if before is alert or before == alert:
        return alert
    return alert.model_copy(update={"alert_id": identity(alert.alert_id, alert.raw)})


def _aware(received_at: datetime | None) -> datetime:
    if received_at is None:
        return utc_now()
    return to_utc(received_at) if received_at.tzinfo else received_at.replace(tzinfo=UTC)


def _read(value: object, share: _Share) -> Alert:
    try:
        return finish(share.read(value, share.whole, share.request), share.request)
    except NotAnAlert:
        raise
    except Unreadable as error:
        reason = str(error)
    except Exception as error:  # A fault of a reader must not lose a page, whatever it is.
        reason = f"reader failed: {type(error).__name__}"
    draft = unknown.read_unknown(value, share.request)
    source = share.tool or draft.source
    note = f"read as unknown format by intake ({source}: {reason})"
    return finish(replace(draft, source=source, notes=(*draft.notes, note)), share.request)

"""One request in, one queue message per alert out, one answer back: what the function does.

``functions/reception/app.py`` hands over API Gateway's requests (``http``) and the events of SNS
and EventBridge (``notification``). Nothing here waits for anything but the queue.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from responder.alert import SYNTHETIC_SOURCE
from responder.clock import Clock
from responder.contracts import AlertMessage, ChangeMessage
from responder.errors import Reason, ResponderError, Retryable
from responder.intake.authentication import authenticate
from responder.intake.errors import BadRequest
from responder.intake.fields import first, mapping, sequence
from responder.intake.registry import Parcel, read
from responder.ports import Outgoing, Queue, Queues, Telemetry

Answer = dict[str, object]
#: Reads the sources secret; True asks for a fresh value.
Sources = Callable[[bool], Mapping[str, object]]

_OPEN_ROUTE = "/in/"
_KEY_ROUTE = "/alerts"
_PUSH_PATH = "api/v2/alerts"
_PROBES = ("-/healthy", "-/ready")
_RETRY_AFTER = timedelta(seconds=5)
_MENDABLE = frozenset({Reason.SECRET_MISSING, Reason.MISCONFIGURED})
_SYNTHETIC = {
    "source": SYNTHETIC_SOURCE,
    "title": "Test of a new version of the reception function",
    "message": "Sent by the deployment itself; nothing is wrong.",
    "severity": "INFO",
}


@dataclass(frozen=True)
class _Route:
    """Where a request wants to go. ``token`` is None on the route with API Gateway's key."""

    method: str
    tool: str
    path: str
    token: str | None


class Reception:
    """Accepts alerts and puts them on the processing queue."""

    def __init__(self, queues: Queues, sources: Sources, telemetry: Telemetry, now: Clock) -> None:
        """``sources`` reads the secret of the token route and raises when it is missing."""
        self._queues = queues
        self._sources = sources
        self._telemetry = telemetry
        self._now = now

    def http(self, event: Mapping[str, object], trace: str = "") -> Answer:
        """Answer a request of API Gateway (REST, proxy integration)."""
        headers = _headers(event)
        try:
            return self._answer(event, headers, headers.get("x-amzn-trace-id") or trace)
        except BadRequest as error:
            self._telemetry.count("RequestsRefused", reason=error.code)
            return _refusal(error)
        except ResponderError as error:
            # Whatever our own trouble is, 503 makes every sender try again; 4xx would lose pages.
            self._telemetry.warning("Alerts not accepted", reason=error.reason, detail=error.detail)
            return _unavailable(error)

    def notification(self, event: Mapping[str, object], trace: str = "") -> None:
        """Take an event of SNS or EventBridge. Raises on trouble, so that Lambda tries again."""
        records = [record for record in sequence(event.get("Records")) if _is_sns(record)]
        payloads = [mapping(record)["Sns"] for record in records] or [event]
        for parcel in [self._parsed(payload) for payload in payloads]:
            self._accept(parcel, trace)

    def self_check(self, trace: str = "") -> dict[str, str]:
        """Send a synthetic alert through every adapter; its card goes to the test channel."""
        parcel = self._parsed(_SYNTHETIC)
        self._accept(parcel, trace)
        return {"sources": self._sources_state(), "accepted": parcel.alerts[0].alert_id}

    def _answer(
        self, event: Mapping[str, object], headers: Mapping[str, str], trace: str
    ) -> Answer:
        route = _route(event)
        if route.token is not None:
            self._authorise(route, headers)
        if route.method == "OPTIONS":
            return _handshake(headers)
        if route.method == "GET" and route.path.endswith(_PROBES):
            return _response(200, {"status": "ready"})
        body, headers = _body(event, route, headers)
        parcel = read(body, headers, route.tool or None, received_at=self._now())
        self._accept(parcel, trace)
        return _response(202, _accepted(parcel))

    def _authorise(self, route: _Route, headers: Mapping[str, str]) -> None:
        sender = authenticate(self._sources(False), route.token or "", headers)
        if sender is None:
            # It may have been added a moment ago, and a refusal is final for most senders.
            sender = authenticate(self._sources(True), route.token or "", headers)
        if sender is None:
            raise BadRequest(403, "forbidden", "The token is missing or wrong.")
        if not sender.may_send(route.tool):
            message = f"This token is not for the route of {route.tool or 'no tool'}."
            raise BadRequest(403, "forbidden", message)

    def _sources_state(self) -> str:
        # The secret is created empty: without it only the token route is closed.
        try:
            self._sources(False)
        except ResponderError as error:
            return str(error)
        return "readable"

    def _accept(self, parcel: Parcel, trace: str) -> None:
        """Queue all of it; a failed deployment's alert goes first."""
        alerts, changes = parcel.alerts, parcel.changes
        messages = [AlertMessage(alert=alert, trace=trace).model_dump_json() for alert in alerts]
        messages += [
            ChangeMessage(change=change, trace=trace).model_dump_json() for change in changes
        ]
        if messages:
            self._queues.send(Queue.PROCESSING, [Outgoing(body) for body in messages])
        if alerts:
            self._telemetry.count("AlertsAccepted", len(alerts))
        for change in changes:
            self._telemetry.count("ChangesAccepted")
            self._telemetry.info(
                "Change accepted",
                change_id=change.change_id,
                source=change.source,
                state=change.state,
                trace=trace,
            )
        if parcel.nothing is not None:
            self._telemetry.count("ChangesHeld", reason=parcel.nothing.value)
            self._telemetry.info("Change held", reason=parcel.nothing, trace=trace)
        if parcel.not_alerts:
            self._telemetry.count("EventsHeld", parcel.not_alerts, reason=Reason.NOT_AN_ALERT.value)
        for alert in alerts:
            self._telemetry.info(
                "Accepted",
                alert_id=alert.alert_id,
                source=alert.source,
                severity=alert.severity,
                status=alert.status,
                unknown_format=alert.unknown_format,
                trace=trace,
            )

    def _parsed(self, payload: object) -> Parcel:
        body = json.dumps(payload).encode()
        return read(body, {"content-type": "application/json"}, received_at=self._now())


def _accepted(parcel: Parcel) -> dict[str, object]:
    ids = [alert.alert_id for alert in parcel.alerts]
    said: dict[str, object] = {"alert_ids": ids, "accepted": len(ids)}
    if parcel.changes or parcel.nothing:
        said["change_ids"] = [change.change_id for change in parcel.changes]
    return said


def is_notification(event: Mapping[str, object]) -> bool:
    """Whether a Lambda event comes from SNS or from EventBridge."""
    records = sequence(event.get("Records"))
    return any(map(_is_sns, records)) or {"detail-type", "source", "detail"} <= event.keys()


def _is_sns(record: object) -> bool:
    fields = mapping(record)
    return fields.get("EventSource") == "aws:sns" and isinstance(fields.get("Sns"), dict)


def _headers(event: Mapping[str, object]) -> dict[str, str]:
    """Headers by lower-case name; several values of one are joined as HTTP joins them."""
    single = {name.lower(): str(value) for name, value in mapping(event.get("headers")).items()}
    several = {
        name.lower(): ", ".join(map(str, sequence(values)))
        for name, values in mapping(event.get("multiValueHeaders")).items()
        if sequence(values)
    }
    return single | several


def _route(event: Mapping[str, object]) -> _Route:
    """The route by API Gateway's own resource, never by what the sender wrote into the path."""
    resource = first(event, ["resource", "path"])
    parameters = mapping(event.get("pathParameters"))
    path = first(parameters, ["tool"]).strip("/")
    is_open = resource.startswith(_OPEN_ROUTE)
    if not is_open and resource != _KEY_ROUTE and not resource.startswith(f"{_KEY_ROUTE}/"):
        raise BadRequest(404, "not_found", "Alerts go to /alerts or to /in/{token}.")
    method = first(event, ["httpMethod"]).upper()
    allowed = ("POST", "PUT", "GET", "OPTIONS") if is_open else ("POST",)
    if method not in allowed:
        raise BadRequest(405, "method_not_allowed", f"Use {' or '.join(allowed)}.")
    tool = "alertmanager" if path.endswith(_PUSH_PATH) else path.partition("/")[0]
    return _Route(method, tool, path, first(parameters, ["token"]) if is_open else None)


def _body(
    event: Mapping[str, object], route: _Route, headers: Mapping[str, str]
) -> tuple[bytes, Mapping[str, str]]:
    """The raw bytes; tools that send by GET put their fields into the query."""
    query = mapping(event.get("queryStringParameters"))
    if route.method == "GET" and query:
        return json.dumps(query).encode(), {**headers, "content-type": "application/json"}
    body = event.get("body")
    if not isinstance(body, str):
        return b"", headers
    if not event.get("isBase64Encoded"):
        return body.encode(errors="replace"), headers
    try:
        return base64.b64decode(body, validate=True), headers
    except (binascii.Error, ValueError) as error:
        message = "The body is declared as base64 and is none."
        raise BadRequest(400, "undecodable", message, "body") from error


def _handshake(headers: Mapping[str, str]) -> Answer:
    """Allow an origin to send: https://github.com/cloudevents/spec (HTTP webhook, section 4)."""
    allowed = {"Allow": "POST"}
    if origin := headers.get("webhook-request-origin", ""):
        allowed["WebHook-Allowed-Origin"] = origin
    return _response(200, {"status": "ready"}, allowed)


def _refusal(error: BadRequest) -> Answer:
    said = {"error": error.code, "message": error.message, "field": error.field}
    return _response(error.status, said)


def _unavailable(error: ResponderError) -> Answer:
    after = error.after if isinstance(error, Retryable) else None
    seconds = max(1, round(after or _RETRY_AFTER.total_seconds()))
    # Only what an operator must mend is told; a client's error text may name roles and accounts.
    told = error.detail if error.reason in _MENDABLE else error.reason.value
    message = f"Not accepted, please send again: {told}."
    said = {"error": error.reason.value, "message": message, "field": ""}
    return _response(503, said, {"Retry-After": str(seconds)})


def _response(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }

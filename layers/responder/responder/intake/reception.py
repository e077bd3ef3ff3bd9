"""One request in, one queue message per alert out, one answer back: what the function does.

``functions/reception/app.py`` hands over API Gateway's requests (``http``) and the events of SNS,
EventBridge and CloudWatch alarms (``notification``). Nothing here waits for anything but the queue.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from responder.alert import SYNTHETIC_SOURCE, Alert, Severity
from responder.clock import Clock
from responder.contracts import AlertMessage, ChangeMessage
from responder.errors import Reason, ResponderError, Retryable
from responder.intake.authentication import sns
from responder.intake.authentication.senders import (
    QUERY_TOKENS,
    Helpers,
    Offer,
    Refused,
    Sender,
    admit,
)
from responder.intake.authentication.sources import Sns, Sources, sources_in
from responder.intake.errors import BadRequest
from responder.intake.fields import first, mapping, sequence
from responder.intake.handshake import event_grid_code
from responder.intake.mapping import FieldMapping, Mappings, mappings_in
from responder.intake.registry import Parcel, read
from responder.ports import Outgoing, Queue, Queues, Telemetry

Answer = dict[str, object]
#: Reads the sources secret; True asks for a fresh value.
ReadSources = Callable[[bool], Mapping[str, object]]

_OPEN_ROUTE = "/in/"
_KEY_ROUTE = "/alerts"
_PUSH_PATH = "api/v2/alerts"
_PROBES = ("-/healthy", "-/ready")
_WITH_BODY = ("POST", "PUT")
# Methods whose fields may be in the query instead of the body (UptimeRobot posts them there).
_QUERYING = ("GET", *_WITH_BODY)
# LibreNMS takes all but 200 for a failure, and so did vmalert (the push path) for years:
# https://github.com/librenms/librenms/tree/master/LibreNMS/Alert/Transport
# https://github.com/VictoriaMetrics/VictoriaMetrics/tree/master/app/vmalert/notifier
_WANT_200 = frozenset({"librenms"})
_FORBIDDEN = "This sender may not send here."
_RETRY_AFTER = timedelta(seconds=5)
_MENDABLE = frozenset({Reason.SECRET_MISSING, Reason.MISCONFIGURED})
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
_EVENTS = ({"detail-type", "source", "detail"}, {"alarmArn", "alarmData"})
_SYNTHETIC = {
    "source": SYNTHETIC_SOURCE,
    "title": "Test of a new version of the reception function",
    "message": "Sent by the deployment itself; nothing is wrong.",
    "severity": "INFO",
}


@dataclass(frozen=True)
class _Route:
    """Where a request wants to go. ``segment`` is None on the route with API Gateway's key."""

    method: str
    tool: str
    path: str
    segment: str | None

    @property
    def succeeds_with(self) -> int:
        """The status of success: 202, and 200 for the senders that take nothing else for one."""
        return 200 if self.path.endswith(_PUSH_PATH) or self.tool in _WANT_200 else 202


class Reception:
    """Accepts alerts and puts them on the processing queues."""

    def __init__(
        self,
        queues: Queues,
        sources: ReadSources,
        helpers: Helpers,
        telemetry: Telemetry,
        now: Clock,
    ) -> None:
        """``sources`` reads the secret of the route without a key and raises when it is missing."""
        self._queues = queues
        self._read_sources = sources
        self._helpers = helpers
        self._telemetry = telemetry
        self._now = now
        self._known: tuple[Mapping[str, object], Sources] = ({}, Sources())
        self._mapped: tuple[object, Mappings] = (None, Mappings())

    def http(self, event: Mapping[str, object], trace: str = "") -> Answer:
        """Answer a request of API Gateway (REST, proxy integration)."""
        headers = _headers(event)
        try:
            return self._answer(event, headers, headers.get("x-amzn-trace-id") or trace)
        except BadRequest as error:
            self._telemetry.count("RequestsRefused", reason=error.code)
            return _refusal(error)
        except Refused as error:
            self._telemetry.count("RequestsRefused", reason=error.reason.value)
            self._telemetry.info("Sender refused", reason=error.reason, sender=error.name)
            return _refusal(BadRequest(403, "forbidden", _FORBIDDEN))
        except ResponderError as error:
            # Whatever our own trouble is, 503 makes every sender try again; 4xx would lose pages.
            self._telemetry.warning("Alerts not accepted", reason=error.reason, detail=error.detail)
            return _unavailable(error)

    def notification(self, event: Mapping[str, object], trace: str = "") -> None:
        """Take an event of SNS, EventBridge or an alarm. Raises, so that Lambda tries again."""
        records = [record for record in sequence(event.get("Records")) if _is_sns(record)]
        payloads = [mapping(record)["Sns"] for record in records] or [event]
        for parcel in [self._parsed(payload) for payload in payloads]:
            self._accept(parcel, trace)

    def self_check(self, trace: str = "") -> dict[str, str]:
        """Send a synthetic alert by every adapter and queue; its card goes to the test channel."""
        parcel = self._parsed(_SYNTHETIC)
        self._accept(parcel, trace)
        # The other way is tried with the same alert: it arrives as a duplicate.
        (message,) = _queued(parcel, trace)[Queue.PROCESSING]
        self._queues.send(Queue.CRITICAL_PROCESSING, [message])
        return {"sources": self._sources_state(), "accepted": parcel.alerts[0].alert_id}

    def _answer(
        self, event: Mapping[str, object], headers: Mapping[str, str], trace: str
    ) -> Answer:
        route = _route(event)
        raw = _raw(event)
        if route.segment is not None:
            sender = self._admitted(route, event, headers, raw)
            if isinstance(sender.source.signature, Sns) and (asked := sns.subscription(raw)):
                return self._subscribed(sender, *asked)
        if route.method == "OPTIONS":
            return _handshake(headers)
        if route.method == "GET" and route.path.endswith(_PROBES):
            return _response(200, {"status": "ready"})
        body, headers = _body(event, route, headers, raw)
        if code := event_grid_code(body, headers):
            return _response(200, {"validationResponse": code})
        parcel = read(
            body,
            headers,
            route.tool or None,
            received_at=self._now(),
            mappings=self._mappings() if route.tool else {},
        )
        self._accept(parcel, trace)
        return _response(route.succeeds_with, _accepted(parcel))

    def _admitted(
        self, route: _Route, event: Mapping[str, object], headers: Mapping[str, str], raw: bytes
    ) -> Sender:
        offer = Offer(
            segment=route.segment or "",
            tool=route.tool,
            headers=headers,
            query={name: str(value) for name, value in _query(event).items()},
            body=raw if raw and route.method in _WITH_BODY else None,
        )
        try:
            return admit(self._sources(False), offer, self._now(), self._helpers)
        except Refused:
            # It may have been added a moment ago, and a refusal is final for most senders.
            return admit(self._sources(True), offer, self._now(), self._helpers)

    def _subscribed(self, sender: Sender, topic: str, token: str) -> Answer:
        self._helpers.notary.confirm(topic, token)
        self._telemetry.count("SubscriptionsConfirmed")
        self._telemetry.info("Subscription confirmed", sender=sender.name, topic=topic)
        return _response(200, {"status": "subscribed"})

    def _sources(self, fresh: bool) -> Sources:
        document = self._read_sources(fresh)
        if document is not self._known[0]:
            self._known = (document, sources_in(document))
        return self._known[1]

    def _mappings(self) -> Mapping[str, FieldMapping]:
        """The operators' field mappings. Without them an alert is read as well as can be."""
        try:
            entries = self._read_sources(False).get("mappings")
        except ResponderError as error:
            if error.reason is not Reason.SECRET_MISSING:
                self._telemetry.count("MappingsUnavailable", reason=error.reason.value)
                self._telemetry.warning("Read without mappings", reason=error.reason)
            return {}
        if entries != self._mapped[0]:
            self._mapped = (entries, mappings_in(entries))
            for name, why in self._mapped[1].unreadable.items():
                self._telemetry.count("MappingsUnavailable", reason=Reason.MISCONFIGURED.value)
                self._telemetry.warning("Field mapping left aside", mapping=name, detail=why)
        return self._mapped[1].known

    def _sources_state(self) -> str:
        # The secret is created empty: without it only the route without a key is closed.
        try:
            unreadable = self._sources(False).unreadable
        except ResponderError as error:
            return str(error)
        return f"not right: {', '.join(sorted(unreadable))}" if unreadable else "readable"

    def _accept(self, parcel: Parcel, trace: str) -> None:
        """Queue all of it; a failed deployment's alert goes first."""
        alerts, changes = parcel.alerts, parcel.changes
        for queue, messages in _queued(parcel, trace).items():
            if messages:
                self._queues.send(queue, messages)
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


def queue_of(alert: Alert) -> Queue:
    """Where an alert waits: CRITICAL ones for each other only, a resolve by its own severity."""
    is_urgent = alert.severity is Severity.CRITICAL
    return Queue.CRITICAL_PROCESSING if is_urgent else Queue.PROCESSING


def _queued(parcel: Parcel, trace: str) -> dict[Queue, list[Outgoing]]:
    """The messages of a parcel by their queue: CRITICAL ones first, changes last."""
    found: dict[Queue, list[Outgoing]] = {Queue.CRITICAL_PROCESSING: [], Queue.PROCESSING: []}
    for alert in parcel.alerts:
        body = AlertMessage(alert=alert, trace=trace).model_dump_json()
        found[queue_of(alert)].append(Outgoing(body))
    for change in parcel.changes:
        body = ChangeMessage(change=change, trace=trace).model_dump_json()
        found[Queue.PROCESSING].append(Outgoing(body))
    return found


def _accepted(parcel: Parcel) -> dict[str, object]:
    ids = [alert.alert_id for alert in parcel.alerts]
    said: dict[str, object] = {"alert_ids": ids, "accepted": len(ids)}
    if parcel.changes or parcel.nothing:
        said["change_ids"] = [change.change_id for change in parcel.changes]
    return said


def is_notification(event: Mapping[str, object]) -> bool:
    """Whether a Lambda event comes from SNS, from EventBridge or from an alarm's own action."""
    records = sequence(event.get("Records"))
    return any(map(_is_sns, records)) or any(names <= event.keys() for names in _EVENTS)


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
        raise BadRequest(404, "not_found", "Alerts go to /alerts or to /in/{name or token}.")
    method = first(event, ["httpMethod"]).upper()
    allowed = ("POST", "PUT", "GET", "OPTIONS") if is_open else ("POST",)
    if method not in allowed:
        raise BadRequest(405, "method_not_allowed", f"Use {' or '.join(allowed)}.")
    tool = "alertmanager" if path.endswith(_PUSH_PATH) else path.partition("/")[0]
    return _Route(method, tool, path, first(parameters, ["token"]) if is_open else None)


def _query(event: Mapping[str, object]) -> Mapping[str, object]:
    return mapping(event.get("queryStringParameters"))


def _body(
    event: Mapping[str, object], route: _Route, headers: Mapping[str, str], raw: bytes
) -> tuple[bytes, Mapping[str, str]]:
    """What is to be read; tools that send by GET put their fields into the query, as in a form."""
    fields = {name: value for name, value in _query(event).items() if name not in QUERY_TOKENS}
    if fields and not raw and route.method in _QUERYING:
        form = {**headers, "content-type": "application/x-www-form-urlencoded"}
        return urlencode(fields, errors="replace").encode(), form
    return raw, headers


def _raw(event: Mapping[str, object]) -> bytes:
    """The body, byte for byte as it was sent and may be signed."""
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if not event.get("isBase64Encoded"):
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
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

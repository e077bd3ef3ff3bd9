"""One request in, one queue message per alert out, one answer back: what the function does.

``functions/reception/app.py`` hands over API Gateway's requests (``http``) and the events of SNS,
EventBridge and CloudWatch alarms (``notification``). Nothing here waits for anything but the queue.
"""

import json
from collections.abc import Callable, Mapping

from responder.alert import SYNTHETIC_SOURCE, Alert, Severity
from responder.clock import Clock
from responder.contracts import AlertMessage, ChangeMessage
from responder.errors import Reason, ResponderError
from responder.intake import gateway
from responder.intake.authentication import sns
from responder.intake.authentication.senders import Helpers, Offer, Refused, Sender, admit
from responder.intake.authentication.sources import Sns, Sources, sources_in
from responder.intake.errors import BadRequest
from responder.intake.fields import mapping, sequence
from responder.intake.gateway import Answer, HttpRequest
from responder.intake.handshake import event_grid_code
from responder.intake.mapping import FieldMapping, Mappings, mappings_in
from responder.intake.registry import Parcel, read
from responder.ports import Outgoing, Queue, Queues, Telemetry

#: Reads the sources secret; True asks for a fresh value.
ReadSources = Callable[[bool], Mapping[str, object]]

_FORBIDDEN = "This sender may not send here."
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
_EVENTS = ({"detail-type", "source", "detail"}, {"alarmArn", "alarmData"})
_SYNTHETIC = {
    "source": SYNTHETIC_SOURCE,
    "title": "Test of a new version of the reception function",
    "message": "Sent by the deployment itself; nothing is wrong.",
    "severity": "INFO",
}


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
        try:
            request = gateway.request_of(event)
            return self._answer(request, request.headers.get("x-amzn-trace-id") or trace)
        except BadRequest as error:
            self._telemetry.count("RequestsRefused", reason=error.code)
            return gateway.refusal(error)
        except Refused as error:
            self._telemetry.count("RequestsRefused", reason=error.reason.value)
            self._telemetry.info("Sender refused", reason=error.reason, sender=error.name)
            return gateway.refusal(BadRequest(403, "forbidden", _FORBIDDEN))
        except ResponderError as error:
            # Whatever our own trouble is, 503 makes every sender try again; 4xx would lose pages.
            self._telemetry.warning("Alerts not accepted", reason=error.reason, detail=error.detail)
            return gateway.unavailable(error)

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

    def _answer(self, request: HttpRequest, trace: str) -> Answer:
        if request.segment is not None:
            sender = self._admitted(request, request.segment)
            signature = sender.source.signature
            if isinstance(signature, Sns) and (asked := sns.subscription(request.raw)):
                return self._subscribed(sender, *asked)
        if request.method == "OPTIONS":
            return gateway.welcome(request.headers)
        if request.is_probe:
            return gateway.answer(200, {"status": "ready"})
        body, headers = request.content()
        if code := event_grid_code(body, headers):
            return gateway.answer(200, {"validationResponse": code})
        parcel = read(
            body,
            headers,
            request.tool or None,
            received_at=self._now(),
            mappings=self._mappings() if request.tool else {},
        )
        self._accept(parcel, trace)
        return gateway.answer(request.succeeds_with, _accepted(parcel))

    def _admitted(self, request: HttpRequest, segment: str) -> Sender:
        offer = Offer(
            segment=segment,
            tool=request.tool,
            headers=request.headers,
            query={name: str(value) for name, value in request.query.items()},
            body=request.signed,
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
        return gateway.answer(200, {"status": "subscribed"})

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

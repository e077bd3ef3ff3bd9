"""Nothing is lost, and every count, state and episode is what was sent."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from faults.reckoning.end import End
from responder.alert import Status
from responder.analysis.trouble import OWN_SOURCE
from responder.incident import IncidentState


def nothing_lost(end: End) -> Iterator[str]:
    sent = {one.alert.alert_id for one in end.campaign.sent}
    recorded = {record.alert.alert_id for record in end.records}
    for alert_id in sorted(sent - recorded):
        yield f"lost: {alert_id}"
    if end.campaign.vanished:
        yield f"{end.campaign.vanished} messages vanished although no delivery succeeded"
    if not end.campaign.queues.empty():
        yield "a queue is not empty"
    for queue, dead in end.campaign.queues.dead.items():
        if dead:
            yield f"{len(dead)} dead letters of {queue} after healing"
    for record in end.records:
        if not record.held and record.incident_id not in end.incidents:
            yield f"counted nowhere: {record.alert.alert_id}"


def counters(end: End) -> Iterator[str]:
    counted: Counter[tuple[str, Status]] = Counter()
    for record in end.records:
        if not record.held:
            counted[record.incident_id, record.alert.status] += 1
    firing: Counter[str] = Counter(
        pointer.incident_id for pointer in end.pointers if pointer.state is Status.FIRING
    )
    for incident in end.incidents.values():
        expected = (
            counted[incident.incident_id, Status.FIRING],
            counted[incident.incident_id, Status.RESOLVED],
            firing[incident.incident_id],
        )
        found = (incident.count, incident.resolves, incident.firing)
        if found != expected:
            yield f"{incident.incident_id}: counters {found}, should be {expected}"
        # No campaign has more fingerprints than the list has room for.
        if len(incident.firing_now) != expected[2]:
            yield f"{incident.incident_id}: names {len(incident.firing_now)} that fire"
        shown = incident.worst.severity if incident.worst else incident.severity
        if shown is not incident.severity:
            yield f"{incident.incident_id}: {incident.severity} with the text of {shown}"


def states(end: End) -> Iterator[str]:
    """The newest event of each fingerprint decides, a tie goes to firing."""
    newest: dict[str, tuple[tuple[datetime, bool], Status]] = {}
    for one in end.campaign.sent:
        alert = one.alert
        order = (alert.event_at, alert.status is Status.FIRING)
        known = newest.get(alert.fingerprint)
        if known is None or order > known[0]:
            newest[alert.fingerprint] = (order, alert.status)
    for pointer in end.pointers:
        # What fired in a life before, and in this one no more, has its pointer still.
        if pointer.source == OWN_SOURCE or pointer.fingerprint not in newest:
            continue
        state = newest[pointer.fingerprint][1]
        if pointer.state is not state:
            yield f"{pointer.fingerprint}: {pointer.state}, should be {state}"
    for incident in end.incidents.values():
        open_ = incident.state is IncidentState.OPEN
        if incident.storm is None and open_ != (incident.firing > 0):
            yield f"{incident.incident_id}: {incident.state} with {incident.firing} firing"


def one_open_incident(end: End) -> Iterator[str]:
    opened = Counter(
        incident.key for incident in end.incidents.values() if incident.state is IncidentState.OPEN
    )
    for key, number in opened.items():
        if number > 1:
            yield f"{key}: {number} open incidents"
    episodes = Counter(incident.key for incident in end.incidents.values())
    for head in end.heads:
        if episodes[head.key] + end.inherited(head) != head.episode:
            yield f"{head.key}: {episodes[head.key]} incidents, head says {head.episode}"


def undisturbed(end: End) -> Iterator[str]:
    """A deployment alone makes nothing fail: each version reads what the other one wrote."""
    if end.campaign.circumstances.untroubled:
        for metric, number in sorted(end.campaign.telemetry.counts.items()):
            if metric.startswith(("FailedItems", "DeadLettered")):
                yield f"{number} {metric}, of a deployment alone"

"""The incidents that a stack has stored, for the commands that look at them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from responder.alert import Severity
from responder.card import Card
from responder.clock import utc_now
from responder.incident import AlertRecord, Incident, IncidentState
from responder.ports import Table
from responder.protocols import items
from responder_cli import accepted, bulk
from responder_cli.aws import NoSuch, Stack

#: An open incident is looked at again before this long, so that the index of due times holds it.
ALL_OPEN = timedelta(days=365)
MOST_INCIDENTS = 1_000
#: Alerts whose incidents are looked for where no index leads to these. Each is read whole, 2,000 of
#: them are about 4 MB.
MOST_ALERTS = 2_000
#: A resolve is received this long, at most, after the moment that it speaks of.
ALERTS_LATE = timedelta(minutes=15)


def opened(stack: Stack) -> Iterator[Incident]:
    """The open incidents, found through the index of due times: no scan."""
    store = stack.store(Table.INCIDENTS)
    ids = store.due(utc_now() + ALL_OPEN, MOST_INCIDENTS)
    for incident in read(stack, ids):
        if incident.state is IncidentState.OPEN and not incident.synthetic:
            yield incident


def alerted(stack: Stack, start: datetime) -> Iterator[Incident]:
    """The incidents, open or over, of the newest ``MOST_ALERTS`` alerts since ``start``."""
    records = accepted.stored(stack, start, MOST_ALERTS)
    ids = dict.fromkeys(one.incident_id for one in records if one.incident_id)
    yield from (one for one in read(stack, ids) if not one.synthetic)


def of_alert(stack: Stack, named: str) -> Incident:
    """An incident by its own id, or by that of an alert of it. Raises NoSuch."""
    alert = bulk.one(stack, named, items.alert_key(named), AlertRecord)
    if alert is not None and not alert.incident_id:
        raise NoSuch(f"alert {named} belongs to no incident: {alert.held}")
    return load(stack, alert.incident_id if alert else named)


def load(stack: Stack, incident_id: str) -> Incident:
    """One incident. Raises NoSuch."""
    found = bulk.one(stack, incident_id, items.incident_item(incident_id), Incident)
    if found is None:
        raise NoSuch(f"stack {stack.name} has no incident {incident_id}")
    return found


def card(stack: Stack, incident_id: str) -> Card | None:
    """The card of an incident; None until distribution has begun one."""
    return bulk.one(stack, f"the card of {incident_id}", items.card_item(incident_id), Card)


def alerts(stack: Stack, incident: Incident, limit: int) -> list[AlertRecord]:
    """The newest ``limit`` alerts of an incident, of the newest ``MOST_ALERTS`` of its time."""
    last = incident.resolved_at or utc_now()
    stream = accepted.newest(stack, Severity, incident.first_received_at, last + ALERTS_LATE)
    ids = (one.alert_id for one in islice(stream, MOST_ALERTS) if one.source == incident.source)
    records = accepted.records(stack, ids)
    return list(islice((one for one in records if one.incident_id == incident.incident_id), limit))


def read(stack: Stack, incident_ids: Iterable[str]) -> Iterator[Incident]:
    """The incidents of these ids that are there, in this order; read as asked for."""
    keys = ((one, items.incident_item(one)) for one in incident_ids)
    return bulk.each(stack, Table.INCIDENTS, keys, Incident, accepted.PAGE_SIZE)

"""The incidents that a stack has stored, for the commands that look at them."""

from collections.abc import Iterator
from datetime import timedelta

from responder.clock import utc_now
from responder.incident import AlertRecord, Incident, IncidentState
from responder.ports import Table
from responder.protocols import items
from responder_cli.aws import NotFound, Stack

#: An open incident is looked at again before this long, so that the index of due times holds it.
ALL_OPEN = timedelta(days=365)
MOST_INCIDENTS = 1_000


def opened(stack: Stack) -> Iterator[Incident]:
    """The open incidents, found through the index of due times: no scan."""
    store = stack.store(Table.INCIDENTS)
    ids = store.due(utc_now() + ALL_OPEN, MOST_INCIDENTS)
    for record in store.read([items.incident_item(one) for one in ids]).values():
        incident = items.decode(record, Incident)
        if incident is not None and incident.state is IncidentState.OPEN and not incident.synthetic:
            yield incident


def of_alert(stack: Stack, named: str) -> Incident:
    """An incident by its own id, or by that of an alert of it. Raises NotFound."""
    store = stack.store(Table.ALERTS, Table.INCIDENTS)
    alert = items.load(store, items.alert_key(named), AlertRecord)
    if alert is not None and not alert.incident_id:
        raise NotFound(f"alert {named} belongs to no incident: {alert.held}")
    return load(stack, alert.incident_id if alert else named)


def load(stack: Stack, incident_id: str) -> Incident:
    """One incident. Raises NotFound."""
    found = items.load(stack.store(Table.INCIDENTS), items.incident_item(incident_id), Incident)
    if found is None:
        raise NotFound(f"stack {stack.name} has no incident {incident_id}")
    return found

"""The other incidents that are open in the same place, for the context of an analysis; only reads.

Found through the index of due times, as what changed last is due first: no list is kept that all
incidents of a place would have to write.
"""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Scope, Severity
from responder.analysis.context import Context, Sibling
from responder.incident import Incident, IncidentState
from responder.policy import nearby
from responder.ports import Store
from responder.protocols import items

#: Open incidents that Claude is told of.
MOST_SIBLINGS = 8
#: Open incidents that are looked at, those that changed last: one BatchGetItem, and about 20 ms.
LOOKED_AT = 50
#: What opened longer before or after is another story.
SHORTLY = timedelta(hours=6)
#: Every open incident is due by then.
EVER = datetime(9999, 1, 1, tzinfo=UTC)


class Glimpse(BaseModel):
    """The fields of an incident that matter here: validating all of them takes longer."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    state: IncidentState
    synthetic: bool = False
    severity: Severity
    service: str = ""
    title: str
    scope: Scope = Scope()
    opened_at: Moment
    count: int


class Siblings:
    """A source of context (``protocols.context``)."""

    def __init__(self, store: Store) -> None:
        """``store`` has the incidents."""
        self._store = store

    def __call__(self, incident: Incident, known: Context) -> Context:
        """Of the same service first, then by how near in time they opened."""
        ids = self._store.due(EVER, LOOKED_AT)
        records = self._store.read([items.incident_item(one) for one in ids]) if ids else {}
        found = (items.decode_if_readable(record, Glimpse) for record in records.values())
        siblings = [one for one in found if one is not None and _is_sibling(incident, one)]
        siblings.sort(key=lambda one: _telling(incident, one))
        told = tuple(_told(one) for one in siblings[:MOST_SIBLINGS])
        return known.model_copy(update={"siblings": told})


def _is_sibling(incident: Incident, other: Glimpse) -> bool:
    return (
        other.incident_id != incident.incident_id
        and other.state is IncidentState.OPEN
        and not other.synthetic
        and abs(other.opened_at - incident.opened_at) <= SHORTLY
        and nearby.may_be_one(incident.scope, other.scope)
    )


def _telling(incident: Incident, other: Glimpse) -> tuple[bool, timedelta, str]:
    same = bool(incident.service) and nearby.plain(incident.service) == nearby.plain(other.service)
    return not same, abs(other.opened_at - incident.opened_at), other.incident_id


def _told(one: Glimpse) -> Sibling:
    return Sibling(
        severity=one.severity,
        service=one.service,
        title=one.title,
        opened_at=one.opened_at,
        count=one.count,
    )

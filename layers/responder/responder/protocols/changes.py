"""Remembers changes, and finds those around an incident for the context of its analysis.

    read the change's lists ──▶ write those that it alters ──▶ done
                            (1)   (one transaction)        (2)

Killed at (1): SQS delivers again. Killed at (2): the redelivered event alters nothing and is held
as a duplicate. Two workers with one list: one loses, reads again, and both changes stand.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from responder.alert import Alert
from responder.analysis import freshness
from responder.analysis.context import Context, Preceding
from responder.cache_entry import CacheEntry
from responder.change import Change
from responder.clock import Clock
from responder.contracts import ChangeMessage
from responder.errors import Reason
from responder.incident import Incident
from responder.policy import changes as policy
from responder.ports import Key, Reads, Store, Telemetry
from responder.protocols import items
from responder.protocols.draft import Draft


class Changes(BaseModel):
    """The latest changes of a service, an account, an environment or altogether, latest first."""

    model_config = ConfigDict(frozen=True)

    changes: tuple[Change, ...] = ()


def changes_item(name: str) -> Key:
    """Where the list of that name lives."""
    return items.state_item(f"changes#{name}")


@dataclass(frozen=True)
class Historian:
    """The processing lane's part for changes."""

    store: Store
    telemetry: Telemetry
    now: Clock

    def remember(self, message: ChangeMessage) -> None:
        """Put a change into its lists. Raises Retryable when it could not be written."""
        change = message.change
        fields = {"change_id": change.change_id, "service": change.service, "trace": message.trace}
        if items.settle(lambda: self._attempt(change)):
            self.telemetry.count("ChangesRecorded")
            self.telemetry.info("Change recorded", state=change.state.value, **fields)
        else:
            self.telemetry.count("ChangesHeld", reason=Reason.DUPLICATE.value)
            self.telemetry.info("Change held", reason=Reason.DUPLICATE.value, **fields)

    def _attempt(self, change: Change) -> bool:
        """Whether anything was new."""
        now = self.now()
        keys = [changes_item(name) for name in policy.lists(change.service, change.scope)]
        records = self.store.read(keys)
        writes = []
        for key in keys:
            known = items.decode(records[key], Changes) or Changes()
            news = Changes(changes=policy.remembered(known.changes, change, now))
            if news != known:
                writes.append(items.write_of(key, news, records[key].version, now))
        if writes:
            self.store.write(writes)
        return bool(writes)


def lists_of(incident: Incident) -> list[Key]:
    """Where the changes that may explain an incident live."""
    return [changes_item(name) for name in policy.lists(incident.service, incident.scope)]


def latest(
    entry: CacheEntry | None,
    what: Alert | Incident,
    draft: Draft,
    telemetry: Telemetry,
    now: datetime,
) -> datetime | None:
    """When the latest change of its service was told, for who decides whether ``entry`` is stale.

    Nothing is read where no change could make it so. A list that cannot be read says nothing.
    """
    analysis = entry.analysis if entry else None
    own = policy.own_list(what.service)
    if not own or analysis is None or not freshness.may_be_outdated(analysis, now):
        return None
    try:
        known = draft.look_up(changes_item(own), Changes)
    except items.TROUBLES as error:
        telemetry.count("ContextMissing", reason="changes")
        telemetry.warning("Context missing", source="changes", detail=str(error))
        return None
    return policy.latest(what.scope, known.changes) if known else None


class RecentChanges:
    """A source of context (``protocols.context``)."""

    def __init__(self, store: Reads) -> None:
        """``store`` has the lists."""
        self._store = store

    def __call__(self, incident: Incident, known: Context) -> Context:
        """The changes that may explain an incident, the likeliest first."""
        records = self._store.read(lists_of(incident))
        lists = (items.decode(record, Changes) for record in records.values())
        found = [change for one in lists if one is not None for change in one.changes]
        told = tuple(_preceding(incident, one) for one in policy.around(incident, found))
        return known.model_copy(update={"changes": told})


def _preceding(incident: Incident, change: Change) -> Preceding:
    before = incident.first_seen - change.at
    return Preceding(change=change, seconds_before=int(before.total_seconds()))

"""Mistakes that are easy to make where alerts are recorded, and items kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from faults.substitutes import Replacement
from faults.versions import NEW
from responder.errors import Retryable
from responder.incident import Incident, Pointer
from responder.policy import holding
from responder.ports import (
    Key,
    Record,
    Store,
    Write,
)
from responder.protocols import (
    episode,
    items,
    record,
    storms,
)
from responder.protocols.draft import Draft
from responder.protocols.episode import Arrival


def count_before_record() -> Sequence[Replacement]:
    """The incident is written first, the alerts and pointers after it."""

    def commit(store: Store, writes: Sequence[Write]) -> None:
        first = [w for w in writes if w.key.id.startswith("incident#")]
        for part in (first, [w for w in writes if w not in first]):
            if part:
                store.write(part)

    return [(record, "commit", commit)]


def list_beside_incident() -> Sequence[Replacement]:
    """An incident is written first, the lists of causes that it stands in after it."""

    def commit(store: Store, writes: Sequence[Write]) -> None:
        lists = [w for w in writes if w.key.id.startswith("causes#")]
        for part in ([w for w in writes if w not in lists], lists):
            if part:
                store.write(part)

    return [(record, "commit", commit)]


def resolve_by_signature() -> Sequence[Replacement]:
    """A resolve goes to the incident of its own signature instead of its fingerprint's."""

    def incident_of(draft: Draft, arrival: Arrival, pointer: Pointer | None) -> Incident | None:
        return draft.newest(arrival.incident_key)

    return [(episode, "incident_of_resolve", incident_of)]


def believe_in_a_write() -> Sequence[Replacement]:
    """A write without an answer is taken for one that took effect."""

    def commit(store: Store, writes: Sequence[Write]) -> None:
        try:
            store.write(writes)
        except Retryable as error:
            if error.took_effect is False:
                raise

    return [(record, "commit", commit)]


def held_for_ever() -> Sequence[Replacement]:
    """What a storm held stays held when it fires again after the end."""

    def reported(before: Incident | None, incident: Incident) -> bool:
        return False

    return [(storms, "_reported", reported)]


def ends_told_in_a_window() -> Sequence[Replacement]:
    """What is over is told at once, whatever window lasts."""

    def quiet_end(incident: Incident, checks: holding.Checks, now: datetime) -> None:
        return None

    return [(holding, "_quiet_end", quiet_end)]


def expired_is_absent() -> Sequence[Replacement]:
    """What has expired is taken for deleted, while DynamoDB still has its version."""

    def seen(record: Record, model: type[BaseModel]) -> items.Seen[BaseModel]:
        value = items.decode(record, model)
        return items.Seen(record.version if value else 0, value)

    def read_models(
        store: Store, wanted: Mapping[Key, type[BaseModel]]
    ) -> dict[Key, tuple[int, BaseModel | None]]:
        records = store.read(list(wanted)) if wanted else {}
        return {
            key: (seen(records[key], model).version, seen(records[key], model).value)
            for key, model in wanted.items()
        }

    return [(items, "seen", seen), (items, "read_models", read_models)]


def numbers_expire() -> Sequence[Replacement]:
    """The number of an incident is forgotten with the incident, and given again."""
    return [(items, "HEAD_RETENTION", items.RETENTION)]


def refuse_what_is_new() -> Sequence[Replacement]:
    """An item with a field that this version does not know cannot be read."""
    decode = items.decode

    def strict[M: BaseModel](record: Record, model: type[M]) -> M | None:
        if record.data is not None and NEW in record.data:
            raise ValueError(f"{model.__name__} has a field {NEW}")
        return decode(record, model)

    return [(items, "decode", strict)]

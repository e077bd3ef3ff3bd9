"""Planted bugs: each replaces one decision of a protocol by the mistake that is easy to make there.

The harness must find every one of them; a harness that does not is worth nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from faults.substitutes import Replacement, replaced
from responder.analysis.budget import Purse
from responder.analysis.ledger import Line
from responder.contracts import AnalysisRequest, Announcement, Trouble
from responder.errors import Reason
from responder.incident import CacheEntry, CacheState, Card, Details, Incident, Pointer
from responder.policy import holding
from responder.ports import (
    Key,
    Message,
    OperatorNotice,
    Place,
    Queue,
    Queues,
    Record,
    Store,
    Telemetry,
    Write,
)
from responder.protocols import (
    analyse,
    details,
    episode,
    lease,
    operators,
    record,
    storms,
    waiting,
)
from responder.protocols import card as cards
from responder.protocols.budget_watch import TOLD, BudgetWatch
from responder.protocols.card_messages import CardMessages
from responder.protocols.draft import Draft
from responder.protocols.episode import Arrival
from responder.protocols.spending import Bill, Spending

Plant = Callable[[], Sequence[Replacement]]


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


def post_before_intent() -> Sequence[Replacement]:
    """The message is sent first and the intent written afterwards."""

    def send(
        self: CardMessages,
        incident: Incident,
        card: Card,
        message: Message,
        *,
        notice: int,
        thread_ts: str = "",
        channel: str = "",
    ) -> Place:
        self._take_slot(incident, card.channel, self.gap)
        place = self.chat.post(channel or card.channel, message, self.new_id(), thread_ts)
        now = self.grip.now()
        self.grip.change(lambda card: cards.intend(card, "late", now, notice))
        return place

    return [(CardMessages, "_send", send)]


def reply_without_looking() -> Sequence[Replacement]:
    """A details reply that was left behind is sent again, without a look into the thread."""

    def next_act(reply: Details, now: datetime, settle: timedelta) -> details.Act:
        return details.Act.UPDATE if reply.ts else details.Act.POST

    return [(details, "next_act", next_act)]


def delete_before_copy() -> Sequence[Replacement]:
    """The waiting message is deleted first, its delayed copy sent afterwards."""
    original = waiting.send_copy

    def send_copy(
        queues: Queues,
        queue: Queue,
        message: AnalysisRequest | Announcement,
        until: datetime,
        now: datetime,
        reason: Reason,
        telemetry: Telemetry,
    ) -> None:
        held = getattr(queues, "messages")[queue]  # noqa: B009 - only the port in memory has it
        for one in list(held):
            if one.receives and _same(one.body, message):
                held.remove(one)
        original(queues, queue, message, until, now, reason, telemetry)

    return [(waiting, "send_copy", send_copy)]


def waiters_not_drained() -> Sequence[Replacement]:
    """Waiters are told and then left in the entry."""

    def drain(store: Store, cache_key: str, told: frozenset[str], now: datetime) -> None:
        return None

    return [(analyse, "drain_waiters", drain)]


def lease_without_owner() -> Sequence[Replacement]:
    """Whoever comes back with a verdict completes the entry, also when the lease is another's."""

    def owns(entry: CacheEntry | None, me: str) -> bool:
        return entry is not None and entry.state is CacheState.PENDING

    return [(lease, "may_end", owns)]


def ask_without_lease() -> Sequence[Replacement]:
    """Whoever finds the lease held by another asks Claude all the same."""

    def owns(entry: CacheEntry | None, me: str) -> bool:
        return entry is not None and entry.state is CacheState.PENDING

    return [(lease, "may_end", lease.owns), (lease, "owns", owns)]


def resolve_by_signature() -> Sequence[Replacement]:
    """A resolve goes to the incident of its own signature instead of its fingerprint's."""

    def incident_of(draft: Draft, arrival: Arrival, pointer: Pointer | None) -> Incident | None:
        return draft.newest(arrival.incident_key)

    return [(episode, "incident_of_resolve", incident_of)]


def stay_in_a_refused_channel() -> Sequence[Replacement]:
    """A card whose channel Slack refuses is given up like any other that Slack refuses."""

    def flees(act: cards.Act, reason: Reason) -> bool:
        return False

    return [(cards, "flees", flees)]


def record_before_tell() -> Sequence[Replacement]:
    """A sink is recorded as told first, and told afterwards."""
    original = operators.Operators._tell_sinks

    def tell_sinks(
        self: operators.Operators,
        report: Announcement,
        trouble: Trouble,
        incident: Incident,
        key: Key,
        window: operators.Window,
        notice: OperatorNotice,
    ) -> None:
        for name in self.sinks:
            self._record(key, window.owner, name)
        original(self, report, trouble, incident, key, window, notice)

    return [(operators.Operators, "_tell_sinks", tell_sinks)]


def overlook_calls_under_way() -> Sequence[Replacement]:
    """A budget counts what was settled, and not what calls under way may cost."""

    def taken(self: Purse, counter: str) -> int:
        return self.settled.get(counter, 0)

    return [(Purse, "taken", taken)]


def free_what_was_not_answered() -> Sequence[Replacement]:
    """A call without an answer is taken for one that cost nothing."""
    return [(Spending, "doubt", Spending.release)]


def book_beside_settling() -> Sequence[Replacement]:
    """A call is settled first, and written into the ledger afterwards."""
    attempt = Spending._attempt

    def apart(self: Spending, bill: Bill, line: Line, model: str) -> None:
        attempt(replace(self, store=_Apart(self.store)), bill, line, model)

    return [(Spending, "_attempt", apart)]


def tell_beside_opening() -> Sequence[Replacement]:
    """A budget's incident is opened first, and remembered as told afterwards."""
    attempt = BudgetWatch._attempt

    def apart(self: BudgetWatch, purse: Purse | None, now: datetime) -> list[Incident]:
        return attempt(replace(self, store=_Apart(self.store)), purse, now)

    return [(BudgetWatch, "_attempt", apart)]


@dataclass(frozen=True)
class _Apart:
    """A store that writes one item after the other."""

    store: Store

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        return self.store.read(keys)

    def write(self, writes: Sequence[Write]) -> None:
        for one in sorted(writes, key=lambda write: write.key.id == TOLD):
            self.store.write([one])

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        return self.store.due(now, limit)


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


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        count_before_record,
        list_beside_incident,
        post_before_intent,
        reply_without_looking,
        delete_before_copy,
        waiters_not_drained,
        lease_without_owner,
        ask_without_lease,
        resolve_by_signature,
        stay_in_a_refused_channel,
        record_before_tell,
        overlook_calls_under_way,
        free_what_was_not_answered,
        book_beside_settling,
        tell_beside_opening,
        held_for_ever,
        ends_told_in_a_window,
    )
}


def planted(name: str) -> AbstractContextManager[None]:
    """The code with the bug ``name`` in it, for the time of a block."""
    return replaced(PLANTS[name]())


def _same(body: str, message: AnalysisRequest | Announcement) -> bool:
    return f'"incident_id":"{message.incident_id}"' in body

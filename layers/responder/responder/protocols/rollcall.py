"""The roll call: is every alert recorded that was accepted a while ago? Run with the heartbeat.

    read the roll ──▶ acceptances since ──▶ their records ──▶ count those that are nowhere ──▶ roll
                  (1)                   (2)               (3)                              (4)

Reception writes no record of its own, so that what it accepted is known from its log, and alone
there if the message is lost. What has no record is missing, and is remembered; it is nowhere when
it is missing at the next call as well, and there are fewer messages than missing alerts. Killed
before (4), nothing happened but that the count may be told again, which is harmless: each one is
an alarm. A second call at the same time: one of them writes the roll, the other one ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.clock import Clock
from responder.errors import Conflict
from responder.ports import Acceptance, Doorkeeper, Store, Telemetry
from responder.protocols import items

#: Where the roll is kept, in the state table.
ROLL = "rollcall"
#: What was accepted this long ago is on record, or waits for longer than it should.
AFTER = timedelta(minutes=15)
#: Alerts called at one time; the rest of a burst is called with the next ones.
MOST = 2_000
#: A call that is this late leaves out what is older, and says so: days of a log take too long.
LATEST = timedelta(hours=6)
#: Alerts that are read at once.
CHUNK = 500
#: Missing alerts that are remembered, the oldest; in an outage all those behind them wait, too.
MOST_MISSING = 500


class Missing(BaseModel):
    """An alert without a record."""

    model_config = ConfigDict(frozen=True)

    alert_id: str
    at: Moment


class Roll(BaseModel):
    """Up to when everything accepted was called, and what had no record then."""

    model_config = ConfigDict(frozen=True)

    called_until: Moment
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True)
class RollCall:
    """The roll call with its ports."""

    store: Store
    door: Doorkeeper
    telemetry: Telemetry
    now: Clock

    def call(self) -> None:
        """One call: of what was accepted meanwhile, and again of what was missing."""
        now, key = self.now(), items.state_item(ROLL)
        last = items.seen(self.store.read([key])[key], Roll)
        start, end = self._span(last.value, now)
        accepted = self.door.accepted(start, end, MOST) if start < end else ()
        known = last.value.missing if last.value else ()
        before = {one.alert_id: Acceptance(one.alert_id, one.at) for one in known}
        # The last one of a full call is read again with the next.
        further = [one for one in accepted if one.alert_id not in before]
        still, absent = self._absent(before.values()), self._absent(further)
        gone = self._nowhere(still, len(absent))
        self.telemetry.count("AlertsCalled", len(accepted))
        self.telemetry.count("AlertsNowhere", len(gone))
        for one in gone:
            self.telemetry.warning("Alert is nowhere", alert_id=one.alert_id, accepted_at=one.at)
        left = [*still[len(gone) :], *absent]
        if len(left) > MOST_MISSING:
            self.telemetry.count("AlertsUncalled", len(left) - MOST_MISSING)
        roll = Roll(
            # What was accepted at the very moment of the last one may be called twice.
            called_until=accepted[-1].at if len(accepted) == MOST else max(start, end),
            missing=tuple(Missing(alert_id=a, at=at) for a, at in left[:MOST_MISSING]),
        )
        try:
            self.store.write([items.write_of(key, roll, last.version, now)])
        except Conflict:
            self.telemetry.info("Another run has called the roll")

    def _span(self, last: Roll | None, now: datetime) -> tuple[datetime, datetime]:
        end = now - AFTER
        if last is None:
            return end - AFTER, end
        if end - last.called_until > LATEST:
            self.telemetry.warning("Roll call is late", left_out_since=last.called_until)
            return end - LATEST, end
        return last.called_until, end

    def _absent(self, accepted: Iterable[Acceptance]) -> list[Acceptance]:
        """Those without a record, each once, the oldest first."""
        unique = list({one.alert_id: one for one in accepted}.values())
        absent: list[Acceptance] = []
        for first in range(0, len(unique), CHUNK):
            absent += self._without_record(unique[first : first + CHUNK])
        return sorted(absent, key=lambda one: one.at)

    def _without_record(self, some: Iterable[Acceptance]) -> list[Acceptance]:
        keys = {items.alert_key(one.alert_id): one for one in some}
        found = self.store.read(list(keys))
        return [one for key, one in keys.items() if found[key].data is None]

    def _nowhere(self, still: list[Acceptance], others: int) -> list[Acceptance]:
        """Of those missing again, as many as no message can be of, the oldest."""
        if not still:
            return []
        too_few = len(still) + others - self.door.waiting()
        return still[: max(0, too_few)]

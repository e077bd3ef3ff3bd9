"""The analysis queue's lane: lease, Claude (or the fallback), store, tell the waiters.

    take lease ──▶ reserve budget ──▶ Claude ──▶ settle ──▶ store ──▶ attach & announce ──▶ drain
             (1)                 (2)        (3)        (4)        (5)                  (6)

Killed at (1) to (4): the lease runs out, the redelivered request takes it; at (2) to (4) the
reserved dollars stay spent, at (3) and (4) the call is paid twice. Killed at (5) or (6): the
redelivered request finds the entry done, attaches, announces and drains. A second worker finds
the live lease and waits as a copy. Who lost the lease stores nothing and serves its own incident.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from responder.analysis import fallback, freshness, tiering
from responder.analysis.budget import Purse
from responder.analysis.context import Case, Context, Passage, Retrieved
from responder.analysis.freshness import Makers, News
from responder.analysis.reading import Call, Unusable
from responder.analysis.trouble import NotServed
from responder.analysis.verdict import Analysis
from responder.cache_entry import CacheEntry
from responder.clock import Clock
from responder.contracts import AnalysisRequest
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Incident
from responder.ports import Analyst, Queue, Queues, Store, Telemetry
from responder.protocols import announcing, changes, items, lease, requesting, runbooks, waiting
from responder.protocols.attaching import with_analysis
from responder.protocols.draft import Draft
from responder.protocols.spending import Charge, Spending
from responder.protocols.switch import SWITCH, Switch
from responder.protocols.troubles import Watch


@dataclass(frozen=True)
class Investigator:
    """The analysis lane with its ports. ``lease_lasts`` outlives the longest call to Claude."""

    store: Store
    queues: Queues
    analyst: Analyst
    telemetry: Telemetry
    now: Clock
    new_owner: Callable[[], str]
    lease_lasts: timedelta
    patience: timedelta
    spending: Spending
    makers: Makers
    context: Callable[[Incident], Context]
    stack: str = ""
    runbooks: Callable[[Incident], Retrieved | None] = runbooks.none_known

    def handle(self, request: AnalysisRequest) -> None:
        """Bring the request's signature to a fresh analysis, or wait as a delayed copy."""
        now = self.now()
        look = self._look(request)
        incident = look.incident.value
        if incident is None:
            self.telemetry.warning("Incident has expired", incident_id=request.incident_id)
            return
        if request.not_before is not None and request.not_before > now:
            self._wait(request, request.not_before, Reason.LEASE_HELD)
            return
        me = self.new_owner()
        taken = self._take(incident, look, me, now)
        entry = _present(taken)
        if lease.owns(entry, me):
            tried = lease.was_tried(look.entry.value)
            self._guarded(request, replace(look, entry=taken, tried=tried), incident, me)
        elif lease.held_by_other(entry, me, now) and entry.lease_until is not None:
            self._join(incident)
            self._wait(request, entry.lease_until, Reason.LEASE_HELD)
        else:
            self._tell(entry, incident.incident_id)

    def _look(self, request: AnalysisRequest) -> "_Look":
        """All that every request asks for, in one read."""
        incident, entry = (
            items.incident_item(request.incident_id),
            items.cache_item(request.cache_key),
        )
        purse, switch = self.spending.purse_key(), items.state_item(SWITCH)
        records = self.store.read([incident, entry, purse, switch])
        return _Look(
            cache_key=request.cache_key,
            incident=items.seen(records[incident], Incident),
            entry=items.seen(records[entry], CacheEntry),
            purse=items.decode(records[purse], Purse),
            switch=items.decode(records[switch], Switch),
        )

    def _take(
        self, incident: Incident, look: "_Look", me: str, now: datetime
    ) -> items.Seen[CacheEntry]:
        """Take the lease unless the analysis is fresh, or another worker is at it."""
        cache_key = incident.cache_key
        told = News(freshness.deployed(incident.labels), runbooks=self.runbooks(incident))
        # An entry that is left alone is looked at twice, and its service's changes are read once.
        draft = Draft.of_others(self.store)

        def step(entry: CacheEntry | None) -> CacheEntry | None:
            tier = self.spending.affordable(incident, _tier(incident, entry), look.purse)
            changed_at = changes.latest(entry, incident, draft, self.telemetry, now)
            news = replace(told, changed_at=changed_at)
            asker = lease.Asker(incident.incident_id, incident.severity, tier)
            found = lease.glance(entry, asker, self.makers, now, news)
            if entry is not None and (not found.due or lease.held_by_other(entry, me, now)):
                return None
            return lease.take(entry, cache_key, me, now, self.lease_lasts)

        known = look.entry if look.cache_key == cache_key else None
        return self._change(cache_key, step, known)

    def _join(self, incident: Incident) -> None:
        """Be told as soon as the lease's owner is done; the copy is for when it never is."""
        now = self.now()
        self._change(
            incident.cache_key,
            lambda entry: lease.wait(entry, incident.incident_id, now) if entry else None,
        )

    def _guarded(
        self, request: AnalysisRequest, look: "_Look", incident: Incident, me: str
    ) -> None:
        """A bug must not keep the lease: with it, the next receive would only wait, for ever."""
        try:
            self._investigate(request, look, incident, me)
        except Exception:
            self._release(incident, request, me, self.now())
            raise

    def _investigate(
        self, request: AnalysisRequest, look: "_Look", incident: Incident, me: str
    ) -> None:
        try:
            self._refuse_the_too_old(request, look)
            analysis = self._ask(incident, look, me)
        except Retryable as error:
            if self.now() - request.first_sent < self.patience:
                self._postpone(incident, request, me, error)
                return
            analysis = self._give_up(incident, error.reason)
        except Permanent as error:
            analysis = self._give_up(incident, error.reason)
        self._finish(incident, look, me, analysis)

    def _refuse_the_too_old(self, request: AnalysisRequest, look: "_Look") -> None:
        """A request that failed unexpectedly for so long ends with the fallback as well.

        One that only waited in its queue has failed at nothing yet.
        """
        if look.tried and self.now() - request.first_sent >= 2 * self.patience:
            raise Permanent(Reason.TOO_OLD, "asked for too long")

    def _ask(self, incident: Incident, look: "_Look", me: str) -> Analysis:
        """One paid call, within the budgets; raises Retryable, or Permanent for the fallback."""
        if look.switch is not None and look.switch.off:
            raise Permanent(Reason.ANALYSIS_OFF, "an operator switched analyses off")
        wanted = _tier(incident, look.entry.value)
        tier = self.spending.affordable(incident, wanted, look.purse)
        case = Case(incident=incident, context=self.context(incident))
        question = self.analyst.question(case, tier)
        bill = self.spending.reserve(incident, tier, question.ceiling_usd, me)
        try:
            analysis = question.ask()
        except Unusable as error:
            self.spending.pay(bill, _charge(error.call))
            self._report(incident, error.call)
            self._watch.answered(tier)
            raise
        except (Retryable, Permanent) as error:
            for_nothing = isinstance(error, Permanent) or error.took_effect is False
            end = self.spending.release if for_nothing else self.spending.doubt
            end(bill)
            if isinstance(error, NotServed):
                self._watch.refused(error, tier)
            raise
        self.spending.pay(bill, _charge(analysis))
        self._report(incident, analysis)
        self._watch.answered(tier)
        waited = analysis.made_at - incident.first_received_at
        self.telemetry.seconds("TimeToAnalysis", waited.total_seconds())
        made_of = {
            "made_for": incident.scope,
            "deployment": freshness.deployed(incident.labels),
            "runbooks": tuple(passage.hash for passage in case.context.runbooks),
            "worst_alert": incident.worst.alert_id if incident.worst else "",
        }
        return analysis.model_copy(update=made_of)

    @property
    def _watch(self) -> Watch:
        return Watch(self.store, self.queues, self.telemetry, self.now, self.stack)

    def _postpone(
        self, incident: Incident, request: AnalysisRequest, me: str, error: Retryable
    ) -> None:
        """Wait as long as Claude asks for, but never beyond the end of our patience."""
        now = self.now()
        until = waiting.next_try(request.first_sent, now, error.after)
        until = min(until, max(request.first_sent + self.patience, now))
        self._release(incident, request, me, until)
        self._wait(request, until, error.reason)

    def _release(
        self, incident: Incident, request: AnalysisRequest, me: str, next_try: datetime
    ) -> None:
        self._change(
            incident.cache_key,
            lambda entry: lease.release(entry, me, next_try, request.first_sent),
        )

    def _change(
        self,
        cache_key: str,
        step: Callable[[CacheEntry | None], CacheEntry | None],
        seen: items.Seen[CacheEntry] | None = None,
    ) -> items.Seen[CacheEntry]:
        key = items.cache_item(cache_key)
        return items.change_seen(self.store, key, CacheEntry, step, self.now(), seen)

    def _give_up(self, incident: Incident, reason: Reason) -> Analysis:
        self.telemetry.count("FallbackAnalyses", reason=reason.value)
        self.telemetry.warning(
            "Fallback analysis",
            reason=reason.value,
            incident_id=incident.incident_id,
            signature=incident.signature,
            trace=incident.trace,
        )
        return fallback.with_reason(incident.analysis, reason.value)

    def _finish(self, incident: Incident, look: "_Look", me: str, analysis: Analysis) -> None:
        now = self.now()
        fresh_until = freshness.fresh_until(analysis, incident.severity, now)
        refreshed = False

        def complete(entry: CacheEntry | None) -> CacheEntry | None:
            nonlocal refreshed
            completed = lease.complete(entry, me, analysis, fresh_until)
            before = entry.analysis if entry and completed else None
            refreshed = before is not None and not before.is_fallback
            return completed

        entry = self._change(incident.cache_key, complete, look.entry).value
        if refreshed and not analysis.is_fallback:
            self.telemetry.count("CacheRefreshes")
        self._attach(incident.incident_id, analysis, paid=True, seen=look.incident)
        if entry is None or entry.fresh_until != fresh_until:
            return
        if entry.waiters or entry.analysis != analysis:
            self._tell(entry, incident.incident_id)

    def _tell(self, entry: CacheEntry, incident_id: str) -> None:
        """Attach a finished entry to an incident and to all that wait for it, then drain it."""
        now = self.now()
        if entry.analysis is None:
            return
        told = (incident_id, *entry.waiters)
        for waiter in dict.fromkeys(told):
            waited = waiter != incident_id
            self._attach(waiter, entry.analysis, paid=False, waited=waited)
        drain_waiters(self.store, entry.cache_key, frozenset(told), now)

    def _attach(
        self,
        incident_id: str,
        analysis: Analysis,
        *,
        paid: bool,
        waited: bool = False,
        seen: items.Seen[Incident] | None = None,
    ) -> None:
        """Give an incident its analysis and announce it; repeating it changes nothing."""
        now = self.now()
        is_news = False

        def step(incident: Incident | None) -> Incident | None:
            nonlocal is_news
            passages = self._passages(incident)
            after = with_analysis(incident, analysis, now, paid=paid, runbooks=passages)
            is_news = after is not None
            return after

        key = items.incident_item(incident_id)
        attached = items.change_seen(self.store, key, Incident, step, now, seen).value
        if attached is None:
            return
        announcing.send(self.queues, attached, now)
        # Never after a fallback: what the larger model refuses, it would be asked for ever. Whoever
        # told a waiter asked for an incident of its own, which may have deserved less.
        made = paid or (waited and is_news)
        if analysis.is_fallback or not made:
            return
        if tiering.deserves_higher(attached.analysis, attached.severity):
            requesting.send(self.queues, attached, now)

    def _passages(self, incident: Incident | None) -> Sequence[Passage]:
        """What a triage begins with; one that was made at once may have had to do without."""
        if incident is None or not incident.analysis.is_fallback:
            return ()
        found = self.runbooks(incident)
        return found.passages if found else ()

    def _wait(self, request: AnalysisRequest, until: datetime, reason: Reason) -> None:
        waiting.send_copy(
            self.queues, Queue.ANALYSIS, request, until, self.now(), reason, self.telemetry
        )

    def _report(self, incident: Incident, call: Analysis | Call) -> None:
        """Every paid call is logged and counted once, also when its answer is unusable."""
        self.telemetry.info(
            "Claude analysis",
            incident_id=incident.incident_id,
            signature=incident.signature,
            trace=incident.trace,
            model=_model(call),
            cost_usd=call.cost_usd,
        )
        self.telemetry.count("ClaudeCalls", tier=call.tier)
        self.telemetry.count("ClaudeDollars", call.cost_usd, tier=call.tier)
        self.telemetry.count("ClaudeTokensIn", call.input_tokens)
        self.telemetry.count("ClaudeTokensOut", call.output_tokens)


@dataclass(frozen=True)
class _Look:
    """What a request found; the entry is later the one that is leased, ``tried`` before or not."""

    cache_key: str
    incident: items.Seen[Incident]
    entry: items.Seen[CacheEntry]
    purse: Purse | None
    switch: Switch | None
    tried: bool = False


def _present(taken: items.Seen[CacheEntry]) -> CacheEntry:
    assert taken.value is not None  # noqa: S101 - a lease is left alone only where there is one
    return taken.value


def _charge(call: Analysis | Call) -> Charge:
    return Charge(call.cost_usd, _model(call), call.input_tokens, call.output_tokens)


def _model(call: Analysis | Call) -> str:
    return call.made_by if isinstance(call, Analysis) else call.model


def _tier(incident: Incident, entry: CacheEntry | None) -> str:
    return tiering.tier_for(incident.severity, entry.analysis if entry else None)


def drain_waiters(store: Store, cache_key: str, told: frozenset[str], now: datetime) -> None:
    """Remove told waiters from the entry; only after each of them was announced."""
    items.change(
        store, items.cache_item(cache_key), CacheEntry, lambda entry: lease.drain(entry, told), now
    )

"""Operators are told when a budget reaches 80 % and when it is spent: once per budget and period.

    tick: read purse and what was told ──▶ told, and the incidents of our own ──▶ announce
                                      (1)     (one transaction)              (2)

A budget's incident is an incident like any other: 80 % opens it (LOW), a spent budget raises it to
HIGH, and the end of the period, or another limit, resolves it. Killed at (1): nothing happened.
Killed at (2): the incident is due, and the tick announces it a minute later. A second tick: one
transaction wins, the other one reads again and finds everything told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Severity
from responder.analysis import budget
from responder.analysis.budget import Limit, Limits, Purse
from responder.analysis.verdict import Analysis, Check, Confidence
from responder.clock import Clock
from responder.errors import Reason
from responder.incident import Incident, IncidentState, NoticeKind
from responder.ports import Queues, Store, Telemetry
from responder.protocols import announcing, items
from responder.protocols.draft import Draft, episode_id
from responder.protocols.spending import purse_item
from responder.protocols.tally import noticed

#: What was told, in the state table.
TOLD = "budgets-told"
#: More often than the shortest quiet time closes: while a budget is spent, its incident is open.
SEEN_PACE = timedelta(minutes=10)
_SEVERITIES = {budget.NEARLY: Severity.LOW, budget.SPENT: Severity.HIGH}


class Step(BaseModel):
    """What was told of one counter, and the incident that tells it."""

    model_config = ConfigDict(frozen=True)

    step: int
    micro: int
    incident_id: str


class Told(BaseModel):
    """What was told of each counter; ``newest`` numbers the incidents."""

    model_config = ConfigDict(frozen=True)

    steps: dict[str, Step] = {}
    newest: int = 0


@dataclass(frozen=True)
class BudgetWatch:
    """The watch with its ports; the tick calls it."""

    store: Store
    queues: Queues
    telemetry: Telemetry
    now: Clock
    limits: Limits

    def __call__(self) -> None:
        """One look: the gauge of the fullest budget, and whatever is news."""
        now = self.now()
        key = purse_item(budget.month_of(now))
        purse = items.load(self.store, key, Purse)
        shares = (budget.share(purse, limit, now) for limit in self.limits.every())
        self.telemetry.count("BudgetShare", max(shares, default=0.0))
        for incident in items.settle(lambda: self._attempt(purse, now)):
            self.telemetry.warning("Budget", incident_id=incident.incident_id, title=incident.title)
            announcing.send(self.queues, incident, now)

    def _attempt(self, purse: Purse | None, now: datetime) -> list[Incident]:
        """Bring what was told up to date; the incidents that people must hear of."""
        draft = Draft.of_others(self.store)
        key = items.state_item(TOLD)
        before = draft.look_up(key, Told) or Told()
        limits = {limit.counter(now): limit for limit in self.limits.every()}
        news = [self._ended(draft, one, now) for one in _over(before, limits)]
        told = _without_over(before, limits)
        for counter, limit in limits.items():
            reached = budget.step(purse, limit, now)
            known = told.steps.get(counter)
            if known is not None and reached <= known.step:
                self._seen(draft, known, now)
            elif reached:
                number = told.newest + (known is None)
                incident = self._reached(draft, known, number, limit, reached, now)
                step = Step(step=reached, micro=limit.micro, incident_id=incident.incident_id)
                told = Told(steps={**told.steps, counter: step}, newest=number)
                news.append(incident)
        if told != before:
            draft.put(key, told)
        if writes := draft.writes(now):
            self.store.write(writes)
        return [incident for incident in news if incident is not None]

    def _reached(
        self,
        draft: Draft,
        known: Step | None,
        number: int,
        limit: Limit,
        reached: int,
        now: datetime,
    ) -> Incident:
        before = _look_up(draft, known.incident_id) if known else None
        after = (
            _raised(before, limit, reached, now) if before else _begun(number, limit, reached, now)
        )
        draft.put_incident(after)
        return after

    def _seen(self, draft: Draft, known: Step, now: datetime) -> None:
        """Keep the incident from being closed for its quiet."""
        incident = _look_up(draft, known.incident_id)
        if incident is None or incident.state is not IncidentState.OPEN:
            return
        if now - incident.last_seen >= SEEN_PACE:
            draft.put_incident(incident.model_copy(update={"last_seen": now}))

    def _ended(self, draft: Draft, known: Step, now: datetime) -> Incident | None:
        incident = _look_up(draft, known.incident_id)
        if incident is None or incident.state is not IncidentState.OPEN:
            return None
        ended = noticed(incident, NoticeKind.RESOLVED, now)
        ended = ended.model_copy(
            update={
                "state": IncidentState.RESOLVED,
                "resolved_at": now,
                "last_seen": now,
                "firing": 0,
                "revision": incident.revision + 1,
                "announced_at": now,
                "due_at": now + announcing.LOOK_AGAIN,
            }
        )
        draft.put_incident(ended)
        return ended


def no_watch() -> None:
    """Where nobody watches budgets."""


def _over(told: Told, limits: dict[str, Limit]) -> list[Step]:
    """What is over: its period has ended, or its limit is another one now."""
    return [step for counter, step in told.steps.items() if not _lasts(counter, step, limits)]


def _without_over(told: Told, limits: dict[str, Limit]) -> Told:
    lasting = {c: step for c, step in told.steps.items() if _lasts(c, step, limits)}
    return told.model_copy(update={"steps": lasting})


def _lasts(counter: str, step: Step, limits: dict[str, Limit]) -> bool:
    return counter in limits and limits[counter].micro == step.micro


def _look_up(draft: Draft, incident_id: str) -> Incident | None:
    return draft.look_up(items.incident_item(incident_id), Incident)


def _begun(number: int, limit: Limit, reached: int, now: datetime) -> Incident:
    key = f"budget/{limit.counter(now).replace(' ', '/', 1)}"
    return Incident(
        incident_id=episode_id(key, number),
        key=key,
        episode=number,
        signature="budget",
        cache_key=f"budget#{number}",
        explanation="one incident per budget and period",
        source="responder",
        severity=_SEVERITIES[reached],
        first_alert_id="",
        count=1,
        firing=1,
        first_seen=now,
        last_seen=now,
        opened_at=now,
        first_received_at=now,
        announced_at=now,
        due_at=now + announcing.LOOK_AGAIN,
        **_said(limit, reached, now),
    )


def _raised(before: Incident, limit: Limit, reached: int, now: datetime) -> Incident:
    severity = _SEVERITIES[reached]
    raised = noticed(before, NoticeKind.SEVERITY_RAISED, now, f"{before.severity} → {severity}")
    return raised.model_copy(
        update={
            "severity": severity,
            "state": IncidentState.OPEN,
            "resolved_at": None,
            "firing": 1,
            "last_seen": now,
            "revision": before.revision + 1,
            "announced_at": now,
            "due_at": now + announcing.LOOK_AGAIN,
            **_said(limit, reached, now),
        }
    )


def _said(limit: Limit, reached: int, now: datetime) -> dict[str, object]:
    period = limit.counter(now).partition(" ")[0]
    spent = reached >= budget.SPENT
    title = (
        f"The {limit.words} for Claude is spent"
        if spent
        else f"{budget.NEARLY} % of the {limit.words} for Claude is spent"
    )
    effect = (
        "Claude is not asked any more for what counts against it: new cards show the rule-based "
        "triage, and analyses that are known already."
        if spent
        else "What counts against it is asked of the small model only."
    )
    until = "month" if limit.monthly else "day"
    return {
        "title": title,
        "message": f"{effect} The limit is {limit.usd:,.2f} dollars for {period} (UTC).",
        "analysis": Analysis(
            headline=title,
            summary=f"It begins anew with the next {until} in UTC, or with another limit.",
            checks=(
                Check(
                    text="What cost it: by source, service and model?",
                    command="scripts/responder cost --days 1 --by source",
                ),
            ),
            actions=(f"Raise the limit ({_parameter(limit)}), or let it stand.",),
            category="budget",
            confidence=Confidence.HIGH,
            made_by="fallback",
            tier="fallback",
            made_at=now,
            fallback_reason=Reason.OWN_INCIDENT.value,
        ),
    }


def _parameter(limit: Limit) -> str:
    if limit.name:
        return "BudgetPerSource"
    return "MonthlyBudgetUsd" if limit.monthly else "DailyBudgetUsd"

"""Looks at a stack until it is sure: transient differences of one at work are no problems."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from responder.clock import utc_now
from responder_cli.aws import Stack
from responder_cli.reconcile.facts import Facts, Period
from responder_cli.reconcile.gathering import LONGEST_WAIT, gather, queued
from responder_cli.reconcile.verdict import Kind, Report, Where, reconcile

#: An index of DynamoDB and a counter of SQS lag behind by less.
BETWEEN_SECONDS = 5.0


@dataclass(frozen=True)
class Proof:
    """The last look, and what came of it."""

    report: Report
    facts: Facts

    @property
    def proved(self) -> bool:
        """Whether every alert could be seen, is somewhere, once, and every counter is right."""
        return not self.report.problems and not self.report.blind

    @property
    def drained(self) -> bool:
        """Whether nothing waits any more."""
        return not self.report.number(Where.WAITING)


def prove(
    stack: Stack,
    period: Period,
    slack_url: str,
    patience: timedelta = timedelta(0),
    wait: Callable[[float], None] = time.sleep,
) -> Proof:
    """Look until all is well and nothing waits, for as long as ``patience``.

    A problem is what two looks find in the same words.
    """
    deadline = utc_now() + patience
    while True:
        # Counting messages is little work, looking at thousands of alerts is much. What stands
        # still may be an operators' report, which waits for its window of an hour.
        before = 0
        while utc_now() < deadline and (messages := queued(stack)) not in (0, before):
            before = messages
            wait(BETWEEN_SECONDS)
        proof = _look(stack, period, slack_url)
        if (proof.proved and proof.drained) or utc_now() >= deadline:
            break
        wait(BETWEEN_SECONDS)
    if not proof.report.problems:
        return proof
    wait(BETWEEN_SECONDS)
    again = _look(stack, period, slack_url)
    return Proof(again.report.confirmed(proof.report), again.facts)


def _look(stack: Stack, period: Period, slack_url: str) -> Proof:
    """One look; further back where a counter seems wrong, as alerts may have waited for days."""
    proof = _judged(gather(stack, period, slack_url))
    if all(one.kind is not Kind.MISCOUNTED for one in proof.report.problems):
        return proof
    return _judged(gather(stack, period, slack_url, back_to=period.start - LONGEST_WAIT))


def _judged(facts: Facts) -> Proof:
    return Proof(reconcile(facts), facts)

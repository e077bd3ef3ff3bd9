"""What a change of version or rules does to alerts: which problems split, and which merge."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from responder.alert import Alert, Status
from responder.protocols.identities import arrive
from responder.signature import VERSIONS, Rules, Signature


@dataclass(frozen=True)
class Variant:
    """One way to sign: a version with a set of rules, and who shares an analysis."""

    version: str
    rules: Rules
    sharing: str = "shared"

    def sign(self, alert: Alert) -> Signature:
        """The signature of an alert in this way."""
        return VERSIONS[self.version](alert, self.rules.for_alert(alert))

    def cache_key(self, alert: Alert) -> str:
        """Alerts of one cache key share one analysis."""
        return arrive(alert, "", self.sharing, VERSIONS[self.version], self.rules).cache_key


@dataclass(frozen=True)
class Side:
    """One of the signatures of a split or a merge, with an alert that has it."""

    key: str
    alerts: int
    title: str
    explanation: str


@dataclass(frozen=True)
class Change:
    """A signature of one variant that becomes, or was made of, several of the other."""

    key: str
    title: str
    sides: tuple[Side, ...]

    @property
    def alerts(self) -> int:
        """How many of the alerts it is about."""
        return sum(side.alerts for side in self.sides)


@dataclass(frozen=True)
class Idle:
    """A rule that changes none of the alerts, and how many it is for."""

    number: int
    why: str
    alerts: int

    @property
    def sentence(self) -> str:
        """What is odd about it."""
        if not self.alerts:
            return "matches none of these alerts"
        return f"matches {self.alerts} of these alerts and changes none of them"


@dataclass(frozen=True)
class Comparison:
    """``before`` and ``after`` are numbers of signatures; calls count first analyses alone.

    ``idle`` are the rules of the other variant that do nothing here.
    """

    alerts: int
    before: int
    after: int
    calls_before: int
    calls_after: int
    moved: int
    splits: tuple[Change, ...]
    merges: tuple[Change, ...]
    idle: tuple[Idle, ...]


def compare(alerts: Iterable[Alert], before: Variant, after: Variant) -> Comparison:
    """Sign every firing alert in both ways."""
    pairs = [
        (alert, before.sign(alert), after.sign(alert))
        for alert in alerts
        if alert.status is Status.FIRING
    ]
    return Comparison(
        alerts=len(pairs),
        before=len({old.key for _, old, _ in pairs}),
        after=len({new.key for _, _, new in pairs}),
        calls_before=len({before.cache_key(alert) for alert, _, _ in pairs}),
        calls_after=len({after.cache_key(alert) for alert, _, _ in pairs}),
        moved=sum(old.key != new.key for _, old, new in pairs),
        splits=_changes([(old, new, alert) for alert, old, new in pairs]),
        merges=_changes([(new, old, alert) for alert, old, new in pairs]),
        idle=tuple(_idle([alert for alert, *_ in pairs], after)),
    )


def _idle(alerts: Sequence[Alert], variant: Variant) -> Iterator[Idle]:
    """By itself: what one rule changes is no merit of another."""
    sign = VERSIONS[variant.version]
    for number, rule in enumerate(variant.rules.rules, 1):
        alone = Rules(rules=(rule,))
        meant = [alert for alert in alerts if rule.matches(alert)]
        if not any(sign(one, None).key != sign(one, alone.for_alert(one)).key for one in meant):
            yield Idle(number, rule.why, len(meant))


def _changes(pairs: Sequence[tuple[Signature, Signature, Alert]]) -> tuple[Change, ...]:
    """Every first signature that meets several second ones; the largest change first."""
    met: dict[str, dict[str, list[tuple[Signature, Alert]]]] = defaultdict(dict)
    for one, other, alert in pairs:
        met[one.key].setdefault(other.key, []).append((other, alert))
    found = [
        Change(key, next(iter(others.values()))[0][1].title, tuple(map(_side, others.values())))
        for key, others in met.items()
        if len(others) > 1
    ]
    return tuple(sorted(found, key=lambda change: -change.alerts))


def _side(members: Sequence[tuple[Signature, Alert]]) -> Side:
    signed, alert = members[0]
    return Side(signed.key, len(members), alert.title, signed.explanation)

"""Incidents of any shape from a seed: hostile, empty, huge and plain fields in any mixture.

Hypothesis shrinks (``test_card``); this is for numbers: tens of thousands of incidents are cheap.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from responder.alert import Scope, Severity
from responder.analysis.verdict import Analysis, Cause, Check, Confidence
from responder.errors import Reason
from responder.incident import (
    MAX_FIRING,
    MAX_WHAT,
    Firing,
    Hold,
    Incident,
    IncidentState,
    Notice,
    NoticeKind,
    Worst,
)

HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<!subteam^S123|@ops>",
    "<@U12345>",
    "<#C12345>",
    "<https://evil.example|ok>",
    "https://evil.example",
    "mailto:x@evil.example",
    "<!date^1^{time}|x>",
    "&lt;!channel&gt;",
    "&amp;lt;",
    "```",
    "`",
    "*_~",
    "*bold*",
    ":rotating_light:",
    "&",
    "<",
    ">|<",
    "\n\n",
    "\r\n>",
    "\t",
    "\u202e",
    "\u2066x\u2069",
    "\u200b",
    "\u2028",
    "\ufeff",
    "e\u0301\u0302\u0303",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "👩\u200d💻",
    "🏳️\u200d🌈",
    "😀",
    "שלום עולם",
    "مرحبا",
    "漢字",
    "\ud83d",
    "\udc00\ud800",
    "\x00\x1b[31m",
    "\x85\x9f",
    "word ",
    "a_b_c ",
    "x" * 30,
    "1e309",
    '{"a": [1, "b"]}',
)
URLS = (
    "https://a.example/{}",
    "https://[{}",
    "https://x@y/{}",
    "http://grafana.example/d/1?var={}&x=1",
    "javascript:alert({})",
    "{}",
)
NAMES = ("owner", "Team", "squad", "runbook", "Dashboard", "logs", "trace", "source", "pod")
#: Notices on an incident; more are never kept.
MOST_NOTICES = 20


def random_incident(rng: random.Random) -> Incident:
    """One incident; about one in ten has every text empty, one in ten every text long."""
    return Maker(rng).incident()


def random_notice(rng: random.Random, kind: NoticeKind) -> Notice:
    """One notice of ``kind``."""
    return Notice(number=1, kind=kind, at=Maker(rng).moment(), detail=Maker(rng).text())


class Maker:
    """Values of one incident, in one mood."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._times = rng.choice(((0,), (1,), (1, 1, 2), (0, 1, 7, 120), (0, 1, 40, 900), (300,)))

    def text(self) -> str:
        rng = self._rng
        pieces = [self._piece() for _ in range(rng.randint(0, 5))]
        return "".join(pieces) * rng.choice(self._times)

    def _piece(self) -> str:
        rng = self._rng
        if rng.random() < 0.7:
            return rng.choice(HOSTILE)
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, 8)))

    def name(self) -> str:
        return self._rng.choice(NAMES) if self._rng.random() < 0.4 else self.text()

    def url(self) -> str:
        return self._rng.choice(URLS).format(self.text())

    def moment(self) -> datetime:
        seconds = self._rng.randint(86_400, 4_000_000_000)
        return datetime.fromtimestamp(seconds, UTC)

    def many(self, most: int, make: Any) -> tuple[Any, ...]:
        return tuple(make() for _ in range(self._rng.randint(0, most)))

    def number(self) -> int:
        return self._rng.choice((0, 1, 2, 214, self._rng.randint(0, 10**6), 10**30))

    def analysis(self) -> Analysis:
        rng = self._rng
        return Analysis(
            headline=self.text(),
            summary=self.text(),
            causes=self.many(
                5,
                lambda: Cause(
                    text=self.text(),
                    confidence=rng.choice(list(Confidence)),
                    evidence=self.many(5, self.text),
                ),
            ),
            impact=self.text(),
            checks=self.many(7, lambda: Check(text=self.text(), command=self.text())),
            actions=self.many(6, self.text),
            severity_opinion=rng.choice([None, *Severity]),
            severity_reason=self.text(),
            confidence=rng.choice(list(Confidence)),
            noise_likelihood=rng.choice((0, 0.5, 1, 1e300, float("nan"), float("inf"))),
            noise_fix=self.text(),
            would_change=self.text(),
            runbook=self.text(),
            made_by=self.text(),
            tier=rng.choice(("small", "large", "fallback")),
            made_at=self.moment(),
            cost_usd=rng.choice((0, 0.0006, 1e9)),
            fallback_reason=rng.choice(["", self.text(), *(reason.value for reason in Reason)]),
            made_for=self.scope(),
        )

    def scope(self) -> Scope:
        return Scope(
            account=self.text(), region=self.text(), cluster=self.text(), environment=self.text()
        )

    def hold(self) -> Hold | None:
        if self._rng.random() < 0.7:
            return None
        return Hold(
            silence_id=self.text(),
            until=self.moment(),
            comment=self.text(),
            author=self.text(),
        )

    def firing(self) -> Firing:
        return Firing(
            name=self.text()[:1],
            severity=self._rng.choice(list(Severity)),
            at=self.moment(),
            what=self.text()[:MAX_WHAT],
        )

    def otherwise(self) -> str | None:
        return None if self._rng.random() < 0.2 else self.text()

    def worst(self) -> Worst | None:
        if self._rng.random() < 0.3:
            return None
        return Worst(
            alert_id=self.text(),
            name=self.text()[:1],
            at=self.moment(),
            severity=self._rng.choice(list(Severity)),
            title=self.otherwise(),
            message=self.otherwise(),
            resource=self.otherwise(),
        )

    def incident(self) -> Incident:
        rng = self._rng
        first = self.moment()
        return Incident(
            incident_id=self.text(),
            key=self.text(),
            episode=1,
            signature=self.text(),
            cache_key=self.text(),
            explanation=self.text(),
            source=self.text(),
            rule=self.text(),
            title=self.text(),
            message=self.text(),
            service=self.text(),
            resource=self.text(),
            scope=self.scope(),
            labels={self.name(): self.text() for _ in range(rng.choice((0, 2, 40)))},
            links={self.name(): self.url() for _ in range(rng.choice((0, 2, 10)))},
            worst=self.worst(),
            severity=rng.choice(list(Severity)),
            state=rng.choice(list(IncidentState)),
            unknown_format=rng.random() < 0.2,
            synthetic=rng.random() < 0.1,
            first_alert_id=self.text(),
            count=self.number(),
            resolves=self.number(),
            firing=self.number(),
            firing_now=self.many(MAX_FIRING, self.firing),
            first_seen=first,
            last_seen=first + timedelta(seconds=rng.choice((0, 1, 540, 10**7))),
            opened_at=self.moment(),
            first_received_at=self.moment(),
            resolved_at=rng.choice((None, self.moment())),
            notices=tuple(random_notice(rng, kind) for kind in self._kinds()),
            analysis=self.analysis(),
            from_cache=rng.random() < 0.3,
            silence=self.hold(),
            silence_ended=self.hold(),
        )

    def _kinds(self) -> list[NoticeKind]:
        many = self._rng.choice((0, 0, 1, MOST_NOTICES))
        return [self._rng.choice(list(NoticeKind)) for _ in range(many)]

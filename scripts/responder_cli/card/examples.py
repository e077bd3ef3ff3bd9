"""Incidents as the pipeline makes them, named after what their cards show."""

from datetime import UTC, datetime, timedelta

from responder.alert import Scope, Severity
from responder.analysis.verdict import Analysis, Cause, Check, Confidence
from responder.incident import Firing, Incident, IncidentState, Notice, NoticeKind, Worst

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NOW = START + timedelta(minutes=10)

TRIAGE = Analysis(
    headline="checkout: HighErrorRate: 31 % of requests fail",
    summary="By its words: errors. No cause is known yet.",
    checks=(Check(text="Look at the service's latest deployment"),),
    made_by="fallback",
    tier="fallback",
    made_at=START,
)
CLAUDE = Analysis(
    headline="The database connection pool of checkout is exhausted",
    summary="Requests wait for a connection and time out after 5 s.",
    causes=(
        Cause(
            text="A slow query holds connections",
            confidence=Confidence.HIGH,
            evidence=("message: pool timeout after 5000 ms", "label pool_in_use=50/50"),
        ),
        Cause(text="The pool is too small for the evening's load"),
    ),
    impact="About one checkout in three fails",
    checks=(
        Check(
            text="Look for queries that run for long",
            command="psql -c \"select pid, query from pg_stat_activity where state <> 'idle'\"",
        ),
        Check(text="Compare the pool's size with its use"),
    ),
    actions=("End the slow query (risk: low)", "Raise the pool's size for tonight (risk: medium)"),
    severity_opinion=Severity.HIGH,
    severity_reason="two checkouts in three still work",
    confidence=Confidence.HIGH,
    noise_likelihood=0.1,
    would_change="Free connections in the pool while checkouts fail",
    runbook="payments.md / The pool is exhausted",
    made_by="claude-haiku-5-5",
    tier="small",
    made_at=START + timedelta(seconds=8),
    cost_usd=0.00061,
)

FIRST = Incident(
    incident_id="5f2c9b#1",
    key="5f2c9b",
    episode=1,
    signature="v1:5f2c9b",
    cache_key="v1:5f2c9b/prod",
    explanation="tool, service and rule",
    source="alertmanager",
    rule="HighErrorRate",
    title="HighErrorRate: 31 % of requests fail",
    message="31 % of requests to checkout answer 5xx (threshold 5 %)",
    service="checkout",
    resource="deployment/checkout",
    scope=Scope(environment="prod", region="eu-west-1", cluster="web", account="123456789012"),
    labels={"team": "payments", "pod": "checkout-7d9f_a"},
    links={"Runbook": "https://wiki.example.com/checkout?a=1&b=2", "Tool": "javascript:alert(1)"},
    severity=Severity.CRITICAL,
    first_alert_id="a-1",
    count=1,
    firing=1,
    first_seen=START,
    last_seen=START,
    opened_at=START,
    first_received_at=START,
    analysis=TRIAGE,
)
ANALYSED = FIRST.model_copy(
    update={
        "analysis": CLAUDE,
        "count": 214,
        "firing": 3,
        "last_seen": START + timedelta(minutes=9),
        "revision": 4,
    }
)
WORSE = ANALYSED.model_copy(
    update={
        "worst": Worst(
            alert_id="a-214",
            name="canary",
            at=START + timedelta(minutes=9),
            severity=Severity.CRITICAL,
            title="HighErrorRate: 64 % of requests fail",
            message="64 % of requests to checkout answer 5xx (threshold 5 %)",
            resource="deployment/checkout-canary",
        ),
        "links": {
            "trace": "https://traces.example.com/1",
            "wiki page": "https://wiki.example.com/checkout",
            "logs_url": "https://logs.example.com/1",
            "runbook": "https://runbooks.example.com/1",
            "dashboard": "https://boards.example.com/1",
            "source": "https://tool.example.com/1",
        },
    }
)
SEVERAL = FIRST.model_copy(
    update={
        "title": "Disk full on db-1",
        "message": "97 % of /var is used",
        "service": "",
        "resource": "",
        "explanation": "Kept: source manual-test, rule Disk full on, 6 constant words of the text. "
        "Ignored: severity, scope, label values and words with digits in the text.",
        "analysis": TRIAGE.model_copy(
            update={
                "headline": "Disk full on db-1",
                "summary": "By its words: disk. No cause is known yet.",
                "fallback_reason": "no_key",
            }
        ),
        "labels": {},
        "links": {},
        "count": 3,
        "firing": 3,
        "last_seen": START + timedelta(minutes=7),
        "worst": Worst(
            alert_id="a-2",
            name="db-2",
            at=START + timedelta(minutes=4),
            severity=Severity.CRITICAL,
            title="Disk full on db-2",
            message="99 % of /data is used",
        ),
        "firing_now": tuple(
            Firing(name=host, severity=severity, at=START, what=f"Disk full on {host}")
            for host, severity in (
                ("db-2", Severity.CRITICAL),
                ("db-1", Severity.HIGH),
                ("db-3", Severity.LOW),
            )
        ),
    }
)
WORDY = WORSE.model_copy(
    update={
        "message": "pool timeout after 5000 ms\n" * 100,
        "labels": {"Team": "payments"} | {f"label_{n}": f"value {n}" for n in range(30)},
        "analysis": CLAUDE.model_copy(
            update={
                "summary": "Requests wait for a connection and time out after 5 s. " * 20,
                "causes": (
                    CLAUDE.causes[0].model_copy(update={"evidence": ("one", "two", "three")}),
                ),
                "checks": tuple(Check(text=f"Check {n}") for n in range(1, 6)),
            }
        ),
    }
)
CACHED = FIRST.model_copy(
    update={
        "analysis": CLAUDE.model_copy(update={"made_at": START - timedelta(hours=3)}),
        "from_cache": True,
        "severity": Severity.MEDIUM,
    }
)
BUDGET_SPENT = FIRST.model_copy(
    update={"analysis": TRIAGE.model_copy(update={"fallback_reason": "budget_spent"})}
)
RESOLVED = ANALYSED.model_copy(
    update={
        "state": IncidentState.RESOLVED,
        "firing": 0,
        "resolved_at": START + timedelta(minutes=12),
    }
)
CLOSED = FIRST.model_copy(
    update={
        "state": IncidentState.CLOSED,
        "severity": Severity.LOW,
        "resolved_at": START + timedelta(hours=24),
    }
)
UNKNOWN_FORMAT = FIRST.model_copy(
    update={
        "unknown_format": True,
        "source": "unknown",
        "title": "Unknown format",
        "message": '{"wild": "```<!channel>```", "n": 1}',
        "service": "",
        "severity": Severity.HIGH,
        "labels": {},
        "links": {},
    }
)
HOSTILE = FIRST.model_copy(
    update={
        "title": "<!channel> *bold* <https://evil.example|click>",
        "service": "<@U123>",
        "message": "```\n<!here>\n``` ~x~ _y_ & <http://evil.example>",
        "labels": {"<!everyone>": "`code`"},
        "links": {
            "<@U1>|x": "https://ok.example/<a>|b",
            "userinfo": "https://slack.com@evil.example",
        },
        "analysis": CLAUDE.model_copy(
            update={
                "headline": "<!channel|all>",
                "checks": (Check(text="<@U9>", command="echo ```<!here>```"),),
            }
        ),
    }
)
SYNTHETIC = FIRST.model_copy(update={"synthetic": True, "severity": Severity.INFO})

INCIDENTS = {
    "first_alert_claude_pending": FIRST,
    "analysed_by_claude": ANALYSED,
    "worst_alert_says_otherwise": WORSE,
    "several_fire_by_name": SEVERAL,
    "more_than_a_card_holds": WORDY,
    "analysis_from_cache": CACHED,
    "claude_not_asked_budget_spent": BUDGET_SPENT,
    "resolved_with_duration": RESOLVED,
    "closed_after_quiet": CLOSED,
    "unknown_format": UNKNOWN_FORMAT,
    "hostile_text_everywhere": HOSTILE,
    "synthetic": SYNTHETIC,
}


def notice(kind: NoticeKind, detail: str = "") -> Notice:
    """The first notice of an incident, at ``NOW``."""
    return Notice(number=1, kind=kind, at=NOW, detail=detail)

"""Which passages of five operations runbooks an alert finds, and that others find none."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from responder.analysis import fulltext
from responder.analysis.markdown import split
from responder.analysis.retrieval import MOST, Index
from unit.analysis.examples import alert, incident

CORPUS = Path(__file__).parents[2] / "corpus/runbooks"
PASSAGES = [
    passage
    for file in sorted(CORPUS.glob("*.md"))
    for passage in split(file.name, file.read_text(encoding="utf-8"))
]
ENGINES: dict[str, Any] = {"FTS5": fulltext.FullText, "plain": fulltext.Plain}
INDEXES = {name: Index(PASSAGES, engine) for name, engine in ENGINES.items()}
NOTHING: dict[str, Any] = {"message": "", "rule": "", "service": "", "labels": {}, "links": {}}


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """Each way to search: what is found does not depend on it."""
    return str(request.param)


def found(engine: str, **says: Any) -> list[str]:
    passages = INDEXES[engine].about(alert(**(NOTHING | says))).passages
    return [passage.place for passage in passages]


@pytest.mark.parametrize(
    ("title", "rule", "file", "heading"),
    [
        ("DLQ has messages", "", "incident-responder", "Reprocess Failed Messages from DLQ"),
        ("Messages in the dead-letter queue", "", "incident-responder", "Messages from DLQ"),
        ("DLQ of orders2 has messages", "", "incident-responder", "Messages from DLQ"),
        ("DLQ not empty", "ProcessingDlqNotEmpty", "incident-responder", "Messages from DLQ"),
        ("SlackMessagesNotDelivered", "", "incident-responder", "Slack Messages Not Delivered"),
        ("No alerts processed", "AlertPipelineDown", "incident-responder", "System Down"),
        ("Claude API costs", "AnthropicCostHigh", "incident-responder", "High Anthropic API Costs"),
        ("Cache hit rate low", "", "incident-responder", "Analysis Cache Tuning"),
        ("Slack commands not responding", "", "slack-integration", "Commands Not Responding"),
        ("Redis authentication failures", "", "slack-integration", "Authentication Failures"),
        ("Memory usage above 90% on ip-10-0-3-7", "", "", "High Memory Usage"),
        ("High error rate", "HighErrorRate", "incident-response", "High Error Rates"),
        ("Application is down", "", "incident-response", "Application Down"),
        ("Database connection pool exhausted", "", "incident-response", "Database Connection"),
        ("Circuit breaker open for finops-mcp", "", "mcp-operations", "Circuit Breaker Open"),
        ("Redis connection errors", "", "mcp-operations", "Redis Connection Errors"),
        ("Redis down", "RedisDown", "mcp-operations", "Redis Connection"),
        ("OCA token expired", "", "mcp-operations", "OCA Authentication Expired"),
        ("OCI API rate limit exceeded", "", "mcp-operations", "OCI API Rate Limiting"),
        ("LLMTimeouts", "", "mcp-operations", "LLM Timeout Errors"),
        ("bulkhead partition is full", "", "mcp-operations", "Partition"),
        ("Block validation error", "", "production-playbook", "Block Validation Errors"),
    ],
)
def test_an_alert_finds_the_section_that_deals_with_it(
    engine: str, title: str, rule: str, file: str, heading: str
) -> None:
    best = found(engine, title=title, rule=rule)[0]
    assert best.startswith(file)
    assert heading in best


@pytest.mark.parametrize(
    "title",
    [
        "disk full", "DiskWillFillIn4Hours", "Disk full on redis-1", "PVC nearly full",
        "certificate expires", "TLS certificate expires in 7 days",
        "Certificate of slack.example.com expires", "NodeNotReady", "Node clock skew",
        "KubePodCrashLooping", "Kafka consumer lag", "Replication lag on db-1", "CPU high on web-3",
        "EC2 instance status check failed", "Payment provider latency p99 > 2s",
        "SSH brute force from 10.0.0.1", "Nightly backup missing", "Deployment replicas mismatch",
        "Disk error rate", "Slack bulkhead",
        "Ingress 5xx", "HTTP 502 from checkout", "DNS lookups fail", "Scheduled job failed",
        "Test alert", "", "!!!", "[FIRING:1] (prod high)",
    ],
)  # fmt: skip
def test_an_alert_that_no_runbook_deals_with_finds_none(engine: str, title: str) -> None:
    assert found(engine, title=title) == []


def test_what_else_the_alert_says_decides_between_equals(engine: str) -> None:
    text = "# Disk full\n## Database\nVacuum the tables.\n## Logs\nRotate them with logrotate."
    index = Index(split("disk.md", text), ENGINES[engine])
    for message, heading in [("tables bloat", "Database"), ("logrotate fails", "Logs")]:
        asked = alert(**NOTHING | {"title": "disk full", "message": message})
        best, other = index.about(asked).passages
        assert (heading in best.heading, heading in other.heading) == (True, False)


def test_parts_of_one_long_section_come_in_their_order(engine: str) -> None:
    parts = ["first " * 100, "second " * 100, "third " * 100]
    index = Index(split("a.md", "# Disk full\n" + "\n\n".join(parts)), ENGINES[engine])
    asked = alert(**NOTHING | {"title": "disk full", "message": "third third"})
    said = [one.text.split()[0] for one in index.about(asked).passages]
    assert said == ["first", "second", "third"]
    assert len(said) == MOST


@pytest.mark.parametrize(
    "link",
    [
        "https://wiki.example/runbooks/certificates.md",
        "https://wiki.example/runbooks/Certificates",
        "https://wiki.example/all#certificates",
    ],
)
def test_the_runbook_that_the_alert_links_to_comes_first(link: str) -> None:
    index = Index([*split("certificates.md", "# TLS\nRenew."), *split("a.md", "# Disk full\nx")])
    linked = alert(**NOTHING | {"title": "disk full", "links": {"runbook_url": link}})
    assert [one.file for one in index.about(linked).passages] == ["certificates.md", "a.md"]
    other = alert(**NOTHING | {"title": "disk full", "links": {"dashboard": link}})
    assert [one.file for one in index.about(other).passages] == ["a.md"]


def test_a_file_named_like_the_rule_is_found() -> None:
    index = Index(split("KubePodCrashLooping.md", "Look at the logs of the last restart."))
    crashing = alert(title="Pod web-7f9c is restarting", rule="KubePodCrashLooping")
    assert len(index.about(crashing).passages) == 1


def test_where_it_happens_is_not_what_happens() -> None:
    index = Index(split("checkout.md", "# Checkout\n## Payments fail\nCall the provider."))
    full = alert(**NOTHING | {"title": "checkout: disk full", "service": "checkout"})
    assert index.about(full).passages == ()
    failing = {"title": "web: payments fail on node", "service": "web", "resource": "node"}
    assert len(index.about(alert(**NOTHING | failing)).passages) == 1
    elsewhere = failing | {"title": "api: payments fail on pod"}
    assert index.about(alert(**NOTHING | elsewhere)).passages == ()


def test_an_incident_finds_what_its_alert_found() -> None:
    says = NOTHING | {"title": "DLQ has messages"}
    assert INDEXES["FTS5"].about(incident(**says)) == INDEXES["FTS5"].about(alert(**says))


def test_without_runbooks_nothing_is_found(engine: str) -> None:
    assert Index([], ENGINES[engine]).about(alert()).passages == ()


def test_a_search_that_goes_closes_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    search = fulltext.FullText([("disk", "full")])
    assert search.matching("full") == {0}
    del search
    (database,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        database.execute("SELECT 1")

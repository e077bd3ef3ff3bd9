"""The analysis on a card, by triage or by Claude, and the small print under it."""

import json

import pytest

from examples import alert as an_alert
from responder.alert import Scope, Severity
from responder.analysis.verdict import Cause, Check
from responder.delivery import card, words
from responder.delivery.findings import TRIAGE_LABEL
from responder.incident import Incident, IncidentState
from responder.signature import signature
from responder_cli.card.examples import ANALYSED, BUDGET_SPENT, CACHED, FIRST, NOW, TRIAGE
from unit.delivery.cards import shown, with_analysis


def test_triage_is_labelled_and_says_what_claude_does() -> None:
    assert f"{TRIAGE_LABEL} · Claude is being asked" in shown(card.render(FIRST, NOW))
    spent = "Claude was not asked: the budget is spent"
    assert f"{TRIAGE_LABEL} · {spent}" in shown(card.render(BUDGET_SPENT, NOW))
    over = FIRST.model_copy(update={"state": IncidentState.RESOLVED})
    assert "being asked" not in shown(card.render(over, NOW))


def test_an_unheard_of_reason_is_shown_as_it_is() -> None:
    odd = FIRST.model_copy(
        update={"analysis": TRIAGE.model_copy(update={"fallback_reason": "<moon>"})}
    )
    assert "Claude's analysis is missing: &lt;moon&gt;" in shown(card.render(odd, NOW))


def test_claude_is_named_with_model_confidence_and_cost() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "*Analysis by Claude* · `claude-haiku-5-5` · confidence high" in text
    assert "Cost $0.0006" in text
    assert TRIAGE_LABEL not in text


def test_causes_checks_and_actions() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "1. A slow query holds connections (confidence high)\n      ↳ message: pool" in text
    assert "2. The pool is too small" in text
    assert "1. Look for queries that run for long\n```\npsql -c" in text
    assert "• End the slow query (risk: low)\n• Raise" in text
    assert "Impact: About one checkout in three fails" in text


def test_empty_parts_of_an_analysis_leave_no_headings() -> None:
    bare = with_analysis(causes=(Cause(text=" "),), checks=(Check(text=""),), actions=("",))
    text = shown(card.render(bare, NOW))
    assert "Likely causes" not in text
    assert "Check first" not in text
    assert "Do next" not in text


def test_cached_analysis_tells_its_age_and_why_it_was_grouped() -> None:
    text = shown(card.render(CACHED, NOW))
    assert "Analysis from the cache, 3 h 10 min old when shown (made <!date^" in text
    assert "Grouping: tool, service and rule" in text
    assert "from the cache" not in shown(card.render(ANALYSED, NOW))


def test_an_analysis_that_was_made_for_another_place_says_so() -> None:
    elsewhere = Scope(environment="dev", cluster="belt")
    shared = CACHED.analysis.model_copy(update={"made_for": elsewhere})
    text = shown(card.render(CACHED.model_copy(update={"analysis": shared}), NOW))
    assert "when shown (made for dev · cluster belt <!date^" in text
    own = CACHED.analysis.model_copy(update={"made_for": CACHED.scope})
    text = shown(card.render(CACHED.model_copy(update={"analysis": own}), NOW))
    assert "when shown (made <!date^" in text


def test_other_opinion_on_severity_and_noise() -> None:
    text = shown(card.render(with_analysis(noise_likelihood=0.5), NOW))
    assert "Claude would say HIGH, the alert says CRITICAL: two checkouts in three still" in text
    assert "Likely noise (50%)" in text
    assert "keep it quiet" not in text
    assert "noise" not in shown(card.render(with_analysis(noise_likelihood=0.49), NOW))


def test_what_would_keep_noise_quiet_is_said_where_it_is_likely_noise() -> None:
    text = shown(card.render(with_analysis(noise_likelihood=0.9, noise_fix="for: 10m"), NOW))
    assert "Likely noise (90%). To keep it quiet: for: 10m" in text
    text = shown(card.render(with_analysis(noise_likelihood=0.2, noise_fix="for: 10m"), NOW))
    assert "for: 10m" not in text


def test_the_runbook_and_what_would_change_the_verdict_are_named() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "Runbook: payments.md / The pool is exhausted" in text
    assert "Would change this verdict: Free connections in the pool" in text


def test_a_runbook_with_an_address_is_a_link() -> None:
    text = shown(card.render(with_analysis(runbook_url="https://wiki.example.com/a?b=1&c=2"), NOW))
    assert (
        "Runbook: <https://wiki.example.com/a?b=1&amp;c=2|payments.md / The pool is exhausted>"
        in text
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://wiki.example.com@evil.example/",
        "https://",
        "//evil.example",
        "https://x.example/\u202e",
    ],
)
def test_an_address_that_may_not_be_shown_leaves_the_runbooks_name(url: str) -> None:
    text = shown(card.render(with_analysis(runbook_url=url), NOW))
    assert "Runbook: payments.md / The pool is exhausted\n" in text
    assert "evil" not in text


def test_no_address_ends_its_link() -> None:
    text = shown(card.render(with_analysis(runbook_url="https://x.example/|a>b <!here>"), NOW))
    assert "<https://x.example/%7Ca%3Eb%20%3C!here%3E|payments.md" in text


def test_same_opinion_is_not_news() -> None:
    same = with_analysis(severity_opinion=Severity.CRITICAL)
    assert "Claude would say" not in shown(card.render(same, NOW))


def with_headline(headline: str, **changes: object) -> Incident:
    told = FIRST.model_copy(update={"title": "Disk full", "service": "", "resource": ""} | changes)
    return told.model_copy(
        update={"analysis": TRIAGE.model_copy(update={"headline": headline, "summary": "Says."})}
    )


@pytest.mark.parametrize(
    ("incident", "headline"),
    [
        (with_headline("Disk full"), ""),
        (with_headline("db: Disk full", service="db"), ""),
        (with_headline("db-1: Disk full", resource="db-1"), ""),
        (with_headline("Disk fu…", title="Disk full of logs"), ""),
        (with_headline("Claude refuses the key"), "Claude refuses the key"),
        (with_headline("Alert of tool", title=""), "Alert of tool"),
    ],
)
def test_a_triage_does_not_repeat_the_title(incident: Incident, headline: str) -> None:
    assert words.headline(incident) == headline
    shown_text = shown(card.render(incident, NOW))
    assert (f"*{headline}*" in shown_text) is bool(headline)
    assert "being asked\nSays." in shown_text or headline


def test_an_analysis_by_claude_keeps_its_headline_whatever_it_says() -> None:
    assert words.headline(with_analysis(headline=FIRST.title)) == FIRST.title


def test_a_triage_names_no_cost() -> None:
    assert "Cost" not in shown(card.render(FIRST, NOW))
    assert "Cost" not in shown(card.webhook_first(FIRST, NOW))


@pytest.mark.parametrize(
    ("explanation", "count", "said"),
    [
        ("{line}", 1, ""),
        ("{line}", 2, "Grouped by source alertmanager, rule Disk, "),
        ("Corrected by rules v3: ok. {line}", 1, "Grouping: Corrected by rules v3: ok."),
        ("Corrected by rules v3: ok. {line}", 2, "rules v3: ok. Grouped by source alertmanager, "),
        ("more than 20 new incidents", 1, "Grouping: more than 20 new incidents"),
    ],
)
def test_of_the_grouping_is_told_what_says_anything(
    explanation: str, count: int, said: str
) -> None:
    alert = an_alert(source="alertmanager", rule="Disk", title="Disk is full of logs")
    line = signature(alert, None).explanation
    assert "Ignored: " in line
    update = {"explanation": explanation.format(line=line), "count": count}
    text = shown(card.render(FIRST.model_copy(update=update), NOW))
    assert said in text
    assert ("Group" in text) is bool(said)
    assert "Ignored" not in text


def test_ids_are_in_the_last_block() -> None:
    last = json.dumps(card.render(FIRST, NOW).blocks[-1])
    assert "`5f2c9b#1`" in last
    assert "`a-1`" in last

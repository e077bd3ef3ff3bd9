"""What the pipeline promises under load, measured on the local stack; figures are printed."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from statistics import quantiles

import pytest

from e2e.payloads import alertmanager, problem
from e2e.pipeline import Pipeline, by_clients, wait_until
from responder.incident import Incident

pytestmark = pytest.mark.e2e_long

CLIENTS = 4
DISTINCT = 300
COPIES = 100
RATE, SECONDS = 5, 60
CLAUDE_SECONDS = 20


def analysed(pipeline: Pipeline, alert_ids: list[str], seconds: float) -> dict[str, Incident]:
    """Wait until Claude's analysis stands on the incident of every alert."""

    def awaiting() -> list[str]:
        found = pipeline.incidents(alert_ids).values()
        return [one.incident_id for one in found if one.analysis.is_fallback]

    wait_until(awaiting, lambda found: not found, seconds)
    return pipeline.incidents(alert_ids)


def test_three_hundred_problems_get_one_card_and_one_analysis_each(pipeline: Pipeline) -> None:
    bodies = [problem("distinct", number) for number in range(DISTINCT)]
    calls = pipeline.claude()["calls"]
    begun = time.monotonic()
    alert_ids = by_clients(CLIENTS, pipeline.accept, bodies)
    accepted = time.monotonic() - begun
    assert len(set(alert_ids)) == DISTINCT
    pipeline.shown(alert_ids, 120)
    incidents = analysed(pipeline, alert_ids, 120)
    pipeline.idle()
    done = time.monotonic() - begun
    assert len(incidents) == DISTINCT
    assert pipeline.claude()["calls"] - calls == DISTINCT
    print(
        f"\n{DISTINCT} problems by {CLIENTS} clients: accepted in {accepted:.1f} s "
        f"({DISTINCT / accepted:.0f}/s), all shown and analysed in {done:.1f} s"
    )

    again = by_clients(CLIENTS, pipeline.accept, bodies)
    assert again == alert_ids
    pipeline.idle()
    assert pipeline.claude()["calls"] - calls == DISTINCT
    after = pipeline.incidents()
    assert {name: after[name].count for name in incidents} == dict.fromkeys(incidents, 1)
    assert pipeline.incidents(alert_ids).keys() == incidents.keys()
    pipeline.shown(alert_ids, 60)


def test_a_hundred_copies_at_once_are_one_card_one_call_and_a_counter(pipeline: Pipeline) -> None:
    start = datetime.now(UTC)
    bodies = [alertmanager("SensorBlind", f"belt-{n}:9100", start) for n in range(COPIES)]
    calls = pipeline.claude()["calls"]
    begun = time.monotonic()
    alert_ids = by_clients(8, pipeline.accept, bodies)
    pipeline.shown(alert_ids, 120)
    (incident,) = analysed(pipeline, alert_ids, 60).values()
    pipeline.idle()
    assert incident.count == COPIES
    assert incident.firing == COPIES
    assert pipeline.claude()["calls"] - calls == 1
    message = pipeline.message_of(incident.incident_id)
    assert f"{COPIES} times" in str(message["blocks"])
    pipeline.shown(alert_ids, 60)
    print(
        f"\n{COPIES} copies at once: one card after {time.monotonic() - begun:.1f} s, "
        f"{message['edits']} edits"
    )


def test_cards_are_quick_while_claude_is_slow(pipeline: Pipeline) -> None:
    pipeline.claude(delay=CLAUDE_SECONDS)
    try:
        answered = send_steadily(pipeline)
        pipeline.shown(list(answered), 120)
        delays = sorted(delays_to_card(pipeline, answered))
    finally:
        pipeline.claude(delay=0)
    assert len(delays) == RATE * SECONDS
    percent = quantiles(delays, n=100, method="inclusive")
    print(
        f"\n{RATE}/s for {SECONDS} s, Claude takes {CLAUDE_SECONDS} s: 202 to card "
        f"p50 {percent[49]:.2f} s, p95 {percent[94]:.2f} s, p99 {percent[98]:.2f} s, "
        f"longest {delays[-1]:.2f} s"
    )
    assert percent[94] < 2


def send_steadily(pipeline: Pipeline) -> dict[str, float]:
    """New problems at ``RATE`` for ``SECONDS``; when each alert was accepted."""
    begun = time.monotonic()

    def send(number: int) -> tuple[str, float]:
        # The plan decides when, not the answers: a slow one holds up nobody.
        time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        alert_id = pipeline.accept(problem("steady", number))
        return alert_id, time.time()

    with ThreadPoolExecutor(CLIENTS) as pool:
        return dict(pool.map(send, range(RATE * SECONDS)))


def delays_to_card(pipeline: Pipeline, answered: dict[str, float]) -> list[float]:
    """Seconds from each 202 to the message in Slack, by Slack's clock (this machine's)."""
    alerts, messages = pipeline.alerts(), pipeline.messages()
    return [
        messages[alerts[alert_id].incident_id][0]["posted_at"] - at
        for alert_id, at in answered.items()
    ]

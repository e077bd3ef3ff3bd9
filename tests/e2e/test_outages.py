"""What is lost when processes die, Claude and Slack are down or secrets are missing: nothing."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from e2e import workers
from e2e.payloads import problem
from e2e.pipeline import TOKEN, Pipeline, by_clients, wait_until
from responder.errors import Reason
from responder.incident import Incident

pytestmark = pytest.mark.e2e_long

CLIENTS = 4
PROBLEMS, COPIES = 40, 3
#: samconfig.toml, environment local: the longer one of the visibilities.
VISIBILITY = 50
#: The issue's promise: all is well again this long after the trouble has ended.
RECOVERY = VISIBILITY + 60
OUTAGE = 60
#: Long enough for a killed function to start again beside the others on two processors.
KILL_EVERY = 10.0
OBEYED_WITHIN = 30
#: A token that Slack refuses, and that was read only just now, is read again a minute later.
NEW_TOKEN_WITHIN = 75


def bodies(family: str) -> list[bytes]:
    """Copies of the same problems, mixed: neighbours are different problems."""
    return [
        problem(family, number, host=f"host-{copy}")
        for copy in range(COPIES)
        for number in range(PROBLEMS)
    ]


def send_during(pipeline: Pipeline, family: str, seconds: float) -> list[str]:
    """Send all alerts, spread over so many seconds; the ids of the accepted ones."""
    sent = bodies(family)
    begun = time.monotonic()

    def send(number: int) -> str:
        time.sleep(max(0.0, begun + number * seconds / len(sent) - time.monotonic()))
        return pipeline.insist(sent[number])

    alert_ids = by_clients(CLIENTS, send, range(len(sent)))
    assert len(set(alert_ids)) == PROBLEMS * COPIES
    return alert_ids


def recovered(pipeline: Pipeline, alert_ids: list[str], begun: float) -> dict[str, Incident]:
    """Nothing is lost or doubled, each card is up to date and analysed; says how soon."""
    pipeline.shown(alert_ids, RECOVERY - (time.monotonic() - begun))
    shown = time.monotonic() - begun

    def without_analysis() -> list[tuple[str, str]]:
        return [
            (one.incident_id, one.analysis.fallback_reason)
            for one in pipeline.incidents(alert_ids).values()
            if one.analysis.is_fallback
        ]

    wait_until(without_analysis, lambda found: not found, RECOVERY - shown)
    pipeline.idle()
    pipeline.shown(alert_ids, RECOVERY)
    incidents = pipeline.incidents(alert_ids)
    assert [one.count for one in incidents.values()] == [COPIES] * PROBLEMS
    print(
        f"\nRecovered: all shown {shown:.0f} s after the end of the trouble, "
        f"all analysed and at rest after {time.monotonic() - begun:.0f} s"
    )
    return incidents


def test_killed_processes_lose_and_double_nothing(pipeline: Pipeline) -> None:
    with workers.killing(pipeline.worker_parent, KILL_EVERY) as killed:
        alert_ids = send_during(pipeline, "killed", OUTAGE)
    print(f"\nKilled: {dict(killed)}")
    assert all(killed[function] >= 3 for function in workers.FUNCTIONS), killed
    recovered(pipeline, alert_ids, time.monotonic())


def test_claude_overloaded_for_a_minute(pipeline: Pipeline) -> None:
    before = pipeline.claude(fail={"mode": "529"})["outcomes"].get("529", 0)
    alert_ids = send_during(pipeline, "overloaded", OUTAGE)
    pipeline.shown(alert_ids, 30)
    refused = pipeline.claude(fail=None)["outcomes"]["529"] - before
    assert refused > 0
    print(f"\nClaude answered 529 to {refused} calls; all cards were there with the triage")
    recovered(pipeline, alert_ids, time.monotonic())


@pytest.mark.parametrize("mode", ["500", "timeout_after_post"])
def test_slack_fails_for_a_minute(pipeline: Pipeline, mode: str) -> None:
    before = pipeline.slack(fail={"mode": mode})["answers"].get(mode, 0)
    alert_ids = send_during(pipeline, f"slack {mode.replace('500', 'down')}", OUTAGE)
    failed = pipeline.slack(fail=None)["answers"][mode] - before
    assert failed > 0
    print(f"\nSlack failed {failed} calls ({mode})")
    recovered(pipeline, alert_ids, time.monotonic())


@contextmanager
def bot_token_missing(pipeline: Pipeline) -> Iterator[None]:
    """Functions that start in here find no value in any of Slack's secrets."""
    secrets, name = pipeline.client("secretsmanager"), pipeline.secret("slack-bot-token")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    workers.kill_all(pipeline.worker_parent)
    try:
        yield
    finally:
        secrets.restore_secret(SecretId=name)


def test_without_slacks_secret_alerts_are_kept_and_shown_later(pipeline: Pipeline) -> None:
    with bot_token_missing(pipeline):
        alert_id = pipeline.insist(problem("secretless", 1))
        incident = wait_until(lambda: pipeline.incident_of(alert_id), lambda one: one, 30)
        assert incident is not None
        # The card waits, and the log names the secret for the operator.
        wait_until(
            lambda: pipeline.cards().get(incident.incident_id),
            lambda card: card is not None and card.next_try is not None,
            30,
        )
        wait_until(
            lambda: logged(pipeline, "DistributionFunction", "has no value"),
            lambda lines: any(pipeline.secret("slack-") in line for line in lines),
            30,
        )
        assert incident.incident_id not in pipeline.messages()
    pipeline.shown([alert_id], RECOVERY)


def test_a_card_that_slack_refuses_is_told_on_another_way(pipeline: Pipeline) -> None:
    pipeline.slack(fail={"mode": "ok_false", "error": "not_in_channel"})
    try:
        alert_id = pipeline.insist(problem("refused", 1, severity="CRITICAL"))
        (notice,) = wait_until(lambda: notices(pipeline, "refused"), bool, 30)
        pipeline.idle()
    finally:
        pipeline.slack(fail=None)
    incident = pipeline.incident_of(alert_id)
    assert incident is not None
    assert notice["document"]["incident"]["id"] == incident.incident_id
    assert notice["document"]["cause"]["code"] == Reason.NOT_IN_CHANNEL
    letters = pipeline.asked("dlq", "show", "--queue", "critical")
    assert {"Conveyor refused" in letter["card"] for letter in letters} == {True}
    pipeline.responder("dlq", "reprocess", "--queue", "critical", "--yes")
    pipeline.shown([alert_id], RECOVERY)
    assert len(notices(pipeline, "refused")) == 1


def notices(pipeline: Pipeline, family: str) -> list[dict[str, Any]]:
    """What the local receiver was told of a family of problems."""
    with urllib.request.urlopen(f"{pipeline.stack.notices_url}/api/notices") as answer:
        told = json.load(answer)
    return [one for one in told if f"Conveyor {family}" in one["document"]["incident"]["title"]]


def logged(pipeline: Pipeline, function: str, text: str) -> list[str]:
    groups = pipeline.client("logs").describe_log_groups()["logGroups"]
    group = next(one["logGroupName"] for one in groups if one["logGroupName"].endswith(function))
    found = pipeline.client("logs").filter_log_events(logGroupName=group)
    return [event["message"] for event in found["events"] if text in event["message"]]


def test_a_rotated_slack_token_works_without_a_restart(pipeline: Pipeline) -> None:
    secrets, name = pipeline.client("secretsmanager"), pipeline.secret("slack-bot-token")
    before = pipeline.accept(problem("rotation", 1))
    pipeline.shown([before], 30)
    processes = workers.pids(pipeline.worker_parent, "DistributionFunction")
    try:
        pipeline.slack(token="xoxb-e2e-0002")
        secrets.put_secret_value(SecretId=name, SecretString="xoxb-e2e-0002")
        after = pipeline.accept(problem("rotation", 2))
        pipeline.shown([before, after], NEW_TOKEN_WITHIN)
    finally:
        pipeline.slack(token=TOKEN)
        secrets.put_secret_value(SecretId=name, SecretString=TOKEN)
    # The very processes that had the old token showed the second card, or could have.
    assert processes & workers.pids(pipeline.worker_parent, "DistributionFunction")


def test_analysis_off_is_obeyed_and_on_again(pipeline: Pipeline) -> None:
    pipeline.idle()
    pipeline.responder("analysis", "off")
    begun = time.monotonic()
    try:
        numbers = iter(range(1, 1000))
        obeyed = wait_until(
            lambda: reason_of_new_triage(pipeline, next(numbers)),
            lambda reason: reason == Reason.ANALYSIS_OFF,
            OBEYED_WITHIN,
        )
        print(f"\nanalysis off obeyed after {time.monotonic() - begun:.1f} s")
        assert obeyed == Reason.ANALYSIS_OFF
        calls = pipeline.claude()["calls"]
        assert reason_of_new_triage(pipeline, 0) == Reason.ANALYSIS_OFF
        pipeline.idle()
        assert pipeline.claude()["calls"] == calls
    finally:
        pipeline.responder("analysis", "on")
    alert_id = pipeline.accept(problem("switched on", 1))
    wait_until(
        lambda: pipeline.incident_of(alert_id),
        lambda one: one is not None and not one.analysis.is_fallback,
        OBEYED_WITHIN,
    )


def reason_of_new_triage(pipeline: Pipeline, number: int) -> str:
    """A new problem's incident, once its analysis is decided: why it has the triage, if it has."""
    alert_id = pipeline.accept(problem("switched off", number))
    incident = wait_until(
        lambda: pipeline.incident_of(alert_id),
        lambda one: (
            one is not None and (one.analysis.fallback_reason or not one.analysis.is_fallback)
        ),
        20,
    )
    assert incident is not None
    return incident.analysis.fallback_reason

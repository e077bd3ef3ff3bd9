"""A storm on the local stack with Slack's rate limit on; figures are printed."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil

import pytest

from e2e.payloads import notification, problem, word
from e2e.pipeline import Pipeline, started, wait_until
from responder.incident import Incident, IncidentState

pytestmark = pytest.mark.e2e_long

PROBLEMS, REQUESTS, ALERTS_A_REQUEST, SECONDS = 400, 60, 25, 60
THRESHOLD = 8
#: The problems that are CRITICAL, by the request that first tells of them.
CRITICAL = {6: 390, 16: 391, 26: 392, 36: 393, 46: 394}
MOST_MESSAGES, CRITICAL_WITHIN = 30, 5.0


@pytest.fixture(scope="module")
def stormy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with started(tmp_path_factory.mktemp("storm"), "1", str(THRESHOLD)) as pipeline:
        yield pipeline
        pipeline.reconciled()


def plan() -> list[list[int]]:
    """Which problems each request tells of: all of them at least once, the rest by chance."""
    rng = random.Random(7)
    usual = [n for n in range(PROBLEMS) if n not in CRITICAL.values()]
    draws = usual + rng.choices(usual, k=REQUESTS * ALERTS_A_REQUEST - len(CRITICAL) - len(usual))
    rng.shuffle(draws)
    requests = []
    for number in range(REQUESTS):
        told = [CRITICAL[number]] if number in CRITICAL else []
        told += [draws.pop() for _ in range(ALERTS_A_REQUEST - len(told))]
        requests.append(told)
    return requests


def send(pipeline: Pipeline) -> tuple[dict[str, int], dict[int, float]]:
    """One request a second; the problem of every alert id, and when the CRITICAL ones went in."""
    problems: dict[str, int] = {}
    accepted: dict[int, float] = {}
    begun = time.monotonic()
    for number, told in enumerate(plan()):
        time.sleep(max(0.0, begun + number * SECONDS / REQUESTS - time.monotonic()))
        alerts = [
            (
                f"Belt{word(which).title()}Down",
                f"belt-{number}-{at}",
                "critical" if which in CRITICAL.values() else "warning",
            )
            for at, which in enumerate(told)
        ]
        answer = pipeline.post(notification(alerts, datetime.now(UTC)))
        assert answer.status == 202, answer
        problems |= dict(zip(answer.alert_ids, told, strict=True))
        if number in CRITICAL:
            accepted[CRITICAL[number]] = time.time()
    return problems, accepted


def _seconds(delays: list[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in delays)


def the_storm(pipeline: Pipeline) -> Incident:
    (storm,) = [one for one in pipeline.incidents().values() if one.storm is not None]
    return storm


def test_a_storm_is_one_card_and_critical_ones_come_at_once(stormy: Pipeline) -> None:
    # A stack that has had its first alert, as one in service has: starts are measured in `bench`.
    first = stormy.accept(problem("calm", 0))
    stormy.shown([first], 60)
    stormy.idle()
    problems, accepted = send(stormy)
    storm = wait_until(
        lambda: the_storm(stormy), lambda one: one.state is IncidentState.RESOLVED, 400
    )
    pages = ceil((storm.storm.incidents if storm.storm else 0) / 20)
    wait_until(
        lambda: stormy.cards()[storm.incident_id].told, lambda told: told == storm.last_notice, 120
    )
    stormy.idle()
    alerts = stormy.alerts()
    incidents = stormy.incidents(problems)
    of_problem = {problems[a]: alerts[a].incident_id for a in problems}
    assert len(of_problem) == PROBLEMS == len(set(of_problem.values()))

    sent = Counter(problems.values())
    assert {n: incidents[name].count for n, name in of_problem.items()} == dict(sent)
    shown = {name for name, one in incidents.items() if not one.held}
    assert all(incidents[name].held == "storm" for name in incidents.keys() - shown)
    messages = stormy.messages()
    (calm,) = stormy.incidents([first])
    assert {name: len(found) for name, found in messages.items()} == dict.fromkeys(
        [*shown, calm, storm.incident_id], 1
    )
    ended = stormy.message_of(storm.incident_id)
    replies = stormy.replies(ended["ts"])
    listed = [reply for reply in replies if reply["text"].startswith("Held by the storm")]
    assert len(listed) == pages
    lines = "\n".join(str(reply["blocks"]) for reply in listed)
    for number, name in of_problem.items():
        assert (f"Belt{word(number).title()}Down" in lines) == (name not in shown)

    before = [m for m in stormy.stack.slack_messages() if m["posted_at"] < listed[0]["posted_at"]]
    delays = [messages[of_problem[number]][0]["posted_at"] - at for number, at in accepted.items()]
    recorded = [
        incidents[of_problem[number]].opened_at.timestamp() - at for number, at in accepted.items()
    ]
    calls = stormy.claude()["calls"]
    print(
        f"\n{len(problems)} alerts of {PROBLEMS} problems in {SECONDS} s: "
        f"{len(before)} messages before the list of {len(incidents) - len(shown)} in {pages} "
        f"replies; CRITICAL cards after {_seconds(delays)} s, "
        f"recorded after {_seconds(recorded)} s; "
        f"{calls} calls of Claude"
    )
    assert len(before) <= MOST_MESSAGES
    assert max(delays) < CRITICAL_WITHIN
    assert calls <= len(shown) + 2

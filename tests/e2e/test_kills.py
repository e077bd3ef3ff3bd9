"""All functions die at a random moment, or the whole of AWS is restarted: nothing is lost.

The moments are drawn from a seed that is printed; which alert they meet is up to the machine.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from threading import Lock

import pytest

from e2e import workers
from e2e.payloads import notification, problem, word
from e2e.pipeline import Pipeline, by_clients, started
from responder.clock import utc_now
from responder_cli.reconcile.verdict import Where

pytestmark = pytest.mark.e2e_long

ALERTS, KILLS = 300, 10
CLIENTS = 4
#: Alerts of a request; every third request has one.
TOGETHER = 12
PROBLEMS = 25
#: No measure: the longest visibility is 50 s, and a machine may have more to do.
SETTLED_WITHIN = 600
SEED = int(os.environ.get("KILLS_SEED", "20261121"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A stack that keeps its state when the local AWS is restarted."""
    with started(tmp_path_factory.mktemp("stack"), keeps=True) as running:
        yield running


def requests(family: str) -> list[tuple[bytes, int]]:
    """300 alerts of a few problems, each its own; the body of each request and how many it has."""
    found: list[tuple[bytes, int]] = []
    sent, now = 0, datetime.now(UTC).replace(microsecond=0)
    while sent < ALERTS:
        if len(found) % 3 == 0:
            body = problem(family, sent % PROBLEMS, host=f"host-{sent}", at=now)
            found.append((body, 1))
        else:
            several = range(sent, min(sent + TOGETHER, ALERTS))
            rule = f"Belt{word(len(found) % PROBLEMS).title()}{family.title()}Down"
            body = notification([(rule, f"belt-{one}", "warning") for one in several], now)
            found.append((body, len(several)))
        sent += found[-1][1]
    return found


def send(
    pipeline: Pipeline, bodies: Sequence[tuple[bytes, int]], at: int, act: Callable[[], object]
) -> list[str]:
    """Have all accepted; ``act`` once ``at`` of them are. Tools send again what got no answer."""
    accepted: list[str] = []
    lock, acted = Lock(), count()

    def request(given: tuple[bytes, int]) -> None:
        alert_ids = pipeline.insist_on_all(given[0])
        with lock:
            accepted.extend(alert_ids)
            due = len(accepted) >= at and next(acted) == 0
        if due:
            act()

    by_clients(CLIENTS, request, bodies)
    assert len(set(accepted)) == ALERTS
    return accepted


def test_all_functions_killed_at_random_moments_ten_times(kept: Pipeline) -> None:
    chance, begun = random.Random(SEED), utc_now()
    killed: Counter[str] = Counter()
    accepted: list[str] = []
    for number in range(KILLS):
        at = chance.randrange(1, ALERTS)
        accepted += send(
            kept,
            requests(f"killed {word(number)}"),
            at,
            lambda: killed.update(workers.kill_all(kept.worker_parent)),
        )

    report = kept.reconciled(SETTLED_WITHIN, begun, accepted)

    assert len(set(accepted)) == KILLS * ALERTS
    assert report.number(Where.SHOWN) == KILLS * ALERTS
    print(
        f"\nSeed {SEED}: {len(accepted)} alerts, {KILLS} times all functions killed: "
        f"{dict(killed)}; {report.incidents} cards; 0 lost"
    )


def test_aws_is_restarted_amid_three_hundred_alerts(kept: Pipeline) -> None:
    chance, begun = random.Random(SEED + 1), utc_now()
    at = chance.randrange(1, ALERTS)
    aws = kept.stack.aws
    assert aws is not None

    accepted = send(kept, requests("restarted"), at, aws.restart)

    report = kept.reconciled(SETTLED_WITHIN, begun, accepted)
    assert report.number(Where.SHOWN) == ALERTS
    print(
        f"\nSeed {SEED}: restarted after {at} of {ALERTS} alerts; {report.incidents} cards; 0 lost"
    )

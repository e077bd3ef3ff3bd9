"""The check finds the number that made a run, and says so when a run is another one."""

from typing import Any

import pytest
from bench.capacity import check, times
from bench.capacity.model import steadily
from bench.capacity.values import percentile

from unit.capacity.examples import WORK

REQUEST = 0.002


def measured(processors: int, **changes: float) -> dict[str, Any]:
    """What ``bench.stack`` would print if the local stack were the model."""
    ours = check.throughput(WORK, REQUEST, 120, processors)
    took = times.local(WORK, REQUEST, processors)
    run = steadily(ours / 2, 100, took, check.LOCAL, check.UNKNOWN)
    found = {"median": percentile(run.cards, 50), "p95": percentile(run.cards, 95)}
    steady = {"steady_rate": ours / 2, "steady_alerts": 100}
    return {"alerts": 120, "ours": ours, **steady, **found, **changes}


@pytest.mark.parametrize("processors", [1, 2])
def test_it_finds_what_made_the_run(processors: int) -> None:
    found = check.check(WORK, measured(processors), processors)
    assert found.request == pytest.approx(REQUEST, rel=0.03)
    assert found.fitted == pytest.approx(found.throughput, rel=0.03)
    assert (found.ratio_median, found.ratio_p95) == pytest.approx((1, 1), rel=0.05)


def test_delays_have_no_part_in_the_fit() -> None:
    slow = measured(1)
    slow["median"], slow["p95"] = 2 * slow["median"], 4 * slow["p95"]
    found = check.check(WORK, slow, 1)
    assert found.request == pytest.approx(REQUEST, rel=0.03)
    assert (found.ratio_median, found.ratio_p95) == pytest.approx((1 / 2, 1 / 4), rel=0.05)


def test_twice_the_throughput_is_half_the_seconds() -> None:
    once = check.fit(WORK, 5, 120, 1)
    twice = check.fit(WORK, 10, 120, 1)
    assert once == pytest.approx(2 * twice, rel=0.03)

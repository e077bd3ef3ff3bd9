"""The simulation beside what queueing theory says, and its rules beside the product's."""

from dataclasses import replace
from statistics import fmean

import pytest
from bench.capacity.limits import DAILY_BUDGET, DAILY_QUOTA
from bench.capacity.model import at_once, flow, steadily
from bench.capacity.values import Mix, Settings, percentile

from template import deployed
from unit.capacity.examples import FREE, FRESH, NEW, NOTHING

SLOW = replace(NOTHING, claude=1.0)
ONE_WORKER = replace(FREE, analysis=1)


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
def test_one_server_makes_wait_as_pollaczek_and_khinchine_say(load: float) -> None:
    # Poisson arrivals, one server, each service as long as the others (M/D/1).
    run = flow(load, 20_000 / load, SLOW, ONE_WORKER, FRESH)
    assert fmean(run.queues["analysis"].waits) == pytest.approx(load / 2 / (1 - load), rel=0.08)


def test_servers_are_used_by_rate_times_service() -> None:
    run = flow(6, 1_000, SLOW, replace(FREE, analysis=10), FRESH)
    assert run.used["analysis"] == pytest.approx(0.6, rel=0.03)


def test_as_many_wait_as_littles_law_says() -> None:
    run = flow(0.8, 10_000, SLOW, ONE_WORKER, FRESH, samples=20_000)
    queue = run.queues["analysis"]
    assert fmean(queue.depth) == pytest.approx(0.8 * fmean(queue.waits), rel=0.05)


def test_a_saturated_queue_grows_by_what_comes_too_much() -> None:
    run = flow(3, 1_000, SLOW, ONE_WORKER, FRESH, samples=100)
    depth = run.queues["analysis"].depth
    assert depth[50] == pytest.approx(2 * 500, rel=0.1)
    assert depth[-1] == pytest.approx(2 * 990, rel=0.1)
    assert run.used["analysis"] == pytest.approx(1, abs=0.01)
    assert run.first == "analysis"


def test_a_full_batch_shares_what_a_batch_takes() -> None:
    times = replace(NOTHING, batch=1.0, repeat=0.1)
    run = flow(50, 200, times, replace(FREE, processing=2), Mix(new=0))
    assert run.recorded / run.seconds == pytest.approx(2 * 10 / (1 + 10 * 0.1), rel=0.03)


def test_the_same_seed_is_the_same_run_and_another_is_another() -> None:
    first, again, other = (flow(2, 500, SLOW, ONE_WORKER, FRESH, seed=seed) for seed in (1, 1, 2))
    assert (first.cards, first.queues) == (again.cards, again.queues)
    assert first.queues != other.queues


def test_the_front_door_refuses_what_is_above_its_rate() -> None:
    run = flow(300, 30, NOTHING, replace(FREE, rate=100, burst=200), Mix(new=0))
    assert run.accepted == pytest.approx(30 * 100 + 200, rel=0.01)
    assert run.refused == pytest.approx(30 * 200 - 200, rel=0.05)


def test_a_channel_takes_a_card_a_second() -> None:
    run = at_once(20, 20, NOTHING, replace(FREE, pace=1), NEW)
    assert sorted(run.cards) == pytest.approx(range(20))


def test_critical_cards_wait_for_each_other_alone() -> None:
    mix = Mix(new=1, fresh=0, critical=0.1)
    run = at_once(200, 200, NOTHING, replace(FREE, pace=1), mix)
    assert sorted(run.critical) == pytest.approx(range(len(run.critical)))
    assert 0 < len(run.critical) < 50 < percentile(run.cards, 50)


def test_a_storm_and_a_throttle_hold_cards_but_no_critical_one() -> None:
    storm = at_once(50, 50, NOTHING, replace(FREE, storm=8), NEW)
    throttle = at_once(50, 50, NOTHING, replace(FREE, throttle=20), NEW)
    critical = at_once(50, 50, NOTHING, replace(FREE, storm=8), replace(NEW, critical=1))
    assert [len(run.cards) for run in (storm, throttle, critical)] == [8, 20, 50]
    assert storm.held == 42


def test_counters_are_told_once_in_their_quiet_time_and_no_faster_than_slack_takes_edits() -> None:
    few = flow(20, 300, NOTHING, replace(FREE, pace=1), Mix(new=0, changing=4))
    many = flow(20, 300, NOTHING, replace(FREE, pace=1), Mix(new=0, changing=50))
    assert few.used["edits"] == pytest.approx(4 / 10 * 1.2, rel=0.15)
    assert many.used["edits"] == pytest.approx(1, abs=0.07)


def test_an_environment_that_rested_too_long_starts_anew() -> None:
    times = replace(NOTHING, cold={"distribution": 2.0}, keep=300)
    often = steadily(1 / 100, 50, times, FREE, NEW)
    seldom = steadily(1 / 400, 50, times, FREE, NEW)
    assert sorted(often.cards) == pytest.approx([0.0] * 49 + [2.0])
    assert seldom.cards == pytest.approx([2.0] * 50)


def test_a_machine_does_only_so_much_at_a_time() -> None:
    times = replace(NOTHING, card=0.1)
    for processors in (1, 2):
        run = at_once(100, 100, replace(times, processors=processors), FREE, NEW)
        assert run.finished == pytest.approx(100 * 0.1 / processors)


def test_settings_are_the_templates() -> None:
    given = deployed.source()["Parameters"]
    found, ours = {name: one.get("Default") for name, one in given.items()}, Settings()
    assert {
        "ReceptionReserved": ours.reception,
        "ProcessingConcurrency": ours.processing,
        "AnalysisConcurrency": ours.analysis,
        "DistributionConcurrency": ours.distribution,
        "CriticalConcurrency": ours.critical,
        "RateLimit": ours.rate,
        "BurstLimit": ours.burst,
        "SlackPaceSeconds": ours.pace,
        "StormThreshold": ours.storm,
        "ThrottleThreshold": ours.throttle,
    }.items() <= found.items()
    assert (found["DailyQuota"], found["DailyBudgetUsd"]) == (DAILY_QUOTA, DAILY_BUDGET)

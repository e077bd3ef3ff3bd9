"""Limits come in the order of their ceilings, and dollars from what alerts are billed."""

import re
from dataclasses import replace

import pytest
from bench.capacity import limits, times
from bench.capacity.__main__ import RAISED
from bench.capacity.limits import MONTH
from bench.capacity.values import Mix, Settings
from bench.imports import REPOSITORY

from unit.capacity.examples import WORK

TIMES = times.aws(WORK)
MIX, USUAL = Mix(), Settings()
MOST = limits.LEVELS["1,000,000/hour"]


def ceilings(settings: Settings = USUAL, mix: Mix = MIX, rate: float = MOST) -> dict[str, float]:
    found = limits.ceilings(WORK, TIMES, settings, mix, rate)
    assert [one.alerts for one in found] == sorted(one.alerts for one in found)
    return {one.name: one.alerts for one in found}


def test_ceilings_are_what_the_parameters_let_through() -> None:
    found = ceilings()
    assert found["RateLimit"] == 100
    assert found["DailyQuota"] == pytest.approx(2_000_000 / 86_400)
    assert found["ThrottleThreshold"] == pytest.approx(60 / 3_600 / 0.02)
    assert found["Slack, a channel"] == pytest.approx(1 / 0.02)
    assert found["ProcessingConcurrency"] == pytest.approx(
        5 * 10 / (TIMES.batch + 10 * (0.02 * TIMES.new + 0.98 * TIMES.repeat))
    )
    assert found["DailyBudgetUsd"] == pytest.approx(5 / 0.0005 / 86_400 / 0.005)


def test_a_table_counts_what_the_edits_write_too() -> None:
    edits = limits.edits(USUAL, MIX, MOST)
    assert edits == pytest.approx(1 / 1.2)
    units = 10 + 0.005 * 10 + edits / MOST * 10
    assert ceilings()["new table incidents"] == pytest.approx(4_000 / units)


def test_more_alerts_in_a_request_move_the_doors_limits_and_no_other() -> None:
    one, ten = ceilings(), ceilings(mix=replace(MIX, per_request=10))
    moved = {name for name in one if ten[name] > one[name]}
    assert moved == {
        "RateLimit", "DailyQuota", "ReceptionReserved", "API Gateway, account", "Lambda, account",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parameter", "limit"),
    [
        ("rate", "RateLimit"),
        ("reception", "ReceptionReserved"),
        ("processing", "ProcessingConcurrency"),
        ("analysis", "AnalysisConcurrency"),
        ("throttle", "ThrottleThreshold"),
    ],
)
def test_twice_the_parameter_is_twice_the_ceiling(parameter: str, limit: str) -> None:
    twice = replace(USUAL, **{parameter: 2 * getattr(USUAL, parameter)})
    before, after = ceilings(), ceilings(twice)
    assert after[limit] == pytest.approx(2 * before[limit])
    assert {name for name in before if after[name] != before[name]} == {limit}


def test_what_is_switched_off_is_no_limit() -> None:
    found = ceilings(replace(USUAL, throttle=0, pace=0), replace(MIX, fresh=0))
    never = {name for name, alerts in found.items() if alerts == float("inf")}
    assert never == {
        "ThrottleThreshold", "Slack, a channel", "AnalysisConcurrency", "DailyBudgetUsd",
    }  # fmt: skip


def test_a_level_meets_the_limits_that_are_below_it() -> None:
    few = limits.level("1,000/day", WORK, TIMES, USUAL, MIX)
    many = limits.level("1,000,000/hour", WORK, TIMES, USUAL, MIX)
    assert few.met == []
    assert [one.name for one in many.met][:3] == [
        "ThrottleThreshold",
        "DailyQuota",
        "DailyBudgetUsd",
    ]
    assert many.claude == 150


def test_a_month_costs_its_alerts() -> None:
    few = limits.level("10/day", WORK, TIMES, USUAL, MIX)
    each = 0.02 * 30e-6 + 0.98 * 20e-6 + 0.005 * 100e-6
    assert few.aws == pytest.approx(300 * each)
    assert few.claude == pytest.approx(300 * 0.005 * 0.0005)
    many = limits.level("1,000,000/hour", WORK, TIMES, USUAL, MIX)
    edits = MONTH / 1.2
    alert = 0.02 * 15e-6 + 0.98 * 10e-6 + 0.005 * 100e-6
    assert many.aws == pytest.approx(MOST * MONTH * alert + edits * 5e-6)


def test_the_documents_set_is_the_one_that_is_simulated() -> None:
    written = dict(re.findall(r"(\w+)=(\d+)", (REPOSITORY / "docs/capacity.md").read_text()))
    assert {
        "RateLimit": RAISED.rate,
        "BurstLimit": RAISED.burst,
        "ProcessingConcurrency": RAISED.processing,
        "AnalysisConcurrency": RAISED.analysis,
        "AnalysisReserved": 2 * RAISED.processing + RAISED.analysis + 2,
        "DistributionConcurrency": RAISED.distribution,
        "DistributionReserved": RAISED.distribution + RAISED.critical + 2,
    }.items() <= {name: int(value) for name, value in written.items()}.items()

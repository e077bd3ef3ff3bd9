"""Budgets: what is given reaches the function as it is meant, and each step has an alarm."""

import re

import pytest

from responder.analysis import budget
from template import deployed
from template.deployed import resources


def test_every_setting_of_money_reaches_the_analysis_function() -> None:
    function = resources("AWS::Lambda::Function")["AnalysisFunction"]
    given = function["Environment"]["Variables"]
    assert given["DAILY_BUDGET_USD"] == {"Ref": "DailyBudgetUsd"}
    assert given["MONTHLY_BUDGET_USD"] == {"Ref": "MonthlyBudgetUsd"}
    assert given["BUDGET_PER_SOURCE"] == {"Ref": "BudgetPerSource"}


@pytest.mark.parametrize(
    ("value", "taken"),
    [("", True), ("0", True), ("120", True), ("99.5", True), ("-1", False), ("ten", False)],
)
def test_a_monthly_budget_is_dollars_or_nothing(value: str, taken: bool) -> None:
    pattern = deployed.source()["Parameters"]["MonthlyBudgetUsd"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) is taken


@pytest.mark.parametrize(
    ("name", "step"), [("Spend", budget.NEARLY), ("BudgetSpent", budget.SPENT)]
)
def test_each_step_has_an_alarm_on_the_fullest_budget(name: str, step: int) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[name]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("BudgetShare", "Maximum")
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["Threshold"] == step


@pytest.mark.parametrize("environment", deployed.ENVIRONMENTS)
def test_the_shares_of_every_environment_can_be_read(environment: str) -> None:
    budget.parse_shares(deployed.parameters(environment)["BudgetPerSource"])

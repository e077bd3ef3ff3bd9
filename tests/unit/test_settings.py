"""Settings: what is wrong fails the start by name, what is left out has its default."""

from datetime import timedelta

import pytest

from responder import settings
from responder.analysis.budget import Limits
from responder.settings import SettingsError, load

LANES = {
    "STACK_NAME": "mcp",
    "INCIDENTS_TABLE": "incidents",
    "STATE_TABLE": "state",
    "DISTRIBUTION_QUEUE_URL": "u1",
    "DISTRIBUTION_DLQ_URL": "u2",
    "CRITICAL_QUEUE_URL": "u3",
    "CRITICAL_DLQ_URL": "u4",
}
ANALYSIS = LANES | {
    "ALERTS_TABLE": "alerts",
    "CACHE_TABLE": "cache",
    "PROCESSING_QUEUE_URL": "u5",
    "CRITICAL_PROCESSING_QUEUE_URL": "u9",
    "PROCESSING_DLQ_URL": "u6",
    "ANALYSIS_QUEUE_URL": "u7",
    "ANALYSIS_DLQ_URL": "u8",
    "ANTHROPIC_KEY_SECRET": "s1",
    "RUNBOOK_BUCKET": "b1",
}
DISTRIBUTION = LANES | {
    "SLACK_CHANNEL": "#alerts",
    "TEST_CHANNEL": "#test",
    "SLACK_WEBHOOK_SECRET": "s2",
    "SLACK_BOT_TOKEN_SECRET": "s3",
    "SLACK_TEST_WEBHOOK_SECRET": "s4",
    "NOTICE_TOPIC_ARN": "arn:topic",
    "NOTICE_WEBHOOK_SECRET": "s6",
}
RECEPTION = {
    "STACK_NAME": "mcp",
    "PROCESSING_QUEUE_URL": "u5",
    "CRITICAL_PROCESSING_QUEUE_URL": "u9",
    "SOURCES_SECRET": "s5",
}
FUNCTIONS = [
    (settings.Reception, RECEPTION),
    (settings.Analysis, ANALYSIS),
    (settings.Distribution, DISTRIBUTION),
]
MISSING = [(model, given, name) for model, given in FUNCTIONS for name in given]


@pytest.mark.parametrize(("model", "given", "name"), MISSING)
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_variable_is_named(
    model: type[settings.Common], given: dict[str, str], name: str, value: str | None
) -> None:
    wrong = {key: text for key, text in given.items() if key != name}
    if value is not None:
        wrong[name] = value
    with pytest.raises(SettingsError, match=f"{name}: "):
        load(model, wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLAUDE_TIMEOUT_SECONDS", "soon"),
        ("CLAUDE_TIMEOUT_SECONDS", "0"),
        ("CLAUDE_PATIENCE_SECONDS", "-1"),
        ("SECRET_MAX_AGE_SECONDS", "-1"),
        ("CACHE_SHARING", "everybody"),
        ("SIGNATURE_VERSION", "2"),
        ("DAILY_BUDGET_USD", "-5"),
        ("MONTHLY_BUDGET_USD", "-1"),
        ("BUDGET_PER_SOURCE", "sentry"),
        ("BUDGET_PER_SOURCE", '{"sentry": 1}'),
        ("QUIET_CLOSE_HOURS", "0"),
        ("CLAUDE_ACCESS", "vertex"),
        ("CLAUDE_REGION", "eu-west-1.evil.example/"),
        ("BEDROCK_PROFILE", "mars"),
        ("EFFORT_SMALL", "much"),
        ("MAX_TOKENS_LARGE", "100"),
        ("THROTTLE_THRESHOLD", "-1"),
        ("THROTTLE_THRESHOLD", "501"),
    ],
)
def test_a_malformed_variable_of_analysis_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: "):
        load(settings.Analysis, ANALYSIS | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_PACE_SECONDS", "-1"),
        ("SLACK_TIMEOUT_SECONDS", "0"),
        ("SLACK_TIMEOUT_SECONDS", "x"),
        ("NOTICE_AFTER_MINUTES", "0"),
    ],
)
def test_a_malformed_variable_of_distribution_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: "):
        load(settings.Distribution, DISTRIBUTION | {name: value})


def test_every_wrong_variable_is_named_at_once_and_no_value_is_told() -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings.Analysis, {"DAILY_BUDGET_USD": "hunter2"})
    for name in (*ANALYSIS, "DAILY_BUDGET_USD"):
        assert f"{name}: " in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"CLAUDE_ACCESS": "vertex"}, "CLAUDE_ACCESS: must be 'api-key', 'aws' or 'bedrock'"),
        ({"CLAUDE_TIMEOUT_SECONDS": "soon"}, "CLAUDE_TIMEOUT_SECONDS: must be a valid number"),
        ({"MAX_TOKENS_SMALL": "9"}, "MAX_TOKENS_SMALL: must be greater than or equal to 500"),
        ({"BUDGET_PER_SOURCE": "x"}, "BUDGET_PER_SOURCE: write it like sentry=1,"),
        ({"RUNBOOK_BUCKET": ""}, "RUNBOOK_BUCKET: is missing"),
        ({"CLAUDE_ACCESS": "aws"}, "not right: CLAUDE_ACCESS aws needs CLAUDE_REGION"),
    ],
)
def test_it_is_told_what_is_right(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(settings.Analysis, ANALYSIS | given)
    assert told in str(caught.value)


def test_what_is_left_out_or_empty_has_its_default() -> None:
    empty = {"ANTHROPIC_BASE_URL": "", "DAILY_BUDGET_USD": "", "CACHE_SHARING": ""}
    given = load(settings.Analysis, ANALYSIS | empty)
    assert (given.anthropic_base_url, given.daily_budget_usd) == ("", 5)
    assert (given.cache_sharing, given.quiet_close_hours) == ("environment", 24)
    assert (given.storm_threshold, given.throttle_threshold) == (8, 60)
    assert (given.claude_timeout, given.claude_patience) == (45, 600)
    assert (given.model_small, given.model_large) == ("claude-haiku-5-5", "claude-sonnet-5-5")
    slack = load(settings.Distribution, DISTRIBUTION)
    assert (slack.slack_api_url, slack.slack_critical_channel) == ("https://slack.com/api/", "")
    assert (slack.slack_pace, slack.slack_timeout, slack.max_age) == (1, 10, 300)


REGION = {"CLAUDE_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"CLAUDE_ACCESS": "aws"}, "CLAUDE_REGION"),
        ({"CLAUDE_ACCESS": "bedrock"}, "CLAUDE_REGION"),
        ({"CLAUDE_ACCESS": "aws"} | REGION, "CLAUDE_WORKSPACE"),
        ({"CLAUDE_ACCESS": "bedrock", "MODEL_SMALL": "claude-haiku-4-5"} | REGION, "ID_SMALL"),
        (
            {"CLAUDE_ACCESS": "bedrock", "BEDROCK_ID_LARGE": "anthropic.claude-opus-5"} | REGION,
            "ID_LARGE",
        ),
    ],
)
def test_a_way_to_claude_that_is_not_whole_fails_the_start(
    given: dict[str, str], missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing):
        load(settings.Analysis, ANALYSIS | given)


def test_each_way_to_claude_asks_for_no_more_than_it_needs() -> None:
    assert load(settings.Analysis, ANALYSIS).claude_access == "api-key"
    aws = {"CLAUDE_ACCESS": "aws", "CLAUDE_WORKSPACE": "wrkspc_1"}
    assert load(settings.Analysis, ANALYSIS | REGION | aws).claude_workspace == "wrkspc_1"
    old = {"MODEL_SMALL": "claude-haiku-4-5"}
    old |= {"BEDROCK_ID_SMALL": "anthropic.claude-haiku-4-5-20251001-v1:0"}
    given = load(settings.Analysis, ANALYSIS | REGION | {"CLAUDE_ACCESS": "bedrock"} | old)
    assert given.bedrock_profile == "global"


def test_given_values_are_taken() -> None:
    given = load(settings.Analysis, ANALYSIS | {"DAILY_BUDGET_USD": "0.5", "STACK_NAME": " s "})
    assert (given.daily_budget_usd, given.stack_name) == (0.5, "s")


def test_budgets_are_none_where_they_are_left_out_and_nothing_where_they_are_zero() -> None:
    assert load(settings.Analysis, ANALYSIS | {"MONTHLY_BUDGET_USD": ""}).limits == Limits(5)
    shares = {"MONTHLY_BUDGET_USD": "0", "BUDGET_PER_SOURCE": "sentry=1,team:Payments=2.5"}
    given = load(settings.Analysis, ANALYSIS | shares).limits
    assert given == Limits(5, 0, {"sentry": 1, "team:payments": 2.5})


def test_variables_of_others_are_no_trouble() -> None:
    assert load(settings.Reception, RECEPTION | {"PATH": "/bin"}).processing_url == "u5"


def test_the_lease_outlives_the_longest_call() -> None:
    given = load(settings.Analysis, ANALYSIS | {"CLAUDE_TIMEOUT_SECONDS": "20"})
    assert given.lease_lasts == timedelta(seconds=35)

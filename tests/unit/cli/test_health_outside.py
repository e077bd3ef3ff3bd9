"""``responder health`` on the others: Claude, its breaker and budgets, Slack, tokens, secrets."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local_stack.loopback import Reply, Request
from responder.analysis.budget import Purse
from responder.protocols import troubles
from responder_cli.aws import Stack
from responder_cli.health import outside
from responder_cli.health.letters import Letters
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Finding, Verdict
from serving import serving
from unit.cli.health_house import (
    FIVE_MINUTES,
    NOW,
    letters,
    noted,
    refused,
    vault,
    verdicts,
    waits,
    watch,
)
from unit.cli.stacks import Client, refusal, stack


def slack(house: Stack, window: Window) -> Iterator[Finding]:
    return outside.slack(house, window, Letters(house))


@pytest.mark.parametrize(
    ("counts", "verdict", "reason"),
    [
        ({}, Verdict.OK, ""),
        ({"distribution_unavailable": 12.0}, Verdict.WARNING, "12 tries in 5 min: unavailable"),
        ({"distribution_timeout": 1.0}, Verdict.WARNING, "1 try in 5 min: timeout"),
        ({"distribution_secret_missing": 3.0}, Verdict.FAILING, "3 tries in 5 min: secret_missing"),
        (
            {"distribution_misconfigured": 2.0, "distribution_rate_limited": 4.0},
            Verdict.FAILING,
            "2 tries in 5 min: misconfigured; 4 tries in 5 min: rate_limited",
        ),
        ({"distribution_paced": 50.0, "distribution_lease_held": 5.0}, Verdict.OK, ""),
        ({"distribution_intent_unsettled": 5.0, "analysis_unavailable": 9.0}, Verdict.OK, ""),
    ],
)
def test_waiting_for_slack_is_told_from_waiting_for_a_turn(
    counts: dict[str, float], verdict: Verdict, reason: str
) -> None:
    (found,) = slack(stack({}, {"cloudwatch": waits(**counts)}), Window(NOW, 1440))
    assert (found.component, found.verdict) == ("slack", verdict)
    assert reason in found.reason


def test_slack_is_failing_while_it_refuses_cards_for_good() -> None:
    counted = waits("DeadLettered", distribution_not_in_channel=8, analysis_channel_closed=3)
    (found,) = slack(stack({}, {"cloudwatch": counted}), Window(NOW, 1440))
    assert found.verdict is Verdict.FAILING
    assert found.reason == "8 refused in 5 min: not_in_channel"


@pytest.mark.parametrize("output", ["DistributionDeadLetterQueueUrl", "CriticalDeadLetterQueueUrl"])
def test_slack_is_not_well_while_cards_that_it_refused_wait(output: str) -> None:
    clients = {"cloudwatch": watch(), "sqs": letters(d=["too_old", "channel_archived"])}
    (found,) = slack(stack({output: "d"}, clients), FIVE_MINUTES)
    assert found.verdict is Verdict.WARNING
    assert "channel_archived" in found.reason
    clients["sqs"] = letters(d=["too_old"])
    assert verdicts(slack(stack({output: "d"}, clients), FIVE_MINUTES)) == {"slack": Verdict.OK}


@pytest.mark.parametrize("reason", ["unavailable", "rate_limited", "timeout", "breaker_open"])
def test_waiting_for_claude_is_a_warning(reason: str) -> None:
    house = stack({}, {"cloudwatch": waits(**{f"analysis_{reason}": 2.0}), "dynamodb": noted()})
    (found,) = outside.claude(house, FIVE_MINUTES)
    assert (found.verdict, found.reason) == (Verdict.WARNING, f"2 tries in 5 min: {reason}")
    others = waits(analysis_lease_held=2, distribution_timeout=3)
    healthy = stack({}, {"cloudwatch": others, "dynamodb": noted()})
    assert verdicts(outside.claude(healthy, FIVE_MINUTES)) == {"claude": Verdict.OK}


def test_what_nobody_met_for_hours_may_have_been_ended() -> None:
    later = Window(FIVE_MINUTES.end + 2 * troubles.REPEAT, 5)
    clients = {"cloudwatch": Client({"get_metric_statistics": refused})}
    (found,) = outside.claude(stack({}, {**clients, "dynamodb": noted(credit="")}), later)
    assert found.verdict is Verdict.WARNING
    assert found.reason.endswith("; not asked since 2026-11-21 12:00 UTC")


@pytest.mark.parametrize(
    ("standing", "verdict", "reason"),
    [
        (
            {"credit": ""},
            Verdict.FAILING,
            "Claude's credit or spend limit is used up, since 2026-11-21 12:00 UTC",
        ),
        (
            {"model": "small"},
            Verdict.WARNING,
            "A configured model of Claude is not there (small model), since 2026-11-21 12:00 UTC",
        ),
        (
            {"model": "small", "access": "large"},
            Verdict.FAILING,
            "A configured model of Claude is not there (small model), since 2026-11-21 12:00 UTC; "
            "Claude denies this stack access (large model), since 2026-11-21 12:00 UTC",
        ),
        (
            {"model": "small", "credentials": ""},
            Verdict.FAILING,
            "A configured model of Claude is not there (small model), since 2026-11-21 12:00 UTC; "
            "Claude refuses our credentials, since 2026-11-21 12:00 UTC",
        ),
    ],
    ids=["every model", "one model", "each model", "one model and all"],
)
def test_what_only_a_person_ends_is_failing_unless_a_model_still_answers(
    standing: dict[str, str], verdict: Verdict, reason: str
) -> None:
    # What stands is told though nothing is known of the tries.
    clients = {"cloudwatch": Client({"get_metric_statistics": refused})}
    (found,) = outside.claude(stack({}, {**clients, "dynamodb": noted(**standing)}), FIVE_MINUTES)
    assert (found.component, found.verdict, found.reason) == ("claude", verdict, reason)
    assert "tail --function analysis" in found.mend


@pytest.mark.parametrize(
    ("values", "slack", "claude"),
    [
        ({}, Verdict.FAILING, Verdict.WARNING),
        ({"slack-webhook": " "}, Verdict.FAILING, Verdict.WARNING),
        ({"slack-webhook": "https://hooks"}, Verdict.OK, Verdict.WARNING),
        ({"slack-bot-token": "xoxb", "anthropic-key": "sk"}, Verdict.OK, Verdict.OK),
    ],
)
def test_secrets_are_told_present_from_empty(
    values: dict[str, str], slack: Verdict, claude: Verdict
) -> None:
    house = stack({"SecretPrefix": "mine"}, {"secretsmanager": vault(**values)})
    found = list(outside.secrets(house, NOW))
    assert verdicts(found) == {"slack secret": slack, "claude secret": claude}
    assert not any(value.strip() and value in one.reason for value in values.values()
                   for one in found)  # fmt: skip


def test_a_secret_that_is_being_deleted_is_restored_and_not_set() -> None:
    def described(SecretId: str) -> dict[str, Any]:
        return {"DeletedDate": NOW} if SecretId.endswith("webhook") else {}

    house = stack({"SecretPrefix": "mine"}, {"secretsmanager": vault(described)})
    slack, claude = outside.secrets(house, NOW)
    assert "mine/slack-webhook is being deleted" in slack.reason
    assert slack.mend == "aws secretsmanager restore-secret --secret-id mine/slack-webhook"
    assert claude.mend == "scripts/responder secrets set anthropic-key --stack it"


def test_who_may_not_look_at_secrets_hears_that_they_are_empty() -> None:
    def refused(**_: object) -> None:
        raise refusal("AccessDeniedException")

    house = stack({"SecretPrefix": "mine"}, {"secretsmanager": vault(refused)})
    slack, _ = outside.secrets(house, NOW)
    assert slack.mend == "scripts/responder secrets set slack-bot-token --stack it"


@pytest.mark.parametrize("way", ["aws", "bedrock"])
def test_a_role_needs_no_key_of_claudes(way: str) -> None:
    outputs = {"SecretPrefix": "mine", "ClaudeAccess": way}
    found = list(outside.secrets(stack(outputs, {"secretsmanager": vault()}), NOW))
    assert verdicts(found)["claude secret"] is Verdict.OK
    assert way in found[-1].reason


def test_a_secrets_age_is_told() -> None:
    answer = {"SecretString": "xoxb", "CreatedDate": NOW - timedelta(days=40)}
    manager = Client({"get_secret_value": answer})
    found = list(outside.secrets(stack({"SecretPrefix": "p"}, {"secretsmanager": manager}), NOW))
    assert found[0].reason == "slack-bot-token is set, 40 d old"


def circuit(state: str, age: int) -> dict[str, Any]:
    opened = int(NOW.timestamp()) - age
    return {"Item": {"state": {"S": state}, "opened_at": {"N": str(opened)}}}


@pytest.mark.parametrize(
    ("item", "verdict", "reason"),
    [
        ({}, Verdict.OK, "closed"),
        (circuit("closed", 900), Verdict.OK, "closed"),
        (circuit("open", 12), Verdict.FAILING, "open for 12 s"),
        (circuit("half_open", 40), Verdict.FAILING, "half_open for 40 s"),
    ],
)
def test_an_open_breaker_is_told(item: dict[str, Any], verdict: Verdict, reason: str) -> None:
    house = stack({}, {"dynamodb": Client({"get_item": item})})
    (found,) = outside.breaker(house, NOW)
    assert found.verdict is verdict
    assert found.reason.startswith(reason)
    assert verdict is Verdict.OK or "analysis off --stack it" in found.mend


def spent(**micro: int) -> Client:
    """The state table with the purse of this month."""
    purse = Purse(month="2026-11", settled={name.replace("_", "-"): n for name, n in micro.items()})
    settled = {name: {"N": str(number)} for name, number in purse.settled.items()}
    item = {"month": {"S": purse.month}, "settled": {"M": settled}, "version": {"N": "1"}}
    return Client(
        {
            "get_item": {"Item": {"id": {"S": "budget#2026-11"}, **item}},
            "batch_get_item": {
                "Responses": {"it-state": [{"id": {"S": "budget#2026-11"}, **item}]}
            },
        }
    )


@pytest.mark.parametrize(
    ("micro", "parameters", "verdict", "mend"),
    [
        (0, {}, Verdict.OK, ""),
        (3_999_999, {}, Verdict.OK, ""),
        (4_000_000, {}, Verdict.WARNING, "DailyBudgetUsd=MORE"),
        (5_000_000, {}, Verdict.FAILING, "DailyBudgetUsd=MORE"),
        (5_000_000, {"DailyBudgetUsd": "0"}, Verdict.OK, ""),
        (5_000_000, {"DailyBudgetUsd": "50", "MonthlyBudgetUsd": "5"}, Verdict.FAILING, "Monthly"),
    ],
)
def test_a_spent_budget_is_told_with_the_parameter_that_raises_it(
    micro: int, parameters: dict[str, str], verdict: Verdict, mend: str
) -> None:
    counted = {f"{NOW:%Y-%m-%d}": micro, f"{NOW:%Y-%m}": micro}
    (found,) = outside.budgets(stack({}, {"dynamodb": spent(**counted)}, parameters), NOW)
    assert found.verdict is verdict, found
    assert mend in found.mend
    assert bool(found.mend) is (verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("reply", "verdict", "reason"),
    [
        (Reply(body=b'{"ok": true, "user": "bot", "team": "Us"}'), Verdict.OK, "good for bot"),
        (Reply(body=b'{"ok": false, "error": "token_revoked"}'), Verdict.FAILING, "token_revoked"),
        (Reply(status=403, body=b"<html>"), Verdict.FAILING, "403"),
        (Reply(status=429, body=b"{}"), Verdict.WARNING, "429"),
        (Reply(status=502, body=b"oops"), Verdict.WARNING, "502"),
    ],
)
def test_slack_is_asked_whether_it_knows_the_token(
    reply: Reply, verdict: Verdict, reason: str
) -> None:
    asked: list[Request] = []

    def application(request: Request) -> Reply:
        asked.append(request)
        return reply

    with serving(application) as server:
        clients = {"secretsmanager": vault(**{"slack-bot-token": "xoxb-1"})}
        outputs = {"SecretPrefix": "mine"}
        house = stack(outputs, clients, {"SlackApiUrl": f"{server.url}/api/"})
        (found,) = outside.token(house)
    assert found.verdict is verdict
    assert reason in found.reason
    (request,) = asked
    assert (request.path, request.headers["authorization"]) == ("/api/auth.test", "Bearer xoxb-1")
    assert "xoxb" not in json.dumps([found.reason, found.mend])
    assert ("secrets rotate slack-bot-token --stack it" in found.mend) is (
        verdict is Verdict.FAILING
    )


def test_without_a_token_slack_is_not_asked() -> None:
    house = stack({"SecretPrefix": "mine"}, {"secretsmanager": vault()})
    assert verdicts(outside.token(house)) == {"slack token": Verdict.OK}


def test_a_switch_that_is_off_is_told_with_the_command_that_turns_it_on() -> None:
    item = {"Item": {"off": {"BOOL": True}, "by": {"S": "me"}, "at": {"S": "noon"}}}
    (found,) = outside.analysis(stack({}, {"dynamodb": Client({"get_item": item})}))
    assert found.verdict is Verdict.WARNING
    assert found.mend == "scripts/responder analysis on --stack it"

"""The check of a function before it gets traffic: what it tells, and what fails it."""

import socket
import sys
from typing import Any

import boto3
import pytest
from bench.inside import records

from fakes import Telemetry
from responder.bootstrap import analysis, checks, distribution
from responder.errors import Permanent, Reason, Retryable
from unit.bootstrap.house import RUNBOOKS, House, accepted


def test_the_analysis_function_checks_itself(house: House) -> None:
    analyser = analysis.build()
    readable = dict.fromkeys(("alerts", "analysis-cache", "incidents", "state"), "readable")
    said = analyser.self_check()
    assert {name: said[name] for name in readable} == readable
    assert said["claude"] == "the secret it/anthropic-key has no value"
    house.set("ANTHROPIC_KEY_SECRET", "key")
    analysis.build.cache_clear()
    assert analysis.build().self_check()["claude"] == "value present"


@pytest.mark.parametrize(
    ("way", "told"),
    [("aws", "by aws in eu-west-1"), ("bedrock", "by bedrock in eu-west-1")],
)
def test_a_check_misses_no_key_where_none_is_needed(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str, told: str
) -> None:
    monkeypatch.setenv("CLAUDE_ACCESS", way)
    monkeypatch.setenv("CLAUDE_REGION", "eu-west-1")
    monkeypatch.setenv("CLAUDE_WORKSPACE", "wrkspc_1")
    assert analysis.build().self_check()["claude"] == f"{told}, signed as the role"


def test_a_check_warns_of_a_model_that_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert analysis.build().self_check()["models"] == "no end is known"
    monkeypatch.setenv("MODEL_LARGE", "claude-sonnet-4-5")
    analysis.build.cache_clear()
    said = analysis.build().self_check()["models"]
    assert said.startswith("claude-sonnet-4-5 is deprecated")
    # Nobody reads what a check returns: the warning is found with the others.
    heard = Telemetry()
    checks.lifecycle(frozenset({"claude-sonnet-4-5"}), heard)
    assert heard.lines == [("Model is ending", {"detail": said})]


def test_a_check_fails_with_a_model_that_nobody_can_price(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LARGE", "claude-unheard-of")
    with pytest.raises(Permanent, match="claude-unheard-of"):
        analysis.build().self_check()


def test_the_check_reads_the_runbooks_and_says_how_they_are_searched(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").put_object(Bucket=RUNBOOKS, Key="disk.md", Body=b"# Disk full\nClean up.")
    assert analysis.build().self_check()["runbooks"] == "1 passages"
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    told = analysis.build().self_check()["runbooks"]
    assert told == "1 passages, searched without FTS5"


def test_a_check_records_announces_and_asks_for_nothing(house: House) -> None:
    analyser = analysis.build()
    analyser.consume(records("it-processing", accepted()))
    house.taken("it-distribution"), house.taken("it-analysis")
    analyser.self_check()
    assert house.taken("it-distribution") == house.taken("it-analysis") == []


def test_the_distribution_function_checks_itself_in_the_test_channel(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    distributor = distribution.build()
    said = distributor.self_check()
    assert (said["incidents"], said["state"]) == ("readable", "readable")
    assert said["operators"] == "the secret it/notice-webhook has no value"
    assert "it/slack-test-webhook has no value" in said["slack"]
    house.set("SLACK_TEST_WEBHOOK_SECRET", address)
    distribution.build.cache_clear()
    assert distribution.build().self_check()["slack"] == "posted to the test channel"
    assert len(messages) == 1


def test_a_check_that_does_not_reach_slack_fails(house: House) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        house.set("SLACK_TEST_WEBHOOK_SECRET", f"http://127.0.0.1:{port}/hook")
        with pytest.raises(Retryable) as caught:
            distribution.build().self_check()
    assert caught.value.reason is not Reason.SECRET_MISSING

"""The distribution function: which webhook it takes, and what happens without Slack."""

import json
from typing import Any

import pytest
from bench.inside import records

from responder.alert import SYNTHETIC_SOURCE
from responder.bootstrap import analysis, distribution
from unit.bootstrap.house import NO_FAILURES, House, accepted


def test_only_what_is_a_test_goes_through_the_test_webhook_whatever_channels_are_called(
    house: House, slack: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webhook's channel is its own, so a name says nothing of who reads it."""
    address, messages = slack
    monkeypatch.setenv("TEST_CHANNEL", "#alerts")
    monkeypatch.setenv("SLACK_PACE_SECONDS", "0")
    house.set("SLACK_WEBHOOK_SECRET", address)
    analyser, distributor = analysis.build(), distribution.build()
    own = accepted(alert_id="a2", source=SYNTHETIC_SOURCE, title="our own check")
    analyser.consume(records("it-processing", accepted(), own))
    announced = house.taken("it-distribution")
    assert len(announced) == 2
    assert distributor.consume(records("it-distribution", *announced)) == NO_FAILURES
    assert ["disk full" in message["text"] for message in messages] == [True]


def test_without_a_slack_secret_the_card_waits_as_a_copy(house: House) -> None:
    analysis.build().consume(records("it-processing", accepted()))
    (body,) = house.taken("it-distribution")
    assert distribution.build().consume(records("it-distribution", body)) == NO_FAILURES
    assert house.waiting("it-distribution") == 1


def test_what_slack_does_not_show_is_mailed_and_its_dead_letter_keeps_the_card(
    house: House,
) -> None:
    analysis.build().consume(records("it-processing", accepted()))
    (body,) = house.taken("it-distribution")
    long_ago = {**json.loads(body), "first_sent": "2026-01-01T00:00:00Z"}
    distributor = distribution.build()
    old = records("it-distribution", json.dumps(long_ago))
    assert distributor.consume(old) == NO_FAILURES
    letters = house.sqs.receive_message(
        QueueUrl=house.urls["it-distribution-dlq"], MessageAttributeNames=["All"]
    )["Messages"]
    assert "disk full" in letters[0]["MessageAttributes"]["card"]["StringValue"]
    (report,) = house.taken("it-distribution")
    assert distributor.consume(records("it-distribution", report)) == NO_FAILURES
    (mail,) = house.mails()
    assert mail["Subject"].startswith("Not in Slack: HIGH disk full")
    assert "Slack was not reached for 12 hours" in mail["Message"]

"""Samples happen when they are sent: each one is news, and says otherwise what it always said."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from responder.alert import Alert
from responder.intake import parse
from responder_cli.inject import samples

NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(milliseconds=10)
WITHOUT = {"alert_id", "event_at", "received_at", "starts_at", "ends_at", "raw"}

# Known by a number of their own (a build, a notice), which their links and titles have, too; or
# their time is in prose. Sent again, they are what they are in life: duplicates.
BY_NUMBER = ("airbrake/", "azure-devops/", "circleci/", "heroku/", "honeybadger/", "jenkins/",
             "papertrail/", "vercel/")  # fmt: skip
IN_PROSE = ("nagios/quotes_not_escaped", "opensearch/prose", "zabbix/default_message")
MOVED = [name for name in samples.files() if not name.startswith(BY_NUMBER + IN_PROSE)]


def alerts(body: bytes, at: datetime) -> list[Alert]:
    return parse(body, {}, None, received_at=at)


@pytest.mark.parametrize("name", MOVED)
def test_a_sample_sent_twice_is_news_twice(name: str) -> None:
    first, second = (alerts(samples.read(name, at), at) for at in (NOW, LATER))
    assert not {one.alert_id for one in first} & {one.alert_id for one in second}


@pytest.mark.parametrize("name", MOVED)
def test_only_times_and_deliveries_differ_from_the_file(name: str) -> None:
    as_it_lies = alerts(samples.files()[name].read_bytes(), NOW)
    sent = alerts(samples.read(name, NOW), NOW)
    told = [
        [one.model_dump(mode="json", exclude=WITHOUT) for one in some if not one.unknown_format]
        for some in (as_it_lies, sent)
    ]
    assert told[0] == told[1]
    assert len(as_it_lies) == len(sent)
    assert {one.event_at for one in sent} <= {NOW, NOW.replace(microsecond=0)}


def test_what_has_not_ended_does_not_end() -> None:
    (webhook,) = json.loads(samples.read("alertmanager/firing", NOW))["alerts"]
    (push,) = json.loads(samples.read("prometheus/push", NOW))
    assert webhook["endsAt"] == samples.NEVER
    assert datetime.fromisoformat(push["endsAt"]) > NOW + timedelta(days=365)
    assert webhook["startsAt"] == push["startsAt"] == "2026-11-21T12:00:00.250Z"


def test_more_fields_are_rewritten_as_asked() -> None:
    body = samples.read("alertmanager/firing", NOW, {"cluster": lambda _: "mine"})
    assert {one.scope.cluster for one in alerts(body, NOW)} == {"mine"}


def test_every_file_is_a_sample_whatever_its_suffix() -> None:
    assert samples.files()["unknown/plain_text"].suffix == ".txt"
    assert "generic/firing" in samples.files()

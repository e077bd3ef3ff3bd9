"""``responder reconcile`` on moto's tables and queues and the local Slack; the log is played."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert
from integration.cli_house import House, house_of
from local_stack import slack_server
from responder.adapters.slack import BotSlack
from responder.alert import SYNTHETIC_SOURCE, Alert
from responder.card import Card
from responder.clock import utc_now
from responder.contracts import AlertMessage, Announcement
from responder.delivery import card as rendering
from responder.delivery import notices
from responder.incident import AlertRecord, Incident, Notice, NoticeKind
from responder.ports import Key, Table
from responder.protocols import items
from responder_cli.reconcile.facts import Period
from responder_cli.reconcile.looking import Proof, prove
from responder_cli.reconcile.verdict import Kind, Place, Where
from unit.cli.stacks import Client, stack

NOW = utc_now().replace(microsecond=0)
LONG_AGO = NOW - timedelta(minutes=20)
NAME = "v1:disk|prod.1"
OUTPUTS = {
    "ProcessingQueueUrl": "processing",
    "CriticalProcessingQueueUrl": "processing-critical",
    "DistributionQueueUrl": "distribution",
    "CriticalQueueUrl": "distribution-critical",
    "DeadLetterQueueUrl": "processing-dlq",
    "DistributionDeadLetterQueueUrl": "distribution-dlq",
    "CriticalDeadLetterQueueUrl": "critical-dlq",
}


class Yard:
    """A stack on which alerts have come as far as the test says."""

    def __init__(self, house: House) -> None:
        assert house.stack is not None
        self.house = house
        self.log: list[dict[str, Any]] = []
        self.patterns: list[str] = []
        sqs = house.stack.client("sqs")
        outputs = {
            name: sqs.create_queue(QueueName=f"it-{queue}")["QueueUrl"]
            for name, queue in OUTPUTS.items()
        }
        clients = {
            "dynamodb": house.stack.client("dynamodb"),
            "sqs": sqs,
            "logs": Client({"get_paginator": lambda *_: Client({"paginate": self._page})}),
        }
        self.stack = house.stack = stack(outputs, clients)

    def _page(self, filterPattern: str = "", **_: Any) -> Iterator[Mapping[str, Any]]:
        self.patterns.append(filterPattern)
        yield {"events": self.log}

    def accept(self, alert_id: str, source: str = "sentry") -> Alert:
        """Reception has put it on the queue, and said so."""
        said = {"level": "INFO", "message": "Accepted", "alert_id": alert_id, "source": source}
        at = int(LONG_AGO.timestamp() * 1000)
        self.log.append({"timestamp": at, "message": json.dumps(said)})
        return alert(alert_id, received_at=LONG_AGO, source=source)

    def record(self, one: Alert, incident_id: str = NAME, held: str = "") -> None:
        key = items.alert_key(one.alert_id)
        kept = AlertRecord(alert=one, signature="v1:disk", incident_id=incident_id, held=held)
        self.house.store(Table.ALERTS).write([items.write_of(key, kept, 0, NOW)])

    def show(self, count: int = 1) -> Incident:
        """The incident, and a card that shows it."""
        self.house.opened(NAME, count=count, first_received_at=LONG_AGO, last_seen=LONG_AGO)
        one = Card(incident_id=NAME, channel="#alerts", ts="1.0", shown=1)
        write = items.write_of(items.card_item(NAME), one, 0, NOW)
        self.house.store(Table.INCIDENTS).write([write])
        found = items.load(self.house.store(Table.INCIDENTS), items.incident_item(NAME), Incident)
        assert found is not None
        return found

    def put(self, output: str, body: str) -> None:
        self.stack.client("sqs").send_message(QueueUrl=self.stack.output(output), MessageBody=body)

    def prove(self, slack_url: str = "") -> Proof:
        period = Period(NOW - timedelta(hours=1), NOW, {})
        return prove(self.stack, period, slack_url, wait=lambda _: None)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with house_of("reconcile", tmp_path, Table.ALERTS, Table.INCIDENTS) as house:
        yield Yard(house)


def test_all_that_was_accepted_is_found_where_it_is(yard: Yard) -> None:
    yard.record(yard.accept("shown"))
    yard.show()
    yard.record(yard.accept("stale"), held="stale")
    dead, waiting = yard.accept("dead"), yard.accept("waiting")
    yard.put("DeadLetterQueueUrl", AlertMessage(alert=dead).model_dump_json())
    yard.put("ProcessingQueueUrl", AlertMessage(alert=waiting).model_dump_json())
    yard.accept("ours", source=SYNTHETIC_SOURCE)

    said = yard.house.json("--since", "1h")

    assert said["proved"]
    places = {where.value: said[where.value] for where in Where}
    assert places == {"shown": 1, "held": 1, "waiting": 1, "dead": 1, "nowhere": 0,
                      "unreadable": 0}  # fmt: skip
    assert said["held_for"] == {"stale": 1}
    assert set(yard.patterns) == {"Accepted"}


def test_letters_are_visible_again_after_the_look(yard: Yard) -> None:
    yard.put("DeadLetterQueueUrl", AlertMessage(alert=yard.accept("dead")).model_dump_json())
    body = Announcement(incident_id=NAME, first_sent=NOW).model_dump_json()
    yard.put("DistributionDeadLetterQueueUrl", body)

    assert yard.prove().facts.dead_cards.ids == {NAME}

    for output in ("DeadLetterQueueUrl", "DistributionDeadLetterQueueUrl"):
        url = yard.stack.output(output)
        assert yard.stack.client("sqs").receive_message(QueueUrl=url)["Messages"]


def test_what_is_lost_is_told_by_its_id_and_with_what_to_do(yard: Yard) -> None:
    yard.record(yard.accept("here"))
    yard.show()
    yard.accept("gone")

    done = yard.house.run("--since", "1h")

    assert done.exit_code == 1
    assert "gone" in done.output
    assert "scripts/responder logs gone" in done.output
    assert "Proved" not in done.output


def test_a_counter_that_is_one_too_high_is_no_proof(yard: Yard) -> None:
    yard.record(yard.accept("a1"))
    yard.show(count=2)

    proof = yard.prove()

    assert not proof.proved
    assert [one.kind for one in proof.report.problems] == [Kind.MISCOUNTED]


def test_an_alert_that_waited_for_an_hour_is_counted_where_it_arrived_late(yard: Yard) -> None:
    """Accepted before what was read, and recorded after the incident had been opened."""
    early = alert("early", received_at=NOW - timedelta(hours=3))
    yard.record(early)
    yard.record(yard.accept("a1"))
    yard.show(count=2)

    assert yard.prove().proved


def test_without_receptions_log_nothing_is_proved(yard: Yard) -> None:
    yard.record(alert("a1", received_at=LONG_AGO))
    yard.show()

    done = yard.house.run("--since", "1h")

    assert done.exit_code == 1
    assert "cannot be seen" in done.output


def test_a_log_with_a_hole_proves_nothing_although_it_names_others(yard: Yard) -> None:
    yard.record(yard.accept("a1"))
    yard.record(alert("silent", received_at=LONG_AGO))
    yard.show(count=2)

    done = yard.house.run("--since", "1h")

    assert done.exit_code == 1
    assert "does not name 1 of the 2 recorded alerts" in " ".join(done.output.split())
    assert "Proved" not in done.output


def test_what_another_release_wrote_is_not_seen_and_ends_nothing(yard: Yard) -> None:
    yard.record(yard.accept("a1"))
    theirs = yard.accept("theirs")
    yard.record(theirs)
    yard.show(count=2)
    given = theirs.model_dump(mode="json") | {"status": "acknowledged"}
    yard.house.rewrite(items.alert_key("theirs"), alert=given)

    done = yard.house.run("--since", "1h", "--json")

    said = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (said["shown"], said["unreadable"], said["nowhere"]) == (1, 1, 0)
    assert said["problems"] == []
    assert "such as theirs" in said["blind"][0]


@pytest.mark.parametrize("key", [items.incident_item(NAME), items.card_item(NAME)])
def test_an_incident_or_card_of_another_release_is_not_seen(yard: Yard, key: Key) -> None:
    yard.record(yard.accept("a1"))
    yard.show()
    yard.house.rewrite(key, incident_id={}, revision={})

    proof = yard.prove()

    assert proof.report.places == {"a1": Place(Where.UNREADABLE)}
    assert not proof.proved


def test_where_nothing_was_accepted_nothing_is_called_proved(yard: Yard) -> None:
    done = yard.house.run("--since", "1h")

    assert done.exit_code == 0
    assert "Nothing was accepted" in done.output
    assert "Proved" not in done.output


def test_what_waits_is_well_unless_the_queues_are_waited_for(yard: Yard) -> None:
    one = yard.accept("waiting")
    yard.put("ProcessingQueueUrl", AlertMessage(alert=one).model_dump_json())

    assert yard.house.run("--since", "1h").exit_code == 0
    assert yard.prove().proved
    assert not yard.prove().drained


def test_a_message_that_stays_is_not_waited_for_when_all_alerts_are_shown(yard: Yard) -> None:
    yard.record(yard.accept("a1"))
    yard.show()
    yard.put("DistributionQueueUrl", "a report that waits for its window")

    def wait(seconds: float) -> None:
        waits.append(seconds)
        assert len(waits) < 5

    waits: list[float] = []
    period = Period(NOW - timedelta(hours=1), NOW, {})
    proof = prove(yard.stack, period, "", patience=timedelta(hours=1), wait=wait)
    assert proof.proved
    assert proof.drained


def test_cards_are_compared_with_what_the_local_slack_shows(yard: Yard) -> None:
    yard.record(yard.accept("a1"))
    shown = yard.show()
    server = slack_server.start(pace=0)
    slack = BotSlack(lambda _: "xoxb-1", f"{server.url}/api/", 5)
    try:
        assert [one.kind for one in yard.prove(server.url).report.problems] == [Kind.NO_CARD]
        slack.post("#alerts", rendering.render(shown, NOW), "one")
        assert yard.prove(server.url).proved
        raised = Notice(number=1, kind=NoticeKind.ESCALATED, at=NOW)
        slack.post("#critical", notices.render(shown, raised, standalone=True), "notice")
        assert yard.prove(server.url).proved
        slack.post("#alerts", rendering.render(shown, NOW), "two")
        assert [one.kind for one in yard.prove(server.url).report.problems] == [Kind.TWO_CARDS]
    finally:
        server.stop()


def test_a_slack_that_does_not_answer_is_no_verdict(yard: Yard) -> None:
    done = yard.house.run("--since", "1h", "--slack-url", "http://127.0.0.1:9")

    assert done.exit_code == 3

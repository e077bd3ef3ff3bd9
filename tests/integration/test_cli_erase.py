"""``responder erase`` on moto: a person is nowhere in tables and dead letters any more."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert
from integration.backups import House, house_of_backups
from responder import raw
from responder.alert import Severity
from responder.clock import utc_now
from responder.contracts import AlertMessage
from responder.incident import AlertRecord, Incident
from responder.policy.matching import Matcher
from responder.policy.silence import Silence
from responder.ports import Table
from responder.protocols import items, silences
from responder_cli.aws import Stack
from responder_cli.erase.masking import MASK
from unit.cli.kept import KEY, card, episode, head, item, pointer
from unit.cli.stacks import refusal

WHO = "jane.doe@example.com"
SAYS = f"disk of {WHO} is full"
LETTERS = "DeadLetterQueueUrl"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path) as house:
        for one in (
            head(1),
            head(2, "v1:other.0123456789"),
            episode(1, title=SAYS, labels={"owner": WHO}),
            card(1),
            pointer(1, fingerprint=WHO),
        ):
            house.put(Table.INCIDENTS, dict(one.raw))
        house.put(Table.ALERTS, record("a1", raw=raw.pack(json.dumps({"who": WHO}) + " " * 3000)))
        house.put(Table.ALERTS, record("a2", title="of somebody else"))
        yield house


def record(alert_id: str, **changes: Any) -> dict[str, Any]:
    value = AlertRecord(alert=alert(alert_id, **changes), signature="v1:disk")
    return dict(item(items.alert_key(alert_id), value).raw)


def everything(house: House) -> str:
    return json.dumps([house.items(table) for table in Table])


def erased(house: House, *words: str) -> Any:
    done = house.run("erase", WHO, *words, "--yes", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_person_is_nowhere_in_the_tables(house: House) -> None:
    told = erased(house)
    assert {one["id"] for one in told["items"]} == {
        "a1",
        f"incident#{KEY}.1",
        pointer(1, WHO).key.id,
    }
    assert WHO not in everything(house)
    kept = AlertRecord.model_validate(plainly(house, Table.ALERTS, "a1"))
    assert json.loads(raw.unpack(kept.alert.raw)) == {"who": MASK}
    assert erased(house)["items"] == []


def test_a_name_of_a_label_and_json_within_a_payload_are_masked(house: House) -> None:
    who = "José Müller"
    said = json.dumps({"Message": json.dumps({"AlarmDescription": f"ask {who}"})})
    house.put(Table.ALERTS, record("a3", labels={who: "3 failures"}, raw=raw.pack(said)))
    done = house.run("erase", who, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert [one["matches"] for one in json.loads(done.stdout)["items"]] == [2]
    kept = AlertRecord.model_validate(plainly(house, Table.ALERTS, "a3")).alert
    assert kept.labels == {MASK: "3 failures"}
    inner = json.loads(json.loads(raw.unpack(kept.raw))["Message"])
    assert inner == {"AlarmDescription": f"ask {MASK}"}


def plainly(house: House, table: Table, name: str) -> Any:
    key = "alert_id" if table is Table.ALERTS else "id"
    return house.stack.item(table.value, key, name)


def test_a_masked_incident_is_due_with_a_newer_revision_so_that_its_card_follows(
    house: House,
) -> None:
    before = plainly(house, Table.INCIDENTS, f"incident#{KEY}.1")
    (followed,) = erased(house)["cards"]
    assert followed["incident_id"] == f"{KEY}.1"
    after = plainly(house, Table.INCIDENTS, f"incident#{KEY}.1")
    assert Incident.model_validate(after).title == f"disk of {MASK} is full"
    assert after["revision"] == before["revision"] + 1
    assert after["version"] == before["version"] + 1
    assert after["ttl"] == before["ttl"]
    due = house.store(Table.INCIDENTS).due(utc_now() + timedelta(seconds=1), 10)
    assert list(due) == [f"{KEY}.1"]


def test_an_incident_without_a_card_gets_none(house: House) -> None:
    house.put(Table.INCIDENTS, dict(episode(2, title=SAYS, due_at=None).raw))
    assert len(erased(house)["cards"]) == 1
    assert "due_at" not in house.items(Table.INCIDENTS)[f"incident#{KEY}.2"]


def test_a_dry_run_and_a_no_change_nothing_and_say_where(house: House) -> None:
    before = everything(house)
    told = house.run("erase", WHO, "--dry-run")
    assert told.exit_code == 0
    assert "table incidents" in told.stdout
    assert "Point-in-time recovery" in told.stdout
    assert WHO not in told.stdout
    asked = house.run("erase", WHO, answer="n\n")
    assert (asked.exit_code, "dead letters of it?" in asked.stderr) == (1, True)
    assert everything(house) == before


def test_the_search_of_logs_is_told_for_where_it_looked(house: House) -> None:
    house.stack.region, house.stack.profile = "eu-west-1", "me"
    told = house.run("erase", WHO, "--dry-run").stdout
    searched = "--filter-pattern '\"TEXT\"' --region eu-west-1 --profile me finds;"
    assert f"aws logs filter-log-events --log-group-name GROUP {searched}" in told


def test_what_operators_match_by_is_left_to_them(house: House) -> None:
    now = utc_now()
    silence = Silence(
        id="s1",
        matchers=(Matcher.parse(f"label.owner={WHO}"),),
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        comment=f"asked for by {WHO}",
        author="anna",
    )
    silences.add(house.store(Table.STATE), silence, now)
    done = house.run("erase", WHO, "--yes")
    assert done.exit_code == 1
    assert "stays in state silences#0" in done.stderr
    (kept,) = silences.load(house.store(Table.STATE))
    assert kept.matchers == silence.matchers
    assert kept.comment == f"asked for by {MASK}"


def test_a_text_that_would_break_an_item_is_left(house: House) -> None:
    worse = record("a3", severity=Severity.CRITICAL, message="CRITICAL disk")
    house.put(Table.ALERTS, worse)
    done = house.run("erase", "critical", "--yes")
    kept = AlertRecord.model_validate(plainly(house, Table.ALERTS, "a3"))
    assert kept.alert.severity is Severity.CRITICAL
    assert kept.alert.message == f"{MASK} disk"
    assert done.exit_code == 1
    assert "severity" in done.stderr


class Overtaken:
    """DynamoDB on which a worker writes each item once between our read and our write."""

    def __init__(self, real: Any, house: House) -> None:
        self._real, self._house = real, house
        self._done: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name != "put_item":
            return real

        def put(**options: Any) -> Any:
            name = json.dumps(options["Item"].get("id") or options["Item"].get("alert_id"))
            if name not in self._done:
                self._done.add(name)
                version = {"N": str(int(options["Item"]["version"]["N"]))}
                key = {k: v for k, v in options["Item"].items() if k in ("id", "alert_id")}
                self._real.update_item(
                    TableName=options["TableName"],
                    Key=key,
                    UpdateExpression="SET version = :v, worked = :w",
                    ExpressionAttributeValues={":v": version, ":w": {"S": f"by {WHO}"}},
                )
            return real(**options)

        return put


def test_what_a_worker_writes_meanwhile_is_kept_and_masked(house: House) -> None:
    real = house.stack
    clients = {name: real.client(name) for name in ("cloudformation", "sqs")}
    clients["dynamodb"] = Overtaken(real.client("dynamodb"), house)
    house.stack = Stack("it", clients.__getitem__)
    erased(house)
    house.stack = real
    assert WHO not in everything(house)
    assert plainly(house, Table.ALERTS, "a1")["worked"] == f"by {MASK}"


class Busy:
    """DynamoDB on which every first write meets a worker's transaction."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._met: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def put_item(self, **options: Any) -> Any:
        item = json.dumps(options["Item"].get("id") or options["Item"].get("alert_id"))
        if item not in self._met:
            self._met.add(item)
            raise refusal("TransactionConflictException")
        return self._real.put_item(**options)


def test_an_item_that_is_in_a_workers_transaction_is_masked_after_it(house: House) -> None:
    real = house.stack
    clients = {name: real.client(name) for name in ("cloudformation", "sqs")}
    clients["dynamodb"] = Busy(real.client("dynamodb"))
    house.stack = Stack("it", clients.__getitem__)
    erased(house)
    house.stack = real
    assert WHO not in everything(house)


def test_a_dead_letter_is_masked_and_goes_on_to_where_it_was_going(house: House) -> None:
    sqs, url = house.stack.client("sqs"), house.stack.output(LETTERS)
    value = alert("a9", title=SAYS)
    sqs.send_message(
        QueueUrl=url,
        MessageBody=AlertMessage(alert=value, trace="t").model_dump_json(),
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": "misconfigured"},
            "detail": {"DataType": "String", "StringValue": f"of {WHO}"},
        },
    )
    sqs.send_message(QueueUrl=url, MessageBody="of somebody else")
    assert erased(house)["dead_letters"] == {"processing": 1}
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    bodies = {one["Body"]: one.get("MessageAttributes", {}) for one in answer["Messages"]}
    assert len(bodies) == 2
    (masked,) = (body for body in bodies if body.startswith("{"))
    found = AlertMessage.model_validate_json(masked)
    assert found.alert == value.model_copy(update={"title": f"disk of {MASK} is full"})
    assert bodies[masked]["detail"]["StringValue"] == f"of {MASK}"
    assert bodies[masked]["reason"]["StringValue"] == "misconfigured"

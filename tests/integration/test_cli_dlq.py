"""The dead-letter commands on moto's SQS: nothing is deleted before its copy is in the target."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from moto import mock_aws

from responder.alert import Alert, Severity, Status
from responder.contracts import AlertMessage, Announcement
from responder.signature import signature
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal, stack

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class House:
    """A stack of queues on moto, and the command line pointed at it."""

    stack: Stack

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, list(words), obj=lambda *_: self.stack)

    def with_sqs(self, client: Any) -> Stack:
        clients = {"sqs": client, "cloudformation": self.stack.client("cloudformation")}
        return Stack("it", clients.__getitem__)

    def put(self, output: str, body: str, **attributes: str) -> None:
        self.stack.client("sqs").send_message(
            QueueUrl=self.stack.output(output),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def depth(self, output: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.output(output), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def take(self, output: str) -> list[dict[str, Any]]:
        answer = self.stack.client("sqs").receive_message(
            QueueUrl=self.stack.output(output),
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def let_holds_run_out(self, output: str, receipts: list[str]) -> None:
        """What time does for a dead process: its letters are visible again."""
        client, url = self.stack.client("sqs"), self.stack.output(output)
        for receipt in receipts:
            with suppress(ClientError):
                client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0
                )


QUEUES = {
    "DeadLetterQueueUrl": "processing-dlq",
    "ProcessingQueueUrl": "processing",
    "DistributionDeadLetterQueueUrl": "distribution-dlq",
    "DistributionQueueUrl": "distribution",
    "AsyncFailureQueueUrl": "async-failures",
}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1")
        outputs = {
            output: sqs.create_queue(QueueName=name)["QueueUrl"] for output, name in QUEUES.items()
        }
        yield House(stack(outputs, {"sqs": sqs}))


def alert(number: int, source: str = "generic") -> str:
    value = Alert(
        alert_id=f"a{number}",
        source=source,
        fingerprint=f"f{number}",
        title=f"disk of bob@example.com is full {source}",
        severity=Severity.HIGH,
        status=Status.FIRING,
        event_at=NOW,
        received_at=NOW,
    )
    return AlertMessage(alert=value).model_dump_json()


def announcement(incident_id: str) -> str:
    return Announcement(
        incident_id=incident_id, first_sent=LONG_AGO, not_before=LONG_AGO, slot_reserved=True
    ).model_dump_json()


def test_list_counts_every_queue_by_reason_and_gives_the_letters_back(house: House) -> None:
    house.put("DeadLetterQueueUrl", "not json", reason="unreadable")
    house.put("DeadLetterQueueUrl", alert(1), reason="unreadable")
    house.put("DeadLetterQueueUrl", alert(2))
    rows = {row["queue"]: row for row in json.loads(house.run("dlq", "list", "--json").output)}
    assert rows["processing"]["depth"] == 3
    assert rows["processing"]["reasons"] == {"unreadable": 2, "unknown": 1}
    assert rows["distribution"]["depth"] == 0
    assert len(house.take("DeadLetterQueueUrl")) == 3


def test_show_hides_contents_unless_asked_and_escapes_them_always(house: House) -> None:
    house.put("DeadLetterQueueUrl", alert(1), reason="unreadable", function="F", trace="T")
    house.put("DeadLetterQueueUrl", "\u202e bob@example.com")
    shown = house.run("dlq", "show").output
    assert "bob@example.com" not in shown
    assert "unreadable" in shown
    assert "a1" in shown
    raw = house.run("dlq", "show", "--raw").output
    assert "bob@example.com" in raw
    assert "\u202e" not in raw


def test_show_tells_what_the_card_would_have_said(house: House) -> None:
    words = "🔴 CRITICAL · checkout: 31 % fail\nFiring once\n\u202e evil"
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"), reason="r", card=words)
    house.put("DistributionDeadLetterQueueUrl", announcement("i2"), reason="too_old")
    shown = house.run("dlq", "show", "--queue", "distribution")
    assert shown.exit_code == 0, shown.output
    assert "checkout: 31 % fail" in shown.output
    assert "\u202e" not in shown.output
    pages = json.loads(house.run("dlq", "show", "--queue", "distribution", "--json").output)
    assert sorted("card" in page for page in pages) == [False, True]
    # It goes back as it came, without what our own hand wrote on it.
    house.run("dlq", "reprocess", "--queue", "distribution", "--yes")
    assert [m.get("MessageAttributes") for m in house.take("DistributionQueueUrl")] == [None, None]


def test_selected_letters_go_back_with_their_own_attributes_and_the_rest_stays(
    house: House,
) -> None:
    house.put("DeadLetterQueueUrl", alert(1), reason="unreadable", function="F", tenant="blue")
    house.put("DeadLetterQueueUrl", alert(2), reason="misconfigured")
    result = house.run("dlq", "reprocess", "--reason", "unreadable", "--yes")
    assert result.exit_code == 0, result.output
    (sent,) = house.take("ProcessingQueueUrl")
    assert sent["Body"] == alert(1)
    assert set(sent["MessageAttributes"]) == {"tenant"}
    (kept,) = house.take("DeadLetterQueueUrl")
    assert kept["Body"] == alert(2)


@pytest.mark.parametrize(
    "option",
    [
        ("--source", "grafana"),
        ("--id", "a2"),
        (
            "--signature",
            signature(AlertMessage.model_validate_json(alert(2, "grafana")).alert).key,
        ),
    ],
    ids=["source", "id", "signature"],
)
def test_letters_are_selected_by_what_they_are_about(house: House, option: tuple[str, str]) -> None:
    house.put("DeadLetterQueueUrl", alert(1))
    house.put("DeadLetterQueueUrl", alert(2, "grafana"))
    house.run("dlq", "reprocess", *option, "--yes")
    assert [message["Body"] for message in house.take("ProcessingQueueUrl")] == [
        alert(2, "grafana")
    ]


def test_a_letter_that_died_of_age_goes_back_young(house: House) -> None:
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"), reason="too_old")
    assert house.run("dlq", "reprocess", "--queue", "distribution", "--yes").exit_code == 0
    (sent,) = house.take("DistributionQueueUrl")
    copy = Announcement.model_validate_json(sent["Body"])
    assert copy.incident_id == "i1"
    assert copy.first_sent > NOW.replace(year=2020)
    assert copy.first_sent != LONG_AGO
    assert copy.not_before is None
    assert not copy.slot_reserved
    assert house.depth("DistributionDeadLetterQueueUrl") == 0


def test_a_dry_run_and_a_refusal_move_nothing(house: House) -> None:
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"))
    words = ("dlq", "reprocess", "--queue", "distribution")
    assert house.run(*words, "--dry-run").exit_code == 0
    assert house.run(*words).exit_code == 1
    assert house.depth("DistributionDeadLetterQueueUrl") == 1
    assert house.depth("DistributionQueueUrl") == 0


class Killed(BaseException):
    """The process dies."""


class Dying:
    """An SQS client of a process that dies just before the named call of that number."""

    def __init__(self, real: Any, call: str, number: int) -> None:
        self._real = real
        self._call = call
        self._left = number
        self.dead = False
        self.receipts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if self.dead:
            raise Killed
        if name == self._call:
            self._left -= 1
            if self._left == 0:
                self.dead = True
                raise Killed
        return self._receive if name == "receive_message" else getattr(self._real, name)

    def _receive(self, **options: object) -> Any:
        answer = self._real.receive_message(**options)
        self.receipts += [message["ReceiptHandle"] for message in answer.get("Messages", [])]
        return answer


@pytest.mark.parametrize("call", ["send_message", "delete_message"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_killed_anywhere_no_letter_is_lost_and_the_next_run_ends_the_work(
    house: House, call: str, number: int
) -> None:
    bodies = {announcement(f"i{n}") for n in range(3)}
    for body in bodies:
        house.put("DistributionDeadLetterQueueUrl", body)
    dying = Dying(house.stack.client("sqs"), call, number)
    doomed = house.with_sqs(dying)
    words = ("dlq", "reprocess", "--queue", "distribution", "--yes")
    with pytest.raises(Killed):
        CliRunner().invoke(cli, list(words), obj=lambda *_: doomed, catch_exceptions=False)
    sent = house.depth("DistributionQueueUrl")
    assert sent + house.depth("DistributionDeadLetterQueueUrl") >= 3
    assert sent == (number - 1 if call == "send_message" else number)

    house.let_holds_run_out("DistributionDeadLetterQueueUrl", dying.receipts)
    assert house.run(*words).exit_code == 0
    arrived = [
        json.loads(message["Body"])["incident_id"]
        for _ in range(2)
        for message in house.take("DistributionQueueUrl")
    ]
    assert set(arrived) == {"i0", "i1", "i2"}
    assert len(arrived) == (3 if call == "send_message" else 4)
    assert house.depth("DistributionDeadLetterQueueUrl") == 0


class Refusing:
    """An SQS client whose target queue takes nothing."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def send_message(self, **_: object) -> None:
        raise refusal("Throttled")


def test_a_refused_copy_leaves_its_letter_and_fails_the_command(house: House) -> None:
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"))
    refusing = Refusing(house.stack.client("sqs"))
    full = house.with_sqs(refusing)
    words = ["dlq", "reprocess", "--queue", "distribution", "--yes"]
    result = CliRunner().invoke(cli, words, obj=lambda *_: full)
    assert result.exit_code == 1
    assert "Throttled" in result.output
    assert len(house.take("DistributionDeadLetterQueueUrl")) == 1


def none(**_: object) -> None:
    raise refusal("ValidationError")


def test_a_stack_that_is_not_there_exits_with_three() -> None:
    absent = Stack("absent", {"cloudformation": Client({"describe_stacks": none})}.__getitem__)
    result = CliRunner().invoke(cli, ["dlq", "list"], obj=lambda *_: absent)
    assert result.exit_code == 3
    assert "no stack absent" in result.output


UNREADABLE = "not json \u202e bob@example.com"
LETTERS = "DeadLetterQueueUrl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "letters.jsonl"


def test_discarded_letters_are_in_the_export_and_the_rest_stays(house: House, export: Path) -> None:
    house.put(LETTERS, UNREADABLE, reason="unreadable", function="F")
    house.put(LETTERS, alert(1), reason="misconfigured")
    words = ("dlq", "discard", "--reason", "unreadable", "--export", str(export), "--yes")
    result = house.run(*words, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == [
        {"queue": "processing", "export": str(export), "exported": 1, "deleted": 1}
    ]
    (line,) = lines(export)
    assert line["body"] == UNREADABLE
    assert line["attributes"]["function"]["StringValue"] == "F"
    assert line["reason"] == "unreadable"
    assert datetime.fromisoformat(line["sent"]).tzinfo
    assert export.stat().st_mode & 0o777 == 0o600
    (kept,) = house.take(LETTERS)
    assert kept["Body"] == alert(1)


def test_bytes_in_an_attribute_are_exported_too(house: House, export: Path) -> None:
    house.stack.client("sqs").send_message(
        QueueUrl=house.stack.output(LETTERS),
        MessageBody="x",
        MessageAttributes={"blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}},
    )
    assert house.run("dlq", "discard", "--all", "--export", str(export), "--yes").exit_code == 0
    assert lines(export)[0]["attributes"]["blob"]["BinaryValue"] == "AP8="


@pytest.mark.parametrize("words", [(), ("--queue", "all"), ("--all", "--reason", "unreadable")])
def test_everything_is_discarded_only_by_that_word(
    house: House, export: Path, words: tuple[str, ...]
) -> None:
    house.put(LETTERS, UNREADABLE, reason="unreadable")
    result = house.run("dlq", "discard", *words, "--export", str(export), "--yes")
    assert result.exit_code == 2
    assert house.depth(LETTERS) == 1
    assert not export.exists()


def test_all_queues_are_emptied_into_one_export(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    house.put(LETTERS, UNREADABLE)
    for number in range(12):
        house.put("DistributionDeadLetterQueueUrl", announcement(f"i{number}"))
    result = house.run("dlq", "discard", "--queue", "all", "--all", "--yes")
    assert result.exit_code == 0, result.output
    (export,) = tmp_path.glob("dead-letters-*.jsonl")
    assert Counter(line["queue"] for line in lines(export)) == {"processing": 1, "distribution": 12}
    assert house.depth(LETTERS) + house.depth("DistributionDeadLetterQueueUrl") == 0


def test_who_says_no_keeps_the_letters_where_they_are(house: House, export: Path) -> None:
    house.put(LETTERS, UNREADABLE)
    result = house.run("dlq", "discard", "--all", "--export", str(export))
    assert result.exit_code == 1
    assert "unknown 1" in result.stdout
    assert len(house.take(LETTERS)) == 1
    assert len(lines(export)) == 1


def test_nothing_selected_leaves_no_file(house: House, export: Path) -> None:
    house.put(LETTERS, UNREADABLE)
    result = house.run("dlq", "discard", "--reason", "none", "--export", str(export))
    assert result.exit_code == 0
    assert not export.exists()


def test_an_export_is_never_written_over_and_nothing_is_deleted_without_one(
    house: House, export: Path, tmp_path: Path
) -> None:
    house.put(LETTERS, UNREADABLE)
    export.write_text("earlier")
    for path in (export, tmp_path / "nowhere" / "file"):
        result = house.run("dlq", "discard", "--all", "--export", str(path), "--yes")
        assert result.exit_code == 1
        assert "nothing was deleted" in result.output
    assert export.read_text() == "earlier"
    assert len(house.take(LETTERS)) == 1


def test_a_letter_that_comes_after_the_export_stays(house: House, export: Path) -> None:
    house.put(LETTERS, UNREADABLE)

    class Late:
        """An SQS client to which a letter comes when the first one has been put back."""

        def __init__(self) -> None:
            self.coming = ["late"]

        def __getattr__(self, name: str) -> Any:
            real = getattr(house.stack.client("sqs"), name)
            if name != "change_message_visibility_batch":
                return real

            def put_back(**options: object) -> Any:
                answer = real(**options)
                if self.coming:
                    house.put(LETTERS, self.coming.pop())
                return answer

            return put_back

    late = house.with_sqs(Late())
    words = ["dlq", "discard", "--all", "--export", str(export), "--yes"]
    assert CliRunner().invoke(cli, words, obj=lambda *_: late).exit_code == 0
    assert [line["body"] for line in lines(export)] == [UNREADABLE]
    assert [message["Body"] for message in house.take(LETTERS)] == ["late"]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("receive_message", 1),
        ("receive_message", 2),
        ("change_message_visibility_batch", 1),
        ("delete_message_batch", 1),
        ("delete_message_batch", 2),
    ],
)
def test_killed_anywhere_every_letter_is_in_the_queue_or_in_the_export(
    house: House, export: Path, call: str, number: int
) -> None:
    bodies = {f"letter {n}" for n in range(15)}
    for body in bodies:
        house.put(LETTERS, body)
    dying = Dying(house.stack.client("sqs"), call, number)
    words = ["dlq", "discard", "--all", "--yes", "--export"]
    with pytest.raises(Killed):
        CliRunner().invoke(
            cli, [*words, str(export)], obj=lambda *_: house.with_sqs(dying), catch_exceptions=False
        )
    exported = {line["body"] for line in lines(export)} if export.exists() else set()
    house.let_holds_run_out(LETTERS, dying.receipts)
    left = house.depth(LETTERS)
    assert left >= 15 - len(exported)
    assert left == (15 if number == 1 or call == "receive_message" else 5)

    again = export.with_name("again.jsonl")
    assert house.run(*words, str(again)).exit_code == 0
    assert exported | {line["body"] for line in lines(again)} == bodies
    assert house.depth(LETTERS) == 0


def test_a_letter_that_sqs_does_not_delete_fails_the_command(house: House, export: Path) -> None:
    house.put(LETTERS, UNREADABLE)

    class Keeping(Refusing):
        """An SQS client that deletes nothing."""

        def delete_message_batch(self, **_: object) -> dict[str, Any]:
            return {"Failed": [{"Id": "0", "Code": "InternalError"}]}

    keeping = house.with_sqs(Keeping(house.stack.client("sqs")))
    words = ["dlq", "discard", "--all", "--export", str(export), "--yes"]
    result = CliRunner().invoke(cli, words, obj=lambda *_: keeping)
    assert result.exit_code == 1
    assert "start again" in result.stderr
    assert len(house.take(LETTERS)) == 1

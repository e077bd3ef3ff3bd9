"""``responder dlq discard`` on moto's SQS: nothing is deleted before it is in the export."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from integration.letters import Dying, House, Killed, Refusing, alert, announcement, house_of_queues
from responder_cli.main import cli


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house_of_queues(monkeypatch) as house:
        yield house


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
    assert "Delete them from the queues of it?" in result.stderr
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

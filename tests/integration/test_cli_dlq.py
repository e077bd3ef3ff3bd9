"""The dead-letter commands on moto's SQS: nothing is deleted before its copy is in the target."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from integration.letters import (
    LONG_AGO,
    NOW,
    Dying,
    House,
    Killed,
    Refusing,
    alert,
    announcement,
    house_of_queues,
)
from responder.contracts import AlertMessage, Announcement
from responder.signature import signature
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house_of_queues(monkeypatch) as house:
        yield house


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
    assert "checkout: 31 % fail\n" in shown.output
    assert any(line.strip() == "Firing once" for line in shown.output.splitlines())
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


@pytest.mark.parametrize("words", [["--yes"], ["--dry-run"], ["--reason", "no_such", "--yes"]])
def test_letters_in_queues_that_nobody_named_are_told_of(house: House, words: list[str]) -> None:
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"))
    house.put("CriticalDeadLetterQueueUrl", announcement("i2"))
    done = house.run("dlq", "reprocess", "--queue", "distribution", *words)
    assert "critical still holds 1" in done.stderr
    assert "still holds" not in house.run("dlq", "reprocess", "--queue", "all", "--yes").output


def test_the_critical_queue_has_its_aws_name_too(house: House) -> None:
    house.put("CriticalDeadLetterQueueUrl", announcement("i1"))
    done = house.run("dlq", "reprocess", "--queue", "distribution-critical", "--yes")
    assert done.exit_code == 0, done.output
    assert len(house.take("CriticalQueueUrl")) == 1


def test_a_dry_run_and_a_refusal_move_nothing(house: House) -> None:
    house.put("DistributionDeadLetterQueueUrl", announcement("i1"))
    words = ("dlq", "reprocess", "--queue", "distribution")
    assert house.run(*words, "--dry-run").exit_code == 0
    asked = house.run(*words)
    assert (asked.exit_code, "Send them back on it?" in asked.stderr) == (1, True)
    assert house.depth("DistributionDeadLetterQueueUrl") == 1
    assert house.depth("DistributionQueueUrl") == 0


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

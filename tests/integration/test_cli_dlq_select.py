"""Which dead letters are meant: by age, reason, source and signature, in every dlq command."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.letters import House, alert, announcement, house_of_queues
from responder.contracts import AlertMessage
from responder.signature import signature

LETTERS, CARDS = "DeadLetterQueueUrl", "DistributionDeadLetterQueueUrl"
CRITICAL_CARDS = "CriticalDeadLetterQueueUrl"
DAY = 86_400


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house_of_queues(monkeypatch) as house:
        yield house


def shown(house: House, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(house.run("dlq", "show", *words, "--json").output)
    return found


@pytest.mark.parametrize(
    ("words", "met"),
    [
        (("--since", "1h"), 1),
        (("--before", "1h"), 0),
        (("--before", "2126-01-01"), 1),
        (("--since", "2126-01-01"), 0),
        (("--since", "1h", "--before", "2126-01-01"), 1),
    ],
)
def test_letters_are_selected_by_age(house: House, words: tuple[str, ...], met: int) -> None:
    house.put(LETTERS, alert(1))
    assert len(shown(house, *words)) == met
    house.run("dlq", "reprocess", *words, "--yes")
    assert house.depth("ProcessingQueueUrl") == met


def test_show_tells_of_every_queue_what_is_meant_and_no_more(house: House) -> None:
    house.put(LETTERS, alert(1), reason="unreadable")
    house.put(CARDS, announcement("i1"), reason="too_old")
    house.put(CARDS, announcement("i2"), reason="not_in_channel")
    found = shown(house, "--queue", "all")
    assert {(one["queue"], one["reason"]) for one in found} == {
        ("processing", "unreadable"),
        ("distribution", "too_old"),
        ("distribution", "not_in_channel"),
    }
    (only,) = shown(house, "--queue", "all", "--reason", "too_old")
    assert only["incident_id"] == "i1"
    said = house.run("dlq", "show", "--queue", "all", "--reason", "no_such").output
    assert said == "No dead-letter queue answers with such messages.\n"
    assert house.depth(LETTERS) + house.depth(CARDS) == 3


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("source", {"generic": 2, "grafana": 1}),
        (
            "signature",
            {
                signature(AlertMessage.model_validate_json(alert(1, tool)).alert).key: number
                for tool, number in (("generic", 2), ("grafana", 1))
            },
        ),
    ],
)
def test_list_counts_by_source_and_by_signature(
    house: House, by: str, counts: dict[str, int]
) -> None:
    for body in (alert(1), alert(2), alert(3, "grafana")):
        house.put(LETTERS, body)
    rows = json.loads(house.run("dlq", "list", "--by", by, "--json").output)
    assert rows[0][f"{by}s"] == counts
    assert rows[0]["receives"] >= 1
    assert by in house.run("dlq", "list", "--by", by).output


def test_a_card_is_of_the_signature_that_its_incident_is_of(house: House) -> None:
    house.put(CARDS, announcement("v1:abcdef.0123456789.4"))
    rows = json.loads(house.run("dlq", "list", "--by", "signature", "--json").output)
    assert [row["signatures"] for row in rows if row["queue"] == "distribution"] == [
        {"v1:abcdef": 1}
    ]


def test_what_is_on_its_way_to_slack_is_of_the_tool_of_its_incident(
    house: House, tmp_path: Path
) -> None:
    house.with_incidents("i1", "i2", source="t3am")
    house.put(CARDS, announcement("i1"))
    house.put(CARDS, announcement("gone"))
    house.put(CRITICAL_CARDS, announcement("i2"))
    rows = json.loads(house.run("dlq", "list", "--by", "source", "--json").output)
    assert {row["queue"]: row["sources"] for row in rows if row["depth"]} == {
        "distribution": {"t3am": 1, "unknown": 1},
        "critical": {"t3am": 1},
    }
    found = shown(house, "--queue", "all", "--source", "t3am")
    assert [(one["queue"], one["source"]) for one in found] == [
        ("distribution", "t3am"),
        ("critical", "t3am"),
    ]
    assert shown(house, "--queue", "all", "--source", "other") == []
    house.run("dlq", "reprocess", "--queue", "critical", "--source", "t3am", "--yes")
    assert house.depth("CriticalQueueUrl") == 1
    path = tmp_path / "letters.jsonl"
    words = ("--queue", "all", "--source", "t3am", "--export", str(path), "--yes")
    house.run("dlq", "discard", *words)
    (line,) = map(json.loads, path.read_text("ascii").splitlines())
    assert json.loads(line["body"])["incident_id"] == "i1"
    assert house.depth(CARDS) == 1


def test_an_incident_of_another_release_is_of_no_known_tool_and_ends_no_command(
    house: House,
) -> None:
    house.with_incidents("i1", source="t3am")
    theirs = {"id": {"S": "incident#theirs"}, "severity": {"S": "another release's"}}
    house.stack.client("dynamodb").put_item(TableName="it-incidents", Item=theirs)
    for name in ("i1", "theirs"):
        house.put(CARDS, announcement(name))
    rows = json.loads(house.run("dlq", "list", "--by", "source", "--json").output)
    assert [row["sources"] for row in rows if row["depth"]] == [{"t3am": 1, "unknown": 1}]
    words = ("--queue", "distribution", "--source", "t3am", "--yes")
    assert house.run("dlq", "reprocess", *words).exit_code == 0
    assert house.depth(CARDS) == 1


def test_an_event_of_a_tool_that_speaks_of_incidents_is_looked_up_nowhere(house: House) -> None:
    house.put("AsyncFailureQueueUrl", json.dumps({"incident_id": "theirs"}))
    (row,) = [
        row
        for row in json.loads(house.run("dlq", "list", "--by", "source", "--json").output)
        if row["depth"]
    ]
    assert row["sources"] == {"unknown": 1}


def test_an_export_has_what_is_meant_and_deletes_nothing(house: House, tmp_path: Path) -> None:
    house.put(LETTERS, alert(1), reason="unreadable")
    house.put(LETTERS, alert(2))
    house.put(CARDS, announcement("i1"))
    path = tmp_path / "letters.jsonl"
    words = ("--queue", "all", "--reason", "unreadable")
    done = house.run("dlq", "export", str(path), *words)
    assert done.exit_code == 0, done.output
    (line,) = map(json.loads, path.read_text("ascii").splitlines())
    assert (line["queue"], line["body"]) == ("processing", alert(1))
    assert path.stat().st_mode & 0o777 == 0o600
    assert house.depth(LETTERS) + house.depth(CARDS) == 3
    assert house.run("dlq", "export", str(path)).exit_code == 1


def test_a_selection_ends_badly_while_somebody_else_holds_letters(house: House) -> None:
    house.put(LETTERS, alert(1), reason="unreadable")
    url = house.stack.output(LETTERS)
    house.stack.client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=DAY // 2)
    house.put(LETTERS, alert(2), reason="unreadable")
    done = house.run("dlq", "reprocess", "--reason", "unreadable", "--yes")
    assert done.exit_code == 1
    assert "a run that was killed" in done.stderr
    assert house.depth("ProcessingQueueUrl") == 1


def test_a_trace_goes_back_with_its_letter(house: House) -> None:
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    house.stack.client("sqs").send_message(
        QueueUrl=house.stack.output(LETTERS),
        MessageBody=alert(1),
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}},
    )
    house.run("dlq", "reprocess", "--id", "a1", "--yes")
    answer = house.stack.client("sqs").receive_message(
        QueueUrl=house.stack.output("ProcessingQueueUrl"), MessageSystemAttributeNames=["All"]
    )
    assert answer["Messages"][0]["Attributes"]["AWSTraceHeader"] == trace

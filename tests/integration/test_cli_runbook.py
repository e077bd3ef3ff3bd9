"""``responder runbook`` on moto's S3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from responder.adapters import runbooks
from responder_cli import runbook
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, stack

BUCKET = "it-runbooks"


class Bench:
    """A folder, a bucket, and the command between them."""

    def __init__(self, folder: Path, client: Any) -> None:
        self.folder = folder
        self.client = client
        sts = Client({"get_caller_identity": {"Account": "111122223333"}})
        self.stack: Stack = stack({runbook.OUTPUT: BUCKET}, {"s3": client, "sts": sts})

    def run(self, *words: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli, ["runbook", *words], obj=lambda *_: self.stack, input=answer)

    def push(self, *words: str, answer: str = "") -> Result:
        return self.run("push", str(self.folder), *words, answer=answer)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def stored(self) -> list[str]:
        contents = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"] for one in contents]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        made = Bench(tmp_path, client)
        made.write("disk.md", "# Disk full\n1. Find what grows")
        made.write("team/queue.md", "# DLQ has messages\nReprocess them.")
        yield made


def test_a_folder_is_pushed_listed_and_searched(bench: Bench) -> None:
    bench.write("README.txt", "no runbook")
    bench.write(".git/notes.md", "no runbook either")
    pushed = bench.push()
    assert pushed.exit_code == 0, pushed.output
    assert "2 written, 0 removed, 0 as before; used within 3 minutes" in pushed.stdout
    assert bench.stored() == ["disk.md", "team/queue.md"]
    told = json.loads(bench.run("list", "--json").stdout)
    assert [(one["name"], one["passages"]) for one in told["runbooks"]] == [
        ("disk.md", 1),
        ("team/queue.md", 1),
    ]
    assert "team/queue.md" in bench.run("list").stdout
    found = bench.run("search", "ProcessingDlqHasMessages").stdout
    assert found.splitlines()[0].startswith("team/queue.md")
    assert "  Reprocess them." in found


def test_only_what_changed_is_sent_again(bench: Bench) -> None:
    bench.push()
    bench.write("disk.md", "# Disk full\n1. Call")
    assert "1 written, 0 removed, 1 as before" in bench.push().stdout


@pytest.mark.parametrize(
    ("words", "answer", "stays"), [((), "n\n", True), ((), "y\n", False), (("--yes",), "", False)]
)
def test_what_is_no_more_in_the_folder_is_removed_by_your_word_only(
    bench: Bench, words: tuple[str, ...], answer: str, stays: bool
) -> None:
    bench.push()
    (bench.folder / "disk.md").unlink()
    bench.push(*words, answer=answer)
    assert ("disk.md" in bench.stored()) is stays


def test_a_dry_run_shows_what_would_change_and_changes_nothing(bench: Bench) -> None:
    bench.push()
    (bench.folder / "disk.md").unlink()
    bench.write("team/new.md", "# New")
    shown = bench.push("--dry-run")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == ["To be written: team/new.md", "Not in the folder: disk.md"]
    assert shown.stderr == ""
    assert bench.stored() == ["disk.md", "team/queue.md"]


@pytest.mark.parametrize(
    ("words", "answer", "sent"),
    [((), "n\n", 0), ((), "y\n", 2), (("--yes",), "", 2), (("--stack", "it"), "", 2)],
)
def test_a_push_to_a_stack_on_aws_that_nobody_named_asks(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    answer: str,
    sent: int,
) -> None:
    monkeypatch.delenv("STACK_NAME", raising=False)
    bench.stack.on_aws = True
    done = bench.push(*words, answer=answer)
    assert ("Act on it of account 111122223333?" in done.stderr) is bool(answer)
    assert (done.exit_code, len(bench.stored())) == (0 if sent else 1, sent)


def test_other_files_of_the_bucket_are_left_alone(bench: Bench) -> None:
    bench.client.put_object(Bucket=BUCKET, Key="picture.png", Body=b"")
    assert bench.push().exit_code == 0
    assert "picture.png" in bench.stored()


def test_a_folder_beyond_the_limits_is_refused_before_anything_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbooks, "MAX_FILES", 1)
    refused = bench.push()
    assert refused.exit_code == 1
    assert "team/queue.md" in refused.output
    assert bench.stored() == []


def test_a_folder_without_runbooks_empties_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.push()
    (tmp_path / "empty").mkdir()
    refused = bench.run("push", str(tmp_path / "empty"), "--yes")
    assert refused.exit_code == 1
    assert len(bench.stored()) == 2


def test_what_the_function_does_not_read_is_warned_of(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.push()
    monkeypatch.setattr(runbooks, "MAX_FILES", 1)
    assert "team/queue.md" in bench.run("list").stderr
    assert json.loads(bench.run("list", "--json").stdout)["left_out"] == ["team/queue.md"]


def test_a_folder_is_searched_before_it_is_pushed(bench: Bench) -> None:
    asked = ("search", "disk full", "--folder", str(bench.folder), "--json")
    assert json.loads(bench.run(*asked).stdout) == [
        {"file": "disk.md", "heading": "Disk full", "text": "1. Find what grows", "url": ""}
    ]
    assert bench.stored() == []


def test_what_fits_nothing_is_said(bench: Bench) -> None:
    bench.push()
    assert "Nothing in 2 runbooks" in bench.run("search", "certificate expires").stdout
    assert json.loads(bench.run("search", "", "--json").stdout) == []

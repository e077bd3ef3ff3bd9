"""``responder card preview`` with the local Slack that it brings along."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration.cli_house import house_of
from responder.clock import utc_now
from responder.delivery import card
from responder.incident import Incident
from responder.ports import Message, Table
from responder.protocols import items
from responder_cli.card.commands import EXAMPLES
from responder_cli.card.examples import ANALYSED
from responder_cli.main import cli

Run = Callable[..., Result]


def no_aws(*_: object) -> object:
    """A stack that fails whoever asks it for anything."""
    return object()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, ["card", "preview", *words], obj=no_aws)


def given(page: Path) -> dict[str, Any]:
    """The state inside a page."""
    text = page.read_text(encoding="utf-8")
    inside = text.partition('id="given">')[2].partition("</script>")[0]
    state: dict[str, Any] = json.loads(inside)
    return state


def test_every_example_is_written_into_one_file(run: Run, tmp_path: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    page = tmp_path / "card-preview.html"
    assert page.as_uri() in result.stdout
    messages = given(page)["messages"]
    assert sum(message["thread"] is None for message in messages) == len(EXAMPLES)
    text = page.read_text(encoding="utf-8")
    assert 'src="' not in text
    assert 'href="/' not in text
    assert 'from "/' not in text


def test_a_directory_that_is_not_there_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    result = run("--out", "nowhere/card.html")
    (line,) = result.stderr.splitlines()
    assert (result.exit_code, "nowhere/card.html: No such file" in line) == (1, True)
    assert not tmp_path.joinpath("nowhere").exists()


def test_one_message_is_what_slack_gets(run: Run) -> None:
    message = json.loads(run("analysed_by_claude", "--json").stdout)
    assert list(message) == ["text", "blocks", "attachments"]
    assert message["blocks"][0]["type"] == "header"
    assert message["attachments"][0]["color"].startswith("#")


def test_several_messages_are_a_list(run: Run) -> None:
    messages = json.loads(run("told_in_the_thread", "--json").stdout)
    assert [message["text"].split()[1] for message in messages[1:]] == [
        "Severity",
        "Fired",
        "Resolved",
    ]


def test_a_webhook_tells_everything_in_the_channel(run: Run, tmp_path: Path) -> None:
    assert run("told_in_the_thread", "--webhook", "--out", "w.html").exit_code == 0
    messages = given(tmp_path / "w.html")["messages"]
    assert [message["via"] for message in messages] == ["webhook"] * 5
    assert "🔎 Analysis" in messages[1]["text"]
    assert all(message["thread"] is None for message in messages)


def test_an_incident_from_a_file(run: Run, tmp_path: Path) -> None:
    mine = ANALYSED.model_copy(update={"title": "my own title"})
    tmp_path.joinpath("incident.json").write_text(mine.model_dump_json())
    assert "my own title" in run("--file", "incident.json", "--json").stdout
    tmp_path.joinpath("broken.json").write_text('{"incident_id": 7}')
    broken = run("--file", "broken.json")
    assert broken.exit_code == 2
    assert "incident_id" in broken.stderr
    assert run("synthetic", "--file", "incident.json").exit_code == 2


def test_a_stored_incident(tmp_path: Path) -> None:
    mine = ANALYSED.model_copy(update={"title": "as it is stored"})
    with house_of("card", tmp_path, Table.INCIDENTS) as house:
        key = items.incident_item(mine.incident_id)
        items.change(house.store(Table.INCIDENTS), key, Incident, lambda _: mine, utc_now())
        shown = house.run("preview", "--json", "--incident", mine.incident_id)
        assert "as it is stored" in shown.stdout
        absent = house.run("preview", "--json", "--incident", "absent#1")
        assert absent.exit_code == 4
        assert "no incident absent#1" in absent.stderr


def test_what_slack_would_refuse_is_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renderer never makes such a message; somebody who changes it may."""
    too_long = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]

    def broken(incident: Incident, now: object) -> Message:
        return Message(text="t", blocks=too_long)

    monkeypatch.setattr(card, "render", broken)
    result = run("told_in_the_thread")
    assert result.exit_code == 1
    assert "Slack would refuse it: invalid_blocks" in result.stderr
    (refusal,) = given(tmp_path / "card-preview.html")["refusals"]
    assert "3001" in refusal["reasons"][0]

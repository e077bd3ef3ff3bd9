"""``responder sources`` on moto: what is written, shown, and never overwritten."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from responder_cli.aws import Stack
from responder_cli.main import cli
from responder_cli.sources import vault
from samples import JSON, sample
from unit.cli.stacks import stack
from unit.reception.doubles import Wired, request

SECRET = "it-prefix/sources"
OUTPUTS = {"SecretPrefix": "it-prefix", "IntakeUrl": "https://api.example/live/in"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


@dataclass
class Desk:
    """The command, its secret, and reception reading the same."""

    client: Any
    stack: Stack

    def run(self, *words: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli, ["sources", *words], obj=lambda *_: self.stack, input=answer)

    def json(self, *words: str, answer: str = "") -> Any:
        done = self.run(*words, "--json", answer=answer)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def put(self, value: object) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.client.put_secret_value(SecretId=SECRET, SecretString=text)

    def stored(self) -> Any:
        # Without the label moto answers the version that was last put, whatever is current.
        current = self.client.get_secret_value(SecretId=SECRET, VersionStage="AWSCURRENT")
        return json.loads(current["SecretString"])

    def posted(self, url: str, headers: dict[str, str] | None = None) -> int:
        """What reception answers a tool that has these settings."""
        segment, tool = url.removeprefix(OUTPUTS["IntakeUrl"] + "/").split("/")
        wired = Wired(sources=self.stored())
        body = sample("generic/firing.json")
        event = request(body, token=segment, tool=tool, headers={**JSON, **(headers or {})})
        status = wired.reception.http(event)["statusCode"]
        assert isinstance(status, int)
        return status


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        client.create_secret(Name=SECRET)
        yield Desk(client, stack(OUTPUTS, {"secretsmanager": client}))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_what_add_prints_is_what_reception_takes(desk: Desk) -> None:
    made = desk.json("add", "prod", "--tool", "alertmanager")
    (token,) = made["tokens"]
    assert made["url"] == "https://api.example/live/in/prod/alertmanager"
    assert desk.posted(made["url"], bearer(token)) == 202
    assert desk.posted(made["url"]) == 403
    by_address = desk.json("add", "old", "--tool", "splunk", "--by", "url")
    assert by_address["url"].endswith(f"/{by_address['tokens'][0]}/splunk")
    assert desk.posted(by_address["url"]) == 202


def test_the_settings_are_those_of_the_guide_with_everything_filled_in(desk: Desk) -> None:
    done = desk.run("add", "prod", "--tool", "prometheus")
    assert done.exit_code == 0, done.output
    (token,) = desk.stored()["sources"]["prod"]["tokens"]
    assert f'credentials: "{token}"' in done.output
    assert "- url: https://api.example/live/in/prod/prometheus\n" in done.output


def test_who_has_no_source_is_told_how_to_add_one_to_this_stack(desk: Desk) -> None:
    assert "scripts/responder sources add NAME --tool TOOL --stack it\n" in desk.run("list").output


def test_a_rotation_refuses_nobody_until_it_is_finished(desk: Desk) -> None:
    url = desk.json("add", "prod", "--tool", "alertmanager")["url"]
    (old,) = desk.stored()["sources"]["prod"]["tokens"]
    kept, new = desk.json("rotate", "prod")["tokens"]
    assert kept == old
    assert [desk.posted(url, bearer(token)) for token in (old, new)] == [202, 202]
    assert desk.run("rotate", "prod").exit_code == 1
    assert "rotating" in desk.run("list").output
    assert desk.json("rotate", "prod", "--finish")["tokens"] == [new]
    assert [desk.posted(url, bearer(token)) for token in (old, new)] == [403, 202]
    assert desk.run("rotate", "prod", "--finish").exit_code == 1


def test_a_tools_own_secret_comes_later(desk: Desk) -> None:
    done = desk.run("add", "errors", "--tool", "sentry", "--by", "signature")
    rotated = "scripts/responder sources rotate errors --signing-secret - --stack it\n"
    assert rotated in done.output
    before = desk.stored()["sources"]["errors"]
    assert desk.posted(f"{OUTPUTS['IntakeUrl']}/{before['tokens'][0]}/sentry") == 202
    told = desk.run("rotate", "errors", "--signing-secret", "-", answer="client-secret\n")
    assert told.exit_code == 0, told.output
    assert "client-secret" not in told.output
    after = desk.stored()["sources"]["errors"]
    assert after == {**before, "signature": {"scheme": "sentry", "secrets": ["client-secret"]}}
    assert desk.posted(f"{OUTPUTS['IntakeUrl']}/{before['tokens'][0]}/sentry") == 403
    empty = desk.run("rotate", "errors", "--signing-secret", "-", answer="\n")
    assert empty.exit_code == 2


def test_azures_secure_webhook_needs_no_secret_of_ours(desk: Desk) -> None:
    given = ["--tenant", "11111111-2222-3333-4444-555555555555", "--audience", "api://us"]
    made = desk.json("add", "azure", "--tool", "azure", *given)
    assert made["url"] == "https://api.example/live/in/azure/azure"
    assert desk.stored()["sources"]["azure"].keys() == {"tools", "entra"}
    assert desk.posted(made["url"]) == 403
    assert "Entra ID's token of 11111111" in desk.run("list").output
    assert desk.run("add", "b", "--tool", "azure", "--tenant", "x").exit_code == 2


def test_nothing_shows_a_secret_that_was_there_before(desk: Desk) -> None:
    made = desk.json("add", "prod", "--tool", "alertmanager", "--user", "prom")
    desk.run("add", "sns", "--tool", "sns", "--topic", TOPIC)
    secrets = [made["tokens"][0], desk.stored()["sources"]["sns"]["tokens"][0]]
    for words in (["list"], ["show", "prod"], ["show", "sns"], ["check"]):
        for said in (desk.run(*words).output, desk.run(*words, "--json").output):
            assert not any(secret in said for secret in secrets)
    assert secrets[0] in desk.run("show", "prod", "--reveal").output
    assert desk.json("show", "prod", "--reveal")["tokens"] == secrets[:1]
    shown = desk.run("list").output
    assert "token of prom" in shown
    assert TOPIC in shown


def test_two_operators_do_not_overwrite_each_other(desk: Desk) -> None:
    desk.run("add", "first", "--tool", "grafana")
    read_before = vault.load(desk.stack)
    desk.run("add", "second", "--tool", "grafana")
    with pytest.raises(Exception, match="Somebody else changed"):
        vault.save(desk.stack, {"sources": {}}, read_before)
    assert list(desk.stored()["sources"]) == ["first", "second"]
    versions = desk.client.list_secret_version_ids(SecretId=SECRET)["Versions"]
    labels = [label for one in versions for label in one.get("VersionStages", [])]
    assert not [label for label in labels if label.startswith("responder-")]


def test_two_first_ones_do_not_either(desk: Desk) -> None:
    empty = vault.load(desk.stack)
    desk.run("add", "first", "--tool", "grafana")
    with pytest.raises(Exception, match="Somebody else changed"):
        vault.save(desk.stack, {"sources": {}}, empty)
    assert list(desk.stored()["sources"]) == ["first"]


def test_entries_of_the_older_form_are_kept_rotated_and_removed(desk: Desk) -> None:
    desk.put({"tokens": {"a": "token-a", "b": {"token": "token-b", "tools": ["grafana"]}}})
    assert {"a", "b"} <= set(desk.json("list")["sources"])
    both = desk.json("rotate", "b")["tokens"]
    assert both[0] == "token-b"
    stored = desk.stored()
    assert stored["tokens"] == {"a": "token-a"}
    assert stored["sources"]["b"]["tools"] == ["grafana"]
    assert desk.json("remove", "a", "--yes") == {"removed": "a"}
    assert desk.stored()["tokens"] == {}


def test_a_source_is_removed_after_a_yes(desk: Desk) -> None:
    url = desk.json("add", "prod", "--tool", "alertmanager")["url"]
    (token,) = desk.stored()["sources"]["prod"]["tokens"]
    assert desk.run("remove", "prod", answer="n\n").exit_code == 1
    assert desk.posted(url, bearer(token)) == 202
    assert desk.run("remove", "prod", answer="y\n").exit_code == 0
    assert desk.posted(url, bearer(token)) == 403
    assert desk.run("remove", "prod", "--yes").exit_code == 4


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["add", "a b", "--tool", "grafana"], 2, "A name has"),
        (["add", "a", "--tool", "sns", "--by", "signature"], 2, "--topic"),
        (["add", "a", "--tool", "sns", "--topic", "arn:other"], 2, "topics"),
        (["add", "a", "--tool", "x", "--by", "url", "--by", "signature", "--timestamp-header", "y"],
         2, "timestamp_header"),
        (["add", "there", "--tool", "grafana"], 1, "already"),
        (["show", "nobody"], 4, "there are there"),
        (["rotate", "nobody"], 4, "no source nobody"),
        (["map", "nothing"], 4, "neither a mapping"),
    ],
)  # fmt: skip
def test_wrong_usage_changes_nothing(
    desk: Desk, words: list[str], exit_code: int, said: str
) -> None:
    desk.run("add", "there", "--tool", "grafana")
    before = desk.stored()
    done = desk.run(*words)
    assert (done.exit_code, said in done.output) == (exit_code, True), done.output
    assert desk.stored() == before


def test_check_says_what_lets_nobody_in(desk: Desk) -> None:
    assert desk.json("check") == {"sources": 0, "wrong": [], "doubts": []}
    desk.put(
        {"sources": {"bad": {"tokens": ["s3cret"], "sigature": {}}, "weak": {"tokens": ["x"]}}}
    )
    done = desk.run("check")
    assert done.exit_code == 1
    assert "Not right: bad: sigature" in done.output
    assert "Doubtful: weak" in done.output
    assert "s3cret" not in done.output
    desk.put("[]")
    assert "not a JSON object" in desk.run("check").output


def test_a_tool_of_ones_own_is_warned_of(desk: Desk) -> None:
    done = desk.run("add", "cron", "--tool", "our-cron", "--by", "basic", "--user", "cron")
    assert "No tool is called our-cron" in done.output
    assert desk.stored()["sources"]["cron"]["user"] == "cron"


def test_a_mapping_is_written_beside_the_sources_and_obeyed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "shopmon.json"
    file.write_text(json.dumps({"title": "label", "severity": "level"}))
    desk.run("add", "shop", "--tool", "shopmon", "--by", "url")
    assert desk.run("map", "shopmon").exit_code == 4
    assert desk.json("map", "shopmon", str(file))["mapping"]["title"] == ["label"]
    wired = Wired(sources=desk.stored())
    wired.reception.http(request(b'{"label": "till is open", "level": "P1"}', tool="shopmon"))
    assert wired.messages()[0].alert.title == "till is open"
    assert "label" in desk.run("map", "shopmon").output
    assert desk.json("map", "shopmon", "--remove")["mapping"] is None
    assert desk.run("map", "shopmon", "--remove").exit_code == 4
    assert list(desk.stored()["sources"]) == ["shop"]
    file.write_text(json.dumps({"title": "a..b"}))
    assert desk.run("map", "shopmon", str(file)).exit_code == 1
    assert desk.stored()["mappings"] == {}


def test_check_knows_mappings_too(desk: Desk) -> None:
    desk.put({"mappings": {"shopmon": {"titel": "label"}}})
    done = desk.run("check")
    assert done.exit_code == 1
    assert "Not right: mapping shopmon: " in done.output


def test_what_is_read_of_a_known_tool_is_in_its_guide(desk: Desk) -> None:
    assert "annotations.summary" in desk.run("map", "prometheus").output
    assert desk.json("map", "alertmanager")["maps"]["severity"]


def test_the_page_needs_no_stack() -> None:
    def nowhere(*_: object) -> Stack:
        raise AssertionError("asks for a stack")

    assert CliRunner().invoke(cli, ["sources", "docs", "--check"], obj=nowhere).exit_code == 0

"""``responder explain`` shows what the pipeline would do, and that only."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from responder.intake import parse
from responder.signature import signature
from responder_cli.main import cli

EVENTS = Path(__file__).parents[3] / "events"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *words])


@pytest.mark.parametrize("sample", sorted(EVENTS.glob("*/firing.json")), ids=str)
def test_every_firing_sample_is_explained_as_intake_and_signature_see_it(sample: Path) -> None:
    result = run(str(sample), "--json")
    assert result.exit_code == 0, result.output
    alerts = parse(sample.read_bytes(), {}, None)
    explained = json.loads(result.output)
    assert [one["signature"] for one in explained] == [signature(one).key for one in alerts]
    assert [one["severity"] for one in explained] == [one.severity.value for one in alerts]


@pytest.mark.parametrize(
    ("severity", "queue", "reason"),
    [("CRITICAL", "distribution-critical", "critical"), ("LOW", "distribution", "default")],
)
def test_the_route_hangs_on_the_severity(
    tmp_path: Path, severity: str, queue: str, reason: str
) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"source": "s", "title": "t", "message": "m", "severity": severity}))
    (explained,) = json.loads(run(str(body), "--json").output)
    assert explained["queue"] == queue
    assert explained["route_reason"] == reason


def test_hostile_text_reaches_the_terminal_as_escapes(tmp_path: Path) -> None:
    body = tmp_path / "page.txt"
    body.write_text("down \x1b[2J\u202e now")
    result = run(str(body), "--header", "Content-Type: text/plain")
    assert result.exit_code == 0
    assert "\\u202e now" in result.output
    assert not {"\x1b", "\u202e"} & set(result.output)


def test_what_reception_would_refuse_exits_with_one_and_says_why(tmp_path: Path) -> None:
    body = tmp_path / "empty.json"
    body.write_text(" ")
    result = run(str(body))
    assert result.exit_code == 1
    assert "refused with 400" in result.output
    body.write_text("{")
    assert run(str(body)).exit_code == 0


def test_a_header_without_a_colon_is_wrong_usage(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text("{}")
    assert run(str(body), "--header", "nonsense").exit_code == 2


def test_rules_are_obeyed_and_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('{"rules": [{"why": "one shop", "ignore_labels": ["job"]}]}')
    sample = str(EVENTS / "alertmanager" / "firing.json")
    (plain,) = json.loads(run(sample, "--json").stdout)
    (corrected,) = json.loads(run(sample, "--json", "--rules", str(file)).stdout)
    assert corrected["signature"] != plain["signature"]
    assert corrected["signature_made_of"].startswith("Corrected by rules v0: one shop.")


def test_routes_of_a_file_are_obeyed(tmp_path: Path) -> None:
    routes = tmp_path / "routes.json"
    routes.write_text(json.dumps({"routes": [{"channel": "#backups"}]}))
    sample = str(EVENTS / "generic" / "firing.json")
    (explained,) = json.loads(run(sample, "--routes", str(routes), "--json").output)
    assert (explained["channel"], explained["route_reason"]) == ("#backups", "routed")


def test_a_change_is_explained_and_has_no_card() -> None:
    (change,) = json.loads(run(str(EVENTS / "github" / "deployment.json"), "--json").stdout)
    assert (change["service"], change["state"]) == ("checkout", "started")
    assert change["card"].startswith("none")
    alert, too = json.loads(run(str(EVENTS / "codedeploy" / "failed.json"), "--json").stdout)
    assert (alert["title"], too["state"]) == (
        "checkout: deployment to group blue-green failed",
        "failed",
    )
    (held,) = json.loads(run(str(EVENTS / "github" / "ping.json"), "--json").stdout)
    assert held == {"held": "no_change", "card": "none"}


def test_a_field_mapping_is_tried_before_it_is_deployed(tmp_path: Path) -> None:
    body, mapping = tmp_path / "body.json", tmp_path / "mapping.json"
    body.write_text(json.dumps({"check": "disk", "lvl": 5}))
    mapping.write_text(
        json.dumps({"title": "check", "severities": {"5": "HIGH"}, "severity": "lvl"})
    )
    words = (str(body), "--tool", "ShopMon", "--mapping", str(mapping), "--json")
    (explained,) = json.loads(run(*words).output)
    assert (explained["source"], explained["title"], explained["severity"]) == (
        "shopmon", "disk", "HIGH",
    )  # fmt: skip


def test_a_wrong_field_mapping_is_refused_by_its_place(tmp_path: Path) -> None:
    body, mapping = tmp_path / "body.json", tmp_path / "mapping.json"
    body.write_text("{}")
    mapping.write_text(json.dumps({"title": "a..b", "tytle": "c"}))
    refused = run(str(body), "--tool", "shopmon", "--mapping", str(mapping))
    assert refused.exit_code == 1
    assert "title 1: 'a..b' is no path" in refused.output
    assert "tytle" in refused.output
    assert run(str(body), "--mapping", str(mapping)).exit_code == 2

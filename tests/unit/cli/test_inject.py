"""``responder inject`` posts with the stack's key and follows the alert through the tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from click.testing import CliRunner, Result

from local_stack.loopback import Reply, Request, json_reply
from responder.intake import parse
from responder_cli.aws import Stack
from responder_cli.main import cli
from serving import serving
from unit.cli.stacks import Client, stack

ACCEPTED = "2026-11-21T12:00:00+00:00"
POSTED = "2026-11-21T12:00:01.500000+00:00"
ANALYSED = "2026-11-21T12:00:04+00:00"
CLAUDE = {"made_by": "claude-haiku-5-5", "tier": "small", "made_at": ANALYSED}
AWAITED = {"made_by": "fallback", "tier": "fallback", "made_at": ANALYSED, "fallback_reason": ""}


@dataclass
class Gateway:
    """A front door that wants the key ``k`` and remembers what it was sent.

    ``status`` is what it answers to who has the key.
    """

    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    alert_ids: list[str] = field(default_factory=lambda: ["a1"])
    url: str = ""
    status: int = 202

    def __call__(self, request: Request) -> Reply:
        self.requests.append((request.path, request.headers["content-type"], request.body))
        if request.headers["x-api-key"] != "k":
            return json_reply({"message": "Forbidden"}, 403)
        if self.status >= 400:
            return json_reply({"message": "no"}, self.status)
        return json_reply({"alert_ids": self.alert_ids}, self.status)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    with serving(gateway) as server:
        gateway.url = server.url
        yield gateway


def house(gateway: Gateway, items: dict[str, dict[str, Any]], key: str = "k") -> Stack:
    """A stack behind ``gateway`` whose tables hold ``items`` by their key."""

    def get_item(Key: dict[str, dict[str, str]], **_: object) -> dict[str, Any]:
        ((_name, value),) = Key.items()
        item = items.get(value["S"])
        serialize = TypeSerializer().serialize
        return {} if item is None else {"Item": {k: serialize(v) for k, v in item.items()}}

    return stack(
        {"WebhookUrl": f"{gateway.url}/alerts", "ApiKeyId": "id"},
        {
            "apigateway": Client({"get_api_key": {"value": key}}),
            "dynamodb": Client({"get_item": get_item}),
        },
    )


def run(target: Stack, *words: str) -> Result:
    return CliRunner().invoke(cli, ["inject", *words], obj=lambda *_: target)


def alert(**more: object) -> dict[str, dict[str, Any]]:
    return {"a1": {"created_at": ACCEPTED, "incident_id": "i1", "held": "", **more}}


CARD = {"card#i1": {"shown": 1, "ts": "1.2", "posted_at": POSTED}}


@pytest.fixture
def body(tmp_path: Path) -> str:
    path = tmp_path / "body.json"
    path.write_text('{"title": "t"}')
    return str(path)


def test_the_payload_goes_unchanged_through_the_front_door(gateway: Gateway, body: str) -> None:
    result = run(house(gateway, {}), body, "--tool", "grafana", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == [{"alert_id": "a1"}]
    assert gateway.requests == [("/alerts/grafana", "application/json", b'{"title": "t"}')]


def test_text_is_sent_as_text(gateway: Gateway, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("disk full")
    run(house(gateway, {}), str(page))
    assert gateway.requests[0][1] == "text/plain"


def test_waiting_tells_the_times_to_card_and_analysis(gateway: Gateway, body: str) -> None:
    items = {**alert(), **CARD, "incident#i1": {"analysis": CLAUDE}}
    (way,) = json.loads(run(house(gateway, items), body, "--wait", "--json").output)
    assert way["seconds_to_card"] == 1.5
    assert way["seconds_to_analysis"] == 4.0
    assert way["analysed_by"] == "claude-haiku-5-5"


def test_a_card_without_its_analysis_is_a_card(gateway: Gateway, body: str) -> None:
    items = {**alert(), **CARD, "incident#i1": {"analysis": AWAITED}}
    result = run(house(gateway, items), body, "--wait", "--timeout", "1", "--json")
    assert result.exit_code == 0
    (way,) = json.loads(result.output)
    assert way["seconds_to_card"] == 1.5
    assert "analysed_by" not in way


@pytest.mark.parametrize(
    "items",
    [{}, alert(), {**alert(), "card#i1": {"shown": 0}}],
    ids=["no", "no card", "old"],
)
def test_no_card_in_time_is_a_failure(
    gateway: Gateway, body: str, items: dict[str, dict[str, Any]]
) -> None:
    result = run(house(gateway, items), body, "--wait", "--timeout", "1")
    looked = "scripts/responder health --stack it; scripts/responder dlq list --stack it"
    assert (result.exit_code, f"no card within 1 s: {looked}\n" in result.stderr) == (1, True)


def test_a_held_alert_needs_no_card_and_says_why(gateway: Gateway, body: str) -> None:
    items = alert(held="resolve_without_firing", incident_id="")
    result = run(house(gateway, items), body, "--wait", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)[0]["held"] == "resolve_without_firing"


def test_an_alert_of_a_held_incident_says_what_holds_it(gateway: Gateway, body: str) -> None:
    items = {**alert(), "incident#i1": {"analysis": AWAITED, "held": "throttle"}}
    result = run(house(gateway, items), body, "--wait", "--timeout", "1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)[0]["held"] == "throttle"


JOINED = {"incident#i1": {"analysis": CLAUDE, "revision": 7}}
EARLIER = "2026-11-21T11:00:00+00:00"


@pytest.mark.parametrize(
    ("shown", "arrives"), [(6, False), (7, True)], ids=["not yet counted", "counted"]
)
def test_an_open_incidents_card_shows_an_alert_once_it_counts_it(
    gateway: Gateway, body: str, shown: int, arrives: bool
) -> None:
    card = {"shown": shown, "ts": "1.2", "posted_at": EARLIER, "shown_at": POSTED}
    items = {**alert(), **JOINED, "card#i1": card}
    result = run(house(gateway, items), body, "--wait", "--timeout", "1", "--json")
    assert result.exit_code == (0 if arrives else 1)
    (way,) = json.loads(result.stdout)
    assert way.get("seconds_to_card") == (1.5 if arrives else None)
    told = "the card of i1 was there before, and was not updated within 1 s"
    assert result.stderr.startswith("" if arrives else told)
    assert "no card" not in result.stderr


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--wait",), 1)])
def test_what_was_known_before_is_called_a_duplicate(
    gateway: Gateway, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    path = tmp_path / "known.json"
    path.write_text('{"title": "t", "timestamp": "2026-11-20T02:14:07Z"}')
    (known,) = parse(path.read_bytes(), {}, None)
    gateway.alert_ids = [known.alert_id]
    items = {known.alert_id: alert()["a1"], **CARD, "incident#i1": {"analysis": CLAUDE}}
    result = run(house(gateway, items), str(path), *words, "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout) == [
        {"alert_id": known.alert_id, "accepted_at": ACCEPTED, "duplicate": True}
    ]
    assert "duplicate of an alert accepted at 2026-11-21 12:00:00" in result.stderr
    assert gateway.requests[0][2] == path.read_bytes()


def test_a_sample_is_sent_as_happening_now(gateway: Gateway) -> None:
    for name in ("generic/firing", "unknown/plain_text"):
        assert run(house(gateway, {}), "--sample", name).exit_code == 0
    firing, text = gateway.requests
    assert "2026-11-20T02:14:07Z" not in firing[2].decode()
    assert text[1] == "text/plain"


@pytest.mark.parametrize(
    ("sample", "said"),
    [("generic/fring", "Did you mean generic/firing"), ("zzzz", "files of events/")],
)
def test_a_sample_that_there_is_not_names_those_like_it(
    gateway: Gateway, sample: str, said: str
) -> None:
    result = run(house(gateway, {}), "--sample", sample)
    assert (result.exit_code, said in result.stderr) == (2, True)
    assert result.stderr.count("/") < 20


def test_the_200_that_some_tools_insist_on_is_a_success(gateway: Gateway, body: str) -> None:
    gateway.status = 200
    result = run(house(gateway, {}), body, "--tool", "librenms", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [{"alert_id": "a1"}])


def test_a_refused_payload_is_a_failure(gateway: Gateway, body: str) -> None:
    gateway.status = 400
    result = run(house(gateway, {}), body)
    assert (result.exit_code, "refused with 400" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [("wrong", 202, "403"), ("k", 429, "429"), ("k", 500, "500"), ("k", 503, "503")],
)
def test_a_door_that_refuses_us_or_fails_is_no_fault_of_the_payload(
    gateway: Gateway, body: str, key: str, status: int, said: str
) -> None:
    gateway.status = status
    result = run(house(gateway, {}, key), body)
    assert (result.exit_code, f"refused with {said}" in result.stderr) == (3, True)


def test_neither_or_both_of_file_and_sample_is_wrong_usage(gateway: Gateway, body: str) -> None:
    assert run(house(gateway, {})).exit_code == 2
    assert run(house(gateway, {}), body, "--sample", "generic/firing").exit_code == 2

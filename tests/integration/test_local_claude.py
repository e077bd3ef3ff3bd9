"""The local Claude, driven over HTTP by the anthropic SDK, refuses what the real API refuses."""

import copy
import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message

from integration.clock import Clock
from local_stack import claude_server
from local_stack.claude_schema import CANNED
from local_stack.loopback import Server

SCRIPTS = Path(claude_server.__file__).parents[1]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "summary",
        "causes",
        "checks",
        "severity",
        "impact",
        "noise",
        "seen",
        "known",
        "at",
    ],
    "properties": {
        "summary": {"type": "string", "description": "One sentence."},
        "causes": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/cause"}},
        "checks": {"type": "array", "items": {"type": "string"}},
        "severity": {"enum": ["HIGH", "MEDIUM", "LOW"]},
        "impact": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "noise": {"type": ["number", "null"]},
        "seen": {"type": "integer"},
        "known": {"type": "boolean"},
        "at": {"type": "string", "format": "date-time"},
    },
    "$defs": {
        "cause": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text"],
            "properties": {"text": {"type": "string"}, "kind": {"const": "cause"}},
        }
    },
}
REQUEST: dict[str, Any] = {
    "model": "claude-haiku-5-5",
    "max_tokens": 2000,
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "what happened?"}],
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def server(clock: Clock, waits: list[float]) -> Iterator[Server]:
    running = claude_server.start(answers="canned", clock=clock, wait=waits.append)
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Anthropic:
    return client_of(server)


def client_of(server: Server, key: str = "any-key") -> Anthropic:
    return Anthropic(api_key=key, base_url=server.url, max_retries=0, timeout=5)


def ask(client: Anthropic, **changes: Any) -> Message:
    message: Message = client.messages.create(**{**REQUEST, **changes})
    return message


def control(server: Server, **order: Any) -> Any:
    request = urllib.request.Request(f"{server.url}/control", json.dumps(order).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def counters(server: Server) -> Any:
    with urllib.request.urlopen(f"{server.url}/control", timeout=5) as answer:
        return json.loads(answer.read())


def text_of(message: Message) -> str:
    (block,) = message.content
    assert block.type == "text"
    return block.text


def test_a_canned_answer_fills_the_schema_and_says_that_it_is_canned(client: Anthropic) -> None:
    message = ask(client)
    assert json.loads(text_of(message)) == {
        "summary": CANNED,
        "causes": [{"text": CANNED, "kind": "cause"}],
        "checks": [],
        "severity": "MEDIUM",
        "impact": CANNED,
        "noise": 0.5,
        "seen": 1,
        "known": False,
        "at": "2026-01-01T00:00:00Z",
    }
    assert (message.stop_reason, message.model) == ("end_turn", "claude-haiku-5-5")


def test_usage_grows_with_the_text(client: Anthropic) -> None:
    short = ask(client).usage
    long = ask(client, messages=[{"role": "user", "content": "x" * 4000}]).usage
    assert 990 <= long.input_tokens - short.input_tokens <= 1000
    assert short.output_tokens > len(CANNED) // 4


def test_without_answers_it_says_401_and_never_makes_one_up() -> None:
    silent = claude_server.start()
    try:
        with pytest.raises(anthropic.AuthenticationError, match="no answer to give"):
            ask(client_of(silent))
        assert counters(silent)["outcomes"] == {"no_answer": 1}
    finally:
        silent.stop()


def test_answers_from_a_file_are_chosen_by_what_the_request_says(tmp_path: Path) -> None:
    rules = [{"when": "disk", "answer": {"summary": "disk"}}, {"when": "net", "answer": "as is"}]
    (tmp_path / "answers.json").write_text(json.dumps(rules))
    filed = claude_server.start(answers=str(tmp_path / "answers.json"))
    try:
        client = client_of(filed)
        for said, answer in (("the disk", '{"summary": "disk"}'), ("the net", "as is")):
            message = ask(client, messages=[{"role": "user", "content": said}])
            assert text_of(message) == answer
        with pytest.raises(anthropic.AuthenticationError):
            ask(client)
    finally:
        filed.stop()


def test_the_key_and_the_version_are_checked(server: Server) -> None:
    keyed = claude_server.start(answers="canned", key="right")
    try:
        with pytest.raises(anthropic.AuthenticationError) as caught:
            ask(client_of(keyed, "wrong"))
        assert caught.value.type == "authentication_error"
        assert caught.value.request_id == caught.value.body["request_id"]  # type: ignore[index]
        assert ask(client_of(keyed, "right")).role == "assistant"
    finally:
        keyed.stop()
    bare = urllib.request.Request(f"{server.url}/v1/messages", b"{}", {"Authorization": "Bearer k"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(bare, timeout=5)
    assert refused.value.code == 400
    assert "anthropic-version" in json.loads(refused.value.read())["error"]["message"]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    request = copy.deepcopy(REQUEST)
    change(request)
    return request


def in_schema(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    return changed(lambda request: change(request["output_config"]["format"]["schema"]))


USER = {"role": "user", "content": "x"}
ASSISTANT = {"role": "assistant", "content": "{"}
MARKED = {"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (changed(lambda r: r.update(temperature=1)), "temperature"),
        (changed(lambda r: r.update(top_p=1)), "top_p"),
        (changed(lambda r: r.update(top_k=1)), "top_k"),
        (changed(lambda r: r.update(output_format={})), "output_format"),
        (changed(lambda r: r.update(stream=True)), "stream"),
        (changed(lambda r: r.update(tools=[])), "tools"),
        (changed(lambda r: r.pop("max_tokens")), "max_tokens"),
        (changed(lambda r: r.update(max_tokens=0)), "max_tokens"),
        (changed(lambda r: r.pop("model")), "model"),
        (changed(lambda r: r.update(messages=[])), "messages"),
        (changed(lambda r: r.update(messages=[ASSISTANT])), "user role"),
        (changed(lambda r: r.update(messages=[USER, USER])), "alternate"),
        (changed(lambda r: r.update(messages=[USER, ASSISTANT])), "prefill"),
        (changed(lambda r: r.update(messages=[{"role": "system", "content": "x"}])), "role"),
        (changed(lambda r: r.update(messages=[{"role": "user", "content": ""}])), "content"),
        (changed(lambda r: r.update(system=[MARKED] * 5)), "cache_control"),
        (changed(lambda r: r["output_config"].update(effort="huge")), "effort"),
        (changed(lambda r: r["output_config"]["format"].update(name="n")), "name"),
        (changed(lambda r: r.update(thinking={"type": "enabled", "budget_tokens": 2000})),
         "budget_tokens"),
        (in_schema(lambda s: s.pop("additionalProperties")), "additionalProperties"),
        (in_schema(lambda s: s["$defs"]["cause"].update(additionalProperties=True)),
         "additionalProperties"),
        (in_schema(lambda s: s["properties"]["summary"].update(maxLength=9)), "maxLength"),
        (in_schema(lambda s: s["properties"]["noise"].update(minimum=0)), "minimum"),
        (in_schema(lambda s: s["properties"]["causes"].update(maxItems=3)), "maxItems"),
        (in_schema(lambda s: s["properties"]["causes"].update(minItems=2)), "minItems"),
        (in_schema(lambda s: s["properties"]["at"].update(format="text")), "format"),
        (in_schema(lambda s: s["properties"].update(odd={})), "odd"),
        (in_schema(lambda s: s["required"].append("absent")), "absent"),
        (in_schema(lambda s: s["$defs"]["cause"]["properties"].update(
            {"why": {"$ref": "#/$defs/cause"}})), "recursive"),
    ],
)  # fmt: skip
def test_requests_that_claude_would_refuse(
    server: Server, client: Anthropic, request_body: dict[str, Any], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said) as caught:
        client.post("/v1/messages", body=request_body, cast_to=Message)
    assert caught.value.type == "invalid_request_error"
    assert counters(server)["outcomes"] == {"400": 1}


def test_an_unknown_model_is_not_found(client: Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError):
        ask(client, model="gpt-9")


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("429", anthropic.RateLimitError),
        ("529", anthropic._exceptions.OverloadedError),
        ("500", anthropic.InternalServerError),
        ("html", anthropic.InternalServerError),
        ("drop", anthropic.APIConnectionError),
    ],
)
def test_outages_on_demand(
    server: Server, client: Anthropic, mode: str, error: type[anthropic.APIError]
) -> None:
    control(server, fail={"mode": mode, "count": 2, "retry_after": 7})
    for _ in range(2):
        with pytest.raises(error) as caught:
            ask(client)
    if isinstance(caught.value, anthropic.RateLimitError):
        assert caught.value.response.headers["retry-after"] == "7"
    if mode == "html":
        assert caught.value.response.status_code == 502  # type: ignore[attr-defined]
    assert ask(client).stop_reason == "end_turn"
    assert counters(server)["outcomes"] == {mode: 2, "answered": 1}


def test_a_refusal_on_demand(server: Server, client: Anthropic) -> None:
    control(server, fail={"mode": "refusal"})
    message = ask(client)
    assert (message.stop_reason, message.content) == ("refusal", [])
    assert message.stop_details is not None
    assert message.stop_details.category == "cyber"


def test_truncated_and_garbled_answers_on_demand(server: Server, client: Anthropic) -> None:
    for mode, reason in (("max_tokens", "max_tokens"), ("garbage", "end_turn")):
        control(server, fail={"mode": mode, "count": 1})
        message = ask(client)
        assert message.stop_reason == reason
        with pytest.raises(json.JSONDecodeError):
            json.loads(text_of(message))


def test_an_answer_longer_than_max_tokens_is_cut(client: Anthropic) -> None:
    message = ask(client, max_tokens=5)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 5)
    assert len(text_of(message)) == 20


def test_delays_add_up_and_end(server: Server, client: Anthropic, waits: list[float]) -> None:
    control(server, delay=20, fail={"mode": "delay", "delay": 5, "count": 1})
    ask(client)
    ask(client)
    control(server, delay=0)
    ask(client)
    assert waits == [25, 20]


def test_a_failure_for_some_seconds_ends_by_the_clock(
    server: Server, client: Anthropic, clock: Clock
) -> None:
    control(server, fail={"mode": "529", "seconds": 60})
    clock.now += 59
    with pytest.raises(anthropic.InternalServerError):
        ask(client)
    clock.now += 1
    assert ask(client).stop_reason == "end_turn"


def test_control_lists_what_was_asked(server: Server, client: Anthropic) -> None:
    ask(client)
    (seen,) = counters(server)["requests"]
    assert seen.pop("chars") > len(json.dumps(SCHEMA)) // 2
    assert seen == {
        "model": "claude-haiku-5-5",
        "effort": "low",
        "received_at": "2023-11-14T22:13:20+00:00",
        "outcome": "answered",
    }
    assert control(server, clear=True)["calls"] == 0
    for order in ({"fail": {"mode": "explode"}}, {"delay": -1}, {"speed": 1}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            control(server, **order)


def test_the_command_starts_with_a_failure_and_stops_on_a_signal() -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local_stack.claude_server"),
            *("--answers=canned", "--fail=drop", "--fail-count=1"),
        ],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().removeprefix("local Claude ready at ").strip()
    client = Anthropic(api_key="k", base_url=url, max_retries=0, timeout=5)
    with pytest.raises(anthropic.APIConnectionError):
        ask(client)
    assert ask(client).stop_reason == "end_turn"
    process.terminate()
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_refuses_an_answers_file_that_is_none(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "local_stack.claude_server", "--answers", str(wrong)],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert str(wrong) in done.stderr


def test_many_callers_at_once_are_all_answered(server: Server) -> None:
    connections = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(16)]
    headers = {"Authorization": "Bearer k", "anthropic-version": "2026-10-21"}

    def call(connection: http.client.HTTPConnection) -> int:
        for _ in range(10):
            connection.request("POST", "/v1/messages", json.dumps(REQUEST), headers)
            answer = connection.getresponse()
            answer.read()
        return answer.status

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(call, connections)) == [200] * 16
    for connection in connections:
        connection.close()
    assert counters(server)["outcomes"] == {"answered": 160}

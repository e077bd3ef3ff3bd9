"""The Claude adapter over real HTTP: the local Claude, and servers that misbehave."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.claude_local import Unguarded, local
from local_stack import claude_server
from local_stack.loopback import Fate, Reply, Request
from local_stack.troubles import Troubles
from responder.adapters.claude import ApiKey, Claude
from responder.alert import Severity
from responder.analysis import pricing
from responder.analysis.prompt import PROMPT_VERSION, VERSIONS
from responder.analysis.reading import Unusable
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import tiers
from responder.analysis.verdict import Confidence
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.ports import Analyst
from serving import serving
from unit.analysis.examples import NOW, answer, case

TIERS = tiers("claude-haiku-5-5", "claude-sonnet-5-5")


class Keys:
    """The secret as it changes: one entry per fresh fetch, the last one for ever."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.fetched: list[bool] = []

    def __call__(self, force_fresh: bool) -> str:
        self.fetched.append(force_fresh)
        if force_fresh and len(self.keys) > 1:
            self.keys.pop(0)
        if not self.keys[0]:
            raise Retryable(Reason.SECRET_MISSING, "mcp-responder/anthropic-key is empty")
        return self.keys[0]


def claude(url: str, *, keys: Keys | None = None, seconds: float = 5) -> Claude:
    way_in = ApiKey(keys or Keys("sk-test"), base_url=url, timeout_seconds=seconds)
    return Claude(way_in, TIERS, Unguarded(), lambda: NOW)


def rules(tmp_path: Path, said: Any) -> str:
    """An answers file of the local Claude, written by hand."""
    file = tmp_path / "answers.json"
    file.write_text(json.dumps([{"when": "DiskWillFill", "answer": said}]))
    return str(file)


def error_of(url: str, **options: Any) -> ResponderError:
    with pytest.raises(ResponderError) as caught:
        claude(url, **options).question(case(), "small").ask()
    return caught.value


def always(status: int, body: Any, **headers: str) -> Callable[[Request], Reply]:
    reply = Reply(status, json.dumps(body).encode(), headers=headers)
    return lambda request: reply


def api_error(kind: str, code: str = "", said: str = "no") -> dict[str, Any]:
    error: dict[str, Any] = {"type": kind, "message": said}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": "req_1"}


def test_a_verdict_is_read_paid_and_signed(tmp_path: Path) -> None:
    with local(answers=rules(tmp_path, answer())) as server:
        analyst: Analyst = claude(server.url)
        question = analyst.question(case(), "small")
        found = question.ask()
    assert found.headline == "orders: /var on db-1 is nearly full"
    assert (found.made_by, found.tier, found.made_at) == ("claude-haiku-5-5", "small", NOW)
    assert found.prompt_version == PROMPT_VERSION
    usage = pricing.Usage(found.input_tokens, found.output_tokens)
    assert found.cost_usd == pricing.cost_usd("claude-haiku-5-5", usage)
    assert 0 < found.cost_usd <= question.ceiling_usd


def test_the_configured_prompt_is_sent_and_named_and_the_time_is_taken(tmp_path: Path) -> None:
    moments = iter((NOW, NOW + timedelta(seconds=3)))
    seen: list[Request] = []
    troubles = Troubles(claude_server.MODES, time.time)
    answering = claude_server.LocalClaude(troubles, time.time, rules(tmp_path, answer()), "", 0)

    def noted(request: Request) -> Reply:
        seen.append(request)
        return answering(request)

    with serving(noted) as server:
        way_in = ApiKey(Keys("sk-test"), base_url=server.url, timeout_seconds=5)
        older = Claude(way_in, TIERS, Unguarded(), lambda: next(moments), prompt_version="v1")
        found = older.question(case(), "small").ask()
    assert json.loads(seen[0].body)["system"][0]["text"] == VERSIONS["v1"]
    assert (found.prompt_version, found.seconds) == ("v1", 3)


def test_the_request_is_one_that_the_real_rules_take() -> None:
    """The canned local Claude checks version, key, schema, roles and unknown parameters."""
    with local(answers="canned") as server:
        found = claude(server.url).question(case(severity=Severity.CRITICAL), "large").ask()
    assert (found.made_by, found.tier) == ("claude-sonnet-5-5", "large")
    assert found.confidence is Confidence.MEDIUM


def test_what_goes_over_the_wire() -> None:
    seen: list[Request] = []

    def application(request: Request) -> Reply:
        seen.append(request)
        return always(529, api_error("overloaded_error"))(request)

    secret = "hunter2" * 3
    with serving(application) as server:
        analyst = claude(server.url)
        for title in ("one", f"two password={secret}"):
            with pytest.raises(Retryable):
                analyst.question(case(title=title), "small").ask()
    first, second = (json.loads(request.body) for request in seen)
    assert seen[0].path == "/v1/messages"
    assert seen[0].headers["authorization"] == "Bearer sk-test"
    assert first["system"] == second["system"]
    assert first["system"][0]["text"] == VERSIONS[PROMPT_VERSION]
    assert first["output_config"] == {
        "format": {"type": "json_schema", "schema": SCHEMA},
        "effort": "low",
    }
    assert first["max_tokens"] <= 2000
    assert set(first) == {"model", "max_tokens", "system", "messages", "output_config"}
    assert secret not in seen[1].body.decode()


def test_one_client_serves_all_calls_and_never_retries() -> None:
    retries: list[str] = []

    def application(request: Request) -> Reply:
        retries.append(request.headers.get("x-stainless-retry-count", ""))
        return always(529, api_error("overloaded_error"))(request)

    with serving(application) as server:
        way_in = ApiKey(Keys("sk-test"), base_url=server.url, timeout_seconds=5)
        analyst = Claude(way_in, TIERS, Unguarded())
        for _ in range(3):
            with pytest.raises(Retryable):
                analyst.question(case(), "small").ask()
        assert way_in.client() is way_in.client()
    assert retries == ["0", "0", "0"]


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (429, api_error("rate_limit_error"), Retryable, Reason.RATE_LIMITED),
        (529, api_error("overloaded_error"), Retryable, Reason.UNAVAILABLE),
        (500, api_error("api_error"), Retryable, Reason.UNAVAILABLE),
        (503, api_error("api_error"), Retryable, Reason.UNAVAILABLE),
        (504, api_error("timeout_error"), Retryable, Reason.UNAVAILABLE),
        (408, api_error("timeout_error"), Retryable, Reason.TIMEOUT),
        (409, api_error("conflict_error"), Retryable, Reason.UNAVAILABLE),
        (
            429,
            api_error("rate_limit_error", "enforced_spend_limit_reached"),
            Permanent,
            Reason.BUDGET_SPENT,
        ),
        (
            403,
            api_error("permission_error", "organization_on_hold"),
            Permanent,
            Reason.MISCONFIGURED,
        ),
        (400, api_error("invalid_request_error"), Permanent, Reason.MISCONFIGURED),
        (402, api_error("billing_error"), Permanent, Reason.MISCONFIGURED),
        (403, api_error("permission_error"), Permanent, Reason.MISCONFIGURED),
        (404, api_error("not_found_error"), Permanent, Reason.MISCONFIGURED),
        (413, api_error("request_too_large"), Permanent, Reason.REFUSED_BY_CLAUDE),
        (418, {"oops": 1}, Permanent, Reason.MISCONFIGURED),
    ],
)
def test_statuses_mean_wait_or_give_up(
    status: int, body: Any, kind: type[ResponderError], reason: Reason
) -> None:
    with serving(always(status, body)) as server:
        error = error_of(server.url)
    assert isinstance(error, kind)
    assert error.reason is reason
    assert f"HTTP {status}" in error.detail


@pytest.mark.parametrize("status", [429, 503, 529])
def test_the_server_says_how_long_to_wait_and_that_nothing_was_done(status: int) -> None:
    answered = always(status, api_error("x"), **{"retry-after": "90"})
    with serving(answered) as server:
        error = error_of(server.url)
    assert isinstance(error, Retryable)
    assert (error.after, error.took_effect) == (90, False)


@pytest.mark.parametrize("said", ["soon", "-3", "nan", "inf", "1e9", ""])
def test_a_retry_after_without_sense_is_ignored(said: str) -> None:
    with serving(always(529, api_error("x"), **{"retry-after": said})) as server:
        error = error_of(server.url)
    assert isinstance(error, Retryable)
    assert error.after is None


def test_the_detail_of_an_error_carries_no_secret() -> None:
    said = "bad key sk-ant-api03-abcdefghijklmnop for bob@example.com " + "x" * 1000
    refused = always(400, api_error("invalid_request_error", said=said), **{"request-id": "req_1"})
    with serving(refused) as server:
        error = error_of(server.url)
    assert "abcdefghijklmnop" not in error.detail
    assert "bob@" not in error.detail
    assert len(error.detail) < 400
    assert error.detail.endswith("request req_1")


def test_a_server_that_hangs_is_a_timeout_with_unknown_effect() -> None:
    with serving(lambda request: Reply(fate=Fate.HOLD)) as server:
        error = error_of(server.url, seconds=0.2)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (Reason.TIMEOUT, None)


def test_a_dropped_connection_has_an_unknown_effect() -> None:
    with serving(lambda request: Reply(fate=Fate.DROP)) as server:
        error = error_of(server.url)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (Reason.UNAVAILABLE, None)


@pytest.mark.parametrize("key", ["sk-ant-one\nsk-ant-two", "sk-ant-one two\r\n three"])
def test_a_key_that_no_header_can_hold_certainly_had_no_effect(key: str) -> None:
    came: list[Request] = []

    def answer(request: Request) -> Reply:
        came.append(request)
        return Reply()

    with serving(answer) as server:
        error = error_of(server.url, keys=Keys(key))
    assert came == []
    assert isinstance(error, Retryable)
    assert error.took_effect is False


def test_an_address_that_is_none_certainly_had_no_effect() -> None:
    error = error_of("localhost:1")
    assert isinstance(error, Retryable)
    assert error.took_effect is False


def test_nobody_listening_certainly_had_no_effect() -> None:
    with serving(lambda request: Reply()) as server:
        url = server.url
    error = error_of(url)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (Reason.UNAVAILABLE, False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Gateway</html>", "text/html"),
        Reply(200, b"{not json", "application/json"),
        Reply(200, b"{}", "application/json"),
        Reply(200, b"[]", "application/json"),
        Reply(200, b"null", "application/json"),
        Reply(200, b"", "application/json"),
        Reply(200, b'{"content": [], "usage": null}', "application/json"),
        Reply(200, b'{"content": null, "usage": {}}', "application/json"),
        Reply(200, b'{"content": [null, 3], "usage": {"input_tokens": "x"}}', "application/json"),
        Reply(502, b"<html>Bad gateway</html>", "text/html"),
    ],
    ids=lambda reply: reply.body.decode() or "empty",
)
def test_what_is_no_answer_of_claude_is_unavailability(reply: Reply) -> None:
    with serving(lambda request: reply) as server:
        error = error_of(server.url)
    assert isinstance(error, Retryable)
    assert error.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("refusal", Reason.REFUSED_BY_CLAUDE),
        ("max_tokens", Reason.MALFORMED_ANSWER),
        ("garbage", Reason.MALFORMED_ANSWER),
    ],
)
def test_an_answer_without_a_verdict_is_a_paid_outcome(mode: str, reason: Reason) -> None:
    with local(answers="canned", fail={"mode": mode}) as server:
        error = error_of(server.url)
    assert isinstance(error, Unusable)
    assert error.reason is reason
    assert error.call.cost_usd > 0
    assert error.call.input_tokens > 0


def test_a_missing_key_means_the_fallback_and_no_request() -> None:
    keys = Keys("")
    error = error_of("http://127.0.0.1:9", keys=keys)
    assert isinstance(error, Permanent)
    assert error.reason is Reason.NO_KEY
    assert "mcp-responder/anthropic-key" in error.detail


def test_a_secrets_manager_in_trouble_is_waited_for() -> None:
    def key(force_fresh: bool) -> str:
        raise Retryable(Reason.UNAVAILABLE, "Secrets Manager throttles")

    way_in = ApiKey(key, base_url="http://127.0.0.1:9", timeout_seconds=1)
    with pytest.raises(Retryable):
        Claude(way_in, TIERS, Unguarded()).question(case(), "small").ask()


def test_a_key_rotated_meanwhile_works_at_once() -> None:
    keys = Keys("sk-old", "sk-new")
    with local(answers="canned", key="sk-new") as server:
        analyst = claude(server.url, keys=keys)
        assert analyst.question(case(), "small").ask().made_by == "claude-haiku-5-5"
        analyst.question(case(), "small").ask()
    assert keys.fetched == [False, True, False]


def test_a_refused_key_that_is_still_the_same_is_given_up_after_one_request() -> None:
    seen: list[str] = []

    def application(request: Request) -> Reply:
        seen.append(request.headers["authorization"])
        return always(401, api_error("authentication_error"))(request)

    keys = Keys("sk-old")
    with serving(application) as server:
        error = error_of(server.url, keys=keys)
    assert isinstance(error, Permanent)
    assert error.reason is Reason.MISCONFIGURED
    assert seen == ["Bearer sk-old"]
    assert keys.fetched == [False, True]


def test_a_second_refused_key_is_given_up() -> None:
    with local(answers="canned", key="sk-good") as server:
        error = error_of(server.url, keys=Keys("sk-old", "sk-new"))
    assert isinstance(error, Permanent)
    assert error.reason is Reason.MISCONFIGURED
    assert "sk-" not in error.detail


def test_an_unpriced_model_is_never_called() -> None:
    way_in = ApiKey(Keys("k"), base_url="http://127.0.0.1:9", timeout_seconds=1)
    unpriced = tiers("claude-unheard-of", "claude-sonnet-5-5")
    with pytest.raises(Permanent) as caught:
        Claude(way_in, unpriced, Unguarded()).question(case(), "small").ask()
    assert caught.value.reason is Reason.MISCONFIGURED


def test_an_empty_base_url_of_the_environment_is_not_taken_for_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "")
    client: Any = ApiKey(Keys("k"), base_url="", timeout_seconds=1).client()
    assert str(client.base_url) == "https://api.anthropic.com"
    assert client.max_retries == 0


def test_the_sdk_is_imported_by_the_first_call_only() -> None:
    code = (
        "import sys; import responder.adapters.claude, responder.adapters.breaker;"
        "print([m for m in ('anthropic', 'httpx2', 'boto3', 'aws_lambda_powertools')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": "layers/responder"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.strip() == "[]"

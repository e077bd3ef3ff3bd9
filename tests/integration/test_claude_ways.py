"""The contract of the three ways to Claude, each over real HTTP against the local Claude.

What an answer, a refusal or an outage means must not depend on the way; what differs is the wire:
``test_claude_wires``.
"""

import json
from typing import Any

import pytest

from integration.claude_local import Unguarded, local
from integration.claude_ways import (
    LARGE,
    SMALL,
    TIERS,
    WAYS,
    claude,
    error_of,
    refused,
    seen_on_the_wire,
    way_in,
)
from local_stack.loopback import Fate, Reply, Request
from responder.adapters.claude import Claude
from responder.alert import Severity
from responder.analysis.prompt import PROMPT_VERSION, VERSIONS
from responder.analysis.reading import Unusable
from responder.analysis.tiering import tiers
from responder.analysis.trouble import NotServed, Trouble
from responder.errors import Permanent, Reason, Retryable
from serving import serving
from unit.analysis.examples import NOW, answer, case


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("tier", "model"), [("small", SMALL), ("large", LARGE)])
def test_a_request_is_taken_and_answered_under_the_canonical_name(
    way: str, tier: str, model: str
) -> None:
    """The local Claude checks the way's own rules: signature, workspace, names, schema, body."""
    with local(answers="canned") as server:
        question = claude(way, server.url).question(case(severity=Severity.CRITICAL), tier)
        found = question.ask()
        assert (found.made_by, found.tier, found.made_at) == (model, tier, NOW)
        assert 0 < found.cost_usd <= question.ceiling_usd


@pytest.mark.parametrize("way", WAYS)
def test_a_verdict_is_read_alike(way: str, tmp_path: Any) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps([{"when": "DiskWillFill", "answer": answer()}]))
    with local(answers=str(file)) as server:
        found = claude(way, server.url).question(case(), "small").ask()
    assert found.headline == "orders: /var on db-1 is nearly full"
    assert found.causes[0].evidence


@pytest.mark.parametrize("way", WAYS)
def test_the_prompt_goes_with_every_request_in_the_same_bytes(way: str) -> None:
    _, first = seen_on_the_wire(way)
    _, second = seen_on_the_wire(way)
    assert first["system"] == second["system"]
    assert first["system"][0]["text"] == VERSIONS[PROMPT_VERSION]
    marked = ["cache_control" in block for block in first["system"]]
    assert marked == [False] * (len(marked) - 1) + [True]
    assert first["output_config"]["effort"] == "low"
    assert first["max_tokens"] == 2000
    assert seen_on_the_wire(way, "large")[1]["max_tokens"] == 4000


@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_knows_no_effort_is_asked_without(way: str) -> None:
    seen: list[Any] = []

    def application(request: Request) -> Reply:
        seen.append(json.loads(request.body))
        return refused(way, 503, "ServiceUnavailableException")

    with serving(application) as server:
        analyst = Claude(way_in(way, server.url), tiers(SMALL, LARGE, "none"), Unguarded())
        with pytest.raises(Retryable):
            analyst.question(case(), "small").ask()
    assert "effort" not in seen[0].get("output_config", {})
    assert seen[0].get("output_config", "left out") != {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("mode", "reason", "took_effect"),
    [
        ("429", Reason.RATE_LIMITED, False),
        ("500", Reason.UNAVAILABLE, None),
        ("529", Reason.UNAVAILABLE, False),
        ("html", Reason.UNAVAILABLE, None),
        ("drop", Reason.UNAVAILABLE, None),
    ],
)
def test_an_outage_is_waited_for(
    way: str, mode: str, reason: Reason, took_effect: bool | None
) -> None:
    with local(answers="canned", fail={"mode": mode}) as server:
        error = error_of(way, server.url)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (reason, took_effect)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("mode", "trouble"), [("401", Trouble.CREDENTIALS), ("403", Trouble.ACCESS)]
)
def test_a_refusal_is_not_waited_for(way: str, mode: str, trouble: Trouble) -> None:
    with local(answers="canned", fail={"mode": mode}) as server:
        error = error_of(way, server.url)
    assert isinstance(error, NotServed)
    assert error.trouble is trouble


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_hangs_is_a_timeout_with_unknown_effect(way: str) -> None:
    with serving(lambda request: Reply(fate=Fate.HOLD)) as server:
        error = error_of(way, server.url, seconds=0.2)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (Reason.TIMEOUT, None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", ["refusal", "max_tokens", "garbage"])
def test_an_answer_without_a_verdict_is_a_paid_outcome(way: str, mode: str) -> None:
    with local(answers="canned", fail={"mode": mode}) as server:
        error = error_of(way, server.url)
    assert isinstance(error, Unusable)
    assert error.call.cost_usd > 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("status", "aws", "trouble"),
    [
        (400, "ValidationException", Trouble.REQUEST),
        (402, "PaymentRequired", Trouble.CREDIT),
        (403, "AccessDeniedException", Trouble.ACCESS),
        (404, "ResourceNotFoundException", Trouble.MODEL),
    ],
)
def test_what_a_person_must_put_right_is_named(
    way: str, status: int, aws: str, trouble: Trouble
) -> None:
    with serving(lambda request: refused(way, status, aws, "you may not")) as server:
        error = error_of(way, server.url)
    assert isinstance(error, NotServed)
    assert (error.reason, error.trouble) == (Reason.MISCONFIGURED, trouble)
    assert f"HTTP {status}" in error.detail
    assert "you may not" in error.detail
    assert error.detail.endswith("request req_1")


@pytest.mark.parametrize("way", WAYS)
def test_a_request_that_is_too_large_is_nobodys_trouble(way: str) -> None:
    with serving(lambda request: refused(way, 413, "ContentTooLarge")) as server:
        error = error_of(way, server.url)
    assert isinstance(error, Permanent)
    assert not isinstance(error, NotServed)
    assert error.reason is Reason.REFUSED_BY_CLAUDE


@pytest.mark.parametrize("way", WAYS)
def test_one_client_serves_all_calls_and_never_retries(way: str) -> None:
    retries: list[str] = []

    def application(request: Request) -> Reply:
        retries.append(request.headers.get("x-stainless-retry-count", ""))
        return refused(way, 503, "ServiceUnavailableException")

    with serving(application) as server:
        way_to = way_in(way, server.url)
        analyst = Claude(way_to, TIERS, Unguarded())
        for _ in range(2):
            with pytest.raises(Retryable):
                analyst.question(case(), "small").ask()
        assert way_to.client() is way_to.client()
    assert retries == ["0", "0"]

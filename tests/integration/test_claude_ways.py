"""The contract of the three ways to Claude, each over real HTTP against the local Claude.

What an answer, a refusal or an outage means must not depend on the way; what differs is the wire.
"""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from integration.claude_local import Unguarded, local
from local_stack.loopback import Fate, Reply, Request
from responder.adapters.claude import ApiKey, Claude, WayIn
from responder.adapters.claude_aws import Bedrock, PlatformOnAws
from responder.alert import Severity
from responder.analysis.prompt import PROMPT_VERSION, VERSIONS
from responder.analysis.reading import Unusable
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import tiers
from responder.analysis.trouble import NotServed, Trouble
from responder.errors import Permanent, Reason, ResponderError, Retryable
from serving import serving
from unit.analysis.examples import NOW, answer, case

SMALL, LARGE = "claude-haiku-5-5", "claude-sonnet-5-5"
IDS = {SMALL: "anthropic.claude-haiku-5-5", LARGE: "anthropic.claude-sonnet-5-5"}
TIERS = tiers(SMALL, LARGE)
ROLE = ReadOnlyCredentials("AKIDEXAMPLE", "secret-of-nobody", "session-of-nobody")
WAYS = ("api-key", "aws", "bedrock")
BY_AWS = ("aws", "bedrock")


class Role:
    """The role's credentials as they change: the next ones after each refused request."""

    def __init__(self, *given: ReadOnlyCredentials | None) -> None:
        self.given = list(given or (ROLE,))

    def __call__(self) -> ReadOnlyCredentials | None:
        return self.given[0]


def way_in(way: str, url: str, *, seconds: float = 5, role: Role | None = None, **of: Any) -> WayIn:
    role = role or Role()
    if way == "aws":
        return PlatformOnAws(
            role, region="eu-west-1", workspace="wrkspc_1", base_url=url, timeout_seconds=seconds
        )
    if way == "bedrock":
        return Bedrock(
            role, region="eu-west-1", ids=IDS, base_url=url, timeout_seconds=seconds, **of
        )
    return ApiKey(lambda _: "sk-test", base_url=url, timeout_seconds=seconds)


def claude(way: str, url: str, **options: Any) -> Claude:
    return Claude(way_in(way, url, **options), TIERS, Unguarded(), lambda: NOW)


def error_of(way: str, url: str, **options: Any) -> ResponderError:
    with pytest.raises(ResponderError) as caught:
        claude(way, url, **options).question(case(), "small").ask()
    return caught.value


def refused(way: str, status: int, aws: str = "", said: str = "no") -> Reply:
    """A refusal as each way words it: Claude's own form, or AWS's with its name of the error."""
    if way == "api-key" or (way == "aws" and not aws):
        kind = {"type": "some_error", "message": said}
        body: Any = {"type": "error", "error": kind, "request_id": "req_1"}
        return Reply(status, json.dumps(body).encode(), headers={"request-id": "req_1"})
    named = {"x-amzn-errortype": f"{aws}:http://internal.amazon.com/", "x-amzn-requestid": "req_1"}
    return Reply(status, json.dumps({"message": said}).encode(), headers=named)


def seen_on_the_wire(way: str, tier: str = "small", **options: Any) -> tuple[Request, Any]:
    seen: list[Request] = []

    def application(request: Request) -> Reply:
        seen.append(request)
        return refused(way, 503, "ServiceUnavailableException")

    with serving(application) as server, pytest.raises(Retryable):
        claude(way, server.url, **options).question(case(), tier).ask()
    (request,) = seen
    return request, json.loads(request.body)


# What is the same on every way.


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


# What differs on the wire.


def test_an_api_key_is_a_bearer_token() -> None:
    request, body = seen_on_the_wire("api-key")
    assert (request.path, body["model"]) == ("/v1/messages", SMALL)
    assert request.headers["authorization"] == "Bearer sk-test"


def test_the_platform_on_aws_is_the_same_api_signed_for_a_workspace() -> None:
    request, body = seen_on_the_wire("aws")
    _, with_a_key = seen_on_the_wire("api-key")
    assert (request.path, body) == ("/v1/messages", with_a_key)
    assert request.headers["anthropic-workspace-id"] == "wrkspc_1"
    scope = "/eu-west-1/aws-external-anthropic/aws4_request"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert scope in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == "session-of-nobody"
    assert "x-api-key" not in request.headers


def test_bedrock_has_the_model_in_the_path_and_the_schema_in_the_prompt() -> None:
    request, body = seen_on_the_wire("bedrock")
    assert request.path == "/model/global.anthropic.claude-haiku-5-5/invoke"
    assert "/eu-west-1/bedrock/aws4_request" in request.headers["authorization"]
    assert body["anthropic_version"]
    assert "model" not in body
    assert "format" not in body["output_config"]
    told, schema = body["system"][1]["text"].split("\n", 1)
    assert "nothing else" in told
    assert json.loads(schema) == SCHEMA


def test_a_model_that_takes_a_schema_on_bedrock_is_given_it() -> None:
    _, body = seen_on_the_wire("bedrock", schema_models={SMALL})
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    assert len(body["system"]) == 1
    _, other = seen_on_the_wire("bedrock", "large", schema_models={SMALL})
    assert "format" not in other["output_config"]


def test_a_schema_that_bedrock_does_not_take_is_trouble_with_the_request() -> None:
    with local(answers="canned") as server:
        error = error_of("bedrock", server.url, schema_models={SMALL})
    assert isinstance(error, NotServed)
    assert error.trouble is Trouble.REQUEST
    assert "output_config.format" in error.detail


@pytest.mark.parametrize(
    ("profile", "path", "price"),
    [
        ("global", "/model/global.anthropic.claude-haiku-5-5/invoke", 1.0),
        ("eu", "/model/eu.anthropic.claude-haiku-5-5/invoke", 1.1),
        ("", "/model/anthropic.claude-haiku-5-5/invoke", 1.1),
    ],
)
def test_a_profile_of_a_region_costs_a_tenth_more(profile: str, path: str, price: float) -> None:
    request, _ = seen_on_the_wire("bedrock", profile=profile)
    assert request.path == path
    with local(answers="canned") as server:
        anywhere = claude("bedrock", server.url).question(case(), "small")
        bound = claude("bedrock", server.url, profile=profile).question(case(), "small")
        assert bound.ask().cost_usd == pytest.approx(anywhere.ask().cost_usd * price)
        assert bound.ceiling_usd == pytest.approx(anywhere.ceiling_usd * price)


@pytest.mark.parametrize(
    ("way", "url"),
    [
        ("api-key", "https://api.anthropic.com"),
        ("aws", "https://aws-external-anthropic.eu-west-1.api.aws"),
        ("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
    ],
)
def test_each_way_has_its_own_address(way: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC", "ANTHROPIC_AWS", "ANTHROPIC_BEDROCK"):
        monkeypatch.setenv(f"{name}_BASE_URL", "")
    client: Any = way_in(way, "").client()
    assert str(client.base_url).rstrip("/") == url


# What only AWS says.


@pytest.mark.parametrize("way", BY_AWS)
@pytest.mark.parametrize(
    ("status", "aws"),
    [
        (403, "ExpiredTokenException"),
        (403, "UnrecognizedClientException"),
        (403, "InvalidSignatureException"),
        (403, "SignatureDoesNotMatch"),
        (400, "IncompleteSignature"),
    ],
)
def test_credentials_that_are_still_the_same_are_given_up_after_one_request(
    way: str, status: int, aws: str
) -> None:
    seen: list[Request] = []

    def application(request: Request) -> Reply:
        seen.append(request)
        return refused(way, status, aws)

    with serving(application) as server:
        error = error_of(way, server.url)
    assert isinstance(error, NotServed)
    assert error.trouble is Trouble.CREDENTIALS
    assert len(seen) == 1


@pytest.mark.parametrize("way", BY_AWS)
def test_credentials_that_were_renewed_meanwhile_work_at_once(way: str) -> None:
    role = Role(ROLE, ReadOnlyCredentials("AKIDNEXT", "s", "t"))
    seen: list[str] = []

    def application(request: Request) -> Reply:
        seen.append(request.headers["authorization"].split("/")[0].rpartition("=")[2])
        if seen == ["AKIDEXAMPLE"]:
            role.given.pop(0)
            return refused(way, 403, "ExpiredTokenException")
        return refused(way, 503, "ServiceUnavailableException")

    with serving(application) as server:
        error = error_of(way, server.url, role=role)
    assert isinstance(error, Retryable)
    assert seen == ["AKIDEXAMPLE", "AKIDNEXT"]


@pytest.mark.parametrize("way", BY_AWS)
def test_a_role_without_credentials_asks_nobody(way: str) -> None:
    error = error_of(way, "http://127.0.0.1:9", role=Role(None))
    assert isinstance(error, NotServed)
    assert error.trouble is Trouble.CREDENTIALS


@pytest.mark.parametrize(
    ("status", "aws", "reason", "took_effect"),
    [
        (429, "ThrottlingException", Reason.RATE_LIMITED, False),
        (400, "ServiceQuotaExceededException", Reason.RATE_LIMITED, False),
        (400, "ThrottlingException", Reason.RATE_LIMITED, False),
        (408, "ModelTimeoutException", Reason.TIMEOUT, None),
        (424, "ModelErrorException", Reason.UNAVAILABLE, None),
        (429, "ModelNotReadyException", Reason.RATE_LIMITED, False),
        (500, "InternalServerException", Reason.UNAVAILABLE, None),
        (503, "ServiceUnavailableException", Reason.UNAVAILABLE, False),
    ],
)
def test_bedrocks_errors_that_pass_are_waited_for(
    status: int, aws: str, reason: Reason, took_effect: bool | None
) -> None:
    with serving(lambda request: refused("bedrock", status, aws)) as server:
        error = error_of("bedrock", server.url)
    assert isinstance(error, Retryable)
    assert (error.reason, error.took_effect) == (reason, took_effect)
    assert aws in error.detail


@pytest.mark.parametrize(
    ("way", "path"),
    [("aws", "/model/anthropic.claude-haiku-5-5/invoke"), ("bedrock", "/v1/messages")],
)
def test_the_local_claude_refuses_what_is_signed_for_the_other_service(way: str, path: str) -> None:
    """As AWS does: without it, the tests above would take a wrong service for a right one."""
    request, _ = seen_on_the_wire(way)
    signed = {name: request.headers[name] for name in ("authorization", "x-amz-date")}
    with local(answers="canned") as server:
        again = urllib.request.Request(server.url + path, request.body, signed)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(again, timeout=5)
    assert caught.value.code == 403
    assert caught.value.headers["x-amzn-errortype"] == "InvalidSignatureException:"

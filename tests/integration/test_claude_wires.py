"""What differs between the ways to Claude, over real HTTP: the wire, and what only AWS says."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from integration.claude_local import local
from integration.claude_ways import (
    BY_AWS,
    ROLE,
    SMALL,
    Role,
    claude,
    error_of,
    refused,
    seen_on_the_wire,
    way_in,
)
from local_stack.loopback import Reply, Request
from responder.analysis.schema import SCHEMA
from responder.analysis.trouble import NotServed, Trouble
from responder.errors import Reason, Retryable
from serving import serving
from unit.analysis.examples import case


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

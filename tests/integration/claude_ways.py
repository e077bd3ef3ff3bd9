"""The three ways to Claude as tests take them, and how each words a refusal."""

import json
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from integration.claude_local import Unguarded
from local_stack.loopback import Reply, Request
from responder.adapters.claude import ApiKey, Claude, WayIn
from responder.adapters.claude_aws import Bedrock, PlatformOnAws
from responder.analysis.tiering import tiers
from responder.errors import ResponderError, Retryable
from serving import serving
from unit.analysis.examples import NOW, case

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

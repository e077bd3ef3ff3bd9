"""The REST API: who may call, what is answered when we are in trouble, and what is logged."""

import json
import re

import pytest

from responder.intake.body import MAX_BODY_BYTES
from template.deployed import FUNCTIONS, Json, parameters, resources

WITH_KEY = {("/alerts", "post"), ("/alerts/{tool+}", "post")}
WITHOUT_KEY = {
    (path, method)
    for path in ("/in/{token}", "/in/{token}/{tool+}")
    for method in ("post", "put", "get", "options")
}
OUR_TROUBLE = (
    "DEFAULT_5XX",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "API_CONFIGURATION_ERROR",
    "THROTTLED",
    "QUOTA_EXCEEDED",
)
SENDERS_FAULT = {
    "INVALID_API_KEY": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "ACCESS_DENIED": 403,
    "REQUEST_TOO_LARGE": 413,
}

#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (synchronous invocation)
LAMBDA_PAYLOAD_BYTES = 6 * 1024 * 1024
#: API Gateway takes 10,240 bytes of headers and passes them twice; the rest is the context.
HEADERS_AND_CONTEXT_BYTES = 64 * 1024


def body() -> Json:
    given: Json = resources("AWS::ApiGateway::RestApi")["AlertApi"]["Body"]
    return given


def stage() -> Json:
    (given,) = resources("AWS::ApiGateway::Stage").values()
    return given


def test_these_are_all_the_routes_and_who_needs_a_key() -> None:
    keyed = {
        (path, method): {"api_key": []} in operation.get("security", [])
        for path, operations in body()["paths"].items()
        for method, operation in operations.items()
    }
    assert keyed == {**dict.fromkeys(WITH_KEY, True), **dict.fromkeys(WITHOUT_KEY, False)}
    scheme = body()["components"]["securitySchemes"]["api_key"]
    assert (scheme["in"], scheme["name"]) == ("header", "x-api-key")


def test_bodies_arrive_byte_for_byte() -> None:
    assert list(map(str, body()["x-amazon-apigateway-binary-media-types"])) == ["*/*"]
    in_base64 = 4 * -(-MAX_BODY_BYTES // 3)
    assert in_base64 <= LAMBDA_PAYLOAD_BYTES - HEADERS_AND_CONTEXT_BYTES


def test_every_route_without_a_key_is_throttled() -> None:
    throttled = {
        (setting["ResourcePath"][1:].replace("~1", "/"), setting["HttpMethod"].lower())
        for setting in stage()["MethodSettings"]
        if setting.get("ThrottlingRateLimit") and setting.get("ThrottlingBurstLimit")
    }
    assert throttled == WITHOUT_KEY


def test_the_key_is_throttled_and_has_a_quota() -> None:
    (plan,) = resources("AWS::ApiGateway::UsagePlan").values()
    assert plan["Throttle"] == {
        "RateLimit": {"Ref": "RateLimit"},
        "BurstLimit": {"Ref": "BurstLimit"},
    }
    assert plan["Quota"] == {"Limit": {"Ref": "DailyQuota"}, "Period": "DAY"}
    (key,) = resources("AWS::ApiGateway::UsagePlanKey").values()
    assert key["KeyId"] == {"Ref": "ApiKey"}


def test_another_revision_is_another_key() -> None:
    # CloudFormation replaces a key where its name changes; the first one has none in its name.
    (key,) = resources("AWS::ApiGateway::ApiKey").values()
    assert key["Name"] == {"Fn::Sub": "${AWS::StackName}-alerts${ApiKeyRevision}"}
    assert parameters("prod")["ApiKeyRevision"] == ""


def response(kind: str) -> Json:
    given: Json = body()["x-amazon-apigateway-gateway-responses"][kind]
    return given


@pytest.mark.parametrize("kind", OUR_TROUBLE)
def test_our_own_trouble_asks_to_send_again(kind: str) -> None:
    given = response(kind)
    assert int(given["statusCode"]) == 503
    after = given["responseParameters"]["gatewayresponse.header.Retry-After"]
    assert re.fullmatch(r"'\d+'", after)


@pytest.mark.parametrize(("kind", "status"), SENDERS_FAULT.items())
def test_what_the_sender_did_wrong_is_said(kind: str, status: int) -> None:
    assert int(response(kind)["statusCode"]) == status


@pytest.mark.parametrize("kind", [*OUR_TROUBLE, *SENDERS_FAULT, "DEFAULT_4XX"])
def test_every_error_is_json(kind: str) -> None:
    template = response(kind)["responseTemplates"]["application/json"]
    filled = template.replace("$context.error.messageString", '"text"')
    assert {"error", "message", "request_id"} == set(json.loads(filled))


def test_access_logs_are_json_and_hold_no_secret() -> None:
    given = stage()["AccessLogSetting"]["Format"]
    logged = set(re.findall(r"\$context\.([\w.]+)", given))
    json.loads(given)
    # The token of /in/{token} is in the path; the key is in identity.apiKey.
    assert not logged & {"path", "requestOverride.path", "identity.apiKey", "customDomain.basePath"}
    assert not [name for name in logged if name.startswith(("authorizer", "identity.caller"))]
    # A token may be in the query, too.
    assert "$input" not in given
    assert not [name for name in logged if "query" in name.lower()]
    assert {"requestId", "resourcePath", "status", "identity.apiKeyId"} <= logged
    assert not [s for s in stage()["MethodSettings"] if s.get("DataTraceEnabled")]
    assert not [s for s in stage()["MethodSettings"] if s.get("LoggingLevel", "OFF") != "OFF"]


def test_the_token_in_an_address_goes_to_no_trace() -> None:
    # X-Ray keeps a stage's requests with their whole address; the functions' segments have none.
    assert stage()["TracingEnabled"] is False
    functions = resources("AWS::Lambda::Function")
    assert {functions[name]["TracingConfig"]["Mode"] for name in FUNCTIONS} == {"Active"}

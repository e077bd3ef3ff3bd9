"""docs/openapi.yaml says what the template routes, what the function answers, and what API Gateway
answers in its place; a difference fails here."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from responder.errors import Reason, Retryable
from responder.intake.authentication.senders import QUERY_TOKENS, TOKEN_HEADER
from responder.intake.body import MAX_BODY_BYTES
from samples import EVENTS, JSON, sample
from template import test_api as template
from template.deployed import ROOT, Json
from unit.intake.authentication.notary import CERTIFICATE_URL, TOPIC, certificate, message, signed
from unit.reception.doubles import KeptNotary, Wired, request

SOURCES: Mapping[str, object] = {
    "tokens": {"any": "good-token"},
    "sources": {"sns": {"signature": {"scheme": "sns", "topics": [TOPIC]}}},
}
BIG = b"x" * (MAX_BODY_BYTES + 1)


@cache
def document() -> Json:
    found: Json = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
    return found


def operations(paths: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation; parameters without their names, which say nothing."""
    for path, found in paths.items():
        for method, operation in found.items():
            if method != "parameters":
                yield re.sub(r"\{[^}]*\}", "{}", path), method, operation


def resolved(value: Json) -> Json:
    if "$ref" not in value:
        return value
    found: Any = document()
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found)


def documented(path: str, method: str, status: int) -> Json:
    (operation,) = [o for p, m, o in operations(document()["paths"]) if (p, m) == (path, method)]
    return resolved(operation["responses"][str(status)])


def check(path: str, method: str, answer: Mapping[str, Any]) -> None:
    """The answer has a documented status, body and headers."""
    said = documented(path, method, int(answer["statusCode"]))
    validate(said["content"]["application/json"]["schema"], json.loads(answer["body"]))
    assert answer["headers"]["Content-Type"] == "application/json"
    for name, header in said.get("headers", {}).items():
        if header.get("required"):
            validate(header["schema"], answer["headers"][name])


def validate(schema: Json, value: object) -> None:
    whole = {**schema, "components": document()["components"]}
    Draft202012Validator(whole).validate(value)


def references(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_has_the_templates_routes_and_who_needs_a_key() -> None:
    told = {
        (path, method): operation["security"] == [{"key": []}]
        for path, method, operation in operations(document()["paths"])
    }
    deployed = {
        (path, method): operation.get("security") == [{"api_key": []}]
        for path, method, operation in operations(template.body()["paths"])
    }
    assert told == deployed


def test_every_reference_leads_somewhere_and_every_part_is_used() -> None:
    found = {one["$ref"] for one in references(document())}
    for one in found:
        assert resolved({"$ref": one})
    parts = {
        f"#/components/{kind}/{name}"
        for kind, held in document()["components"].items()
        for name in held
        if kind != "securitySchemes"
    }
    assert parts == found


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations(document()["paths"])]
    assert len(set(names)) == len(names)


def test_tokens_are_taken_where_it_says() -> None:
    schemes = document()["components"]["securitySchemes"]
    in_query = {one["name"] for one in schemes.values() if one.get("in") == "query"}
    assert in_query == set(QUERY_TOKENS)
    assert schemes["token"]["name"] == TOKEN_HEADER


def test_its_size_is_the_functions() -> None:
    said = document()["components"]
    told = (
        said["requestBodies"]["Alerts"]["description"]
        + said["responses"]["TooLarge"]["description"]
    )
    assert told.count(f"{MAX_BODY_BYTES // 2**20} MB") == 2


def test_its_example_is_read_as_it_is_meant() -> None:
    examples = document()["components"]["requestBodies"]["Alerts"]["content"]["application/json"]
    body = json.dumps(examples["examples"]["generic"]["value"]).encode()
    validate(examples["schema"], json.loads(body))
    wired = Wired()
    assert wired.reception.http(request(body, headers=JSON))["statusCode"] == 202
    alert = wired.messages()[0].alert
    assert (alert.source, alert.severity, alert.native_id) == ("backup", "HIGH", "backup/db-7")
    assert not alert.unknown_format


@pytest.mark.parametrize("path", sorted(EVENTS.rglob("*.*")), ids=lambda path: path.stem)
def test_answers_to_samples_are_as_documented(path: Any) -> None:
    body, headers = path.read_bytes(), JSON if path.suffix == ".json" else {}
    for tool in ("", path.parent.name):
        place = "/alerts/{}" if tool else "/alerts"
        check(place, "post", Wired().reception.http(request(body, tool=tool, headers=headers)))
        event = request(body, token="good-token", tool=tool, headers=headers)
        answer = Wired(sources=SOURCES).reception.http(event)
        check(place.replace("/alerts", "/in/{}"), "post", answer)


@pytest.mark.parametrize(
    ("status", "place", "event"),
    [
        (202, "/in/{}", request(None, token="good-token", method="GET", query={"title": "x"})),
        (200, "/in/{}/{}", request(None, token="good-token", method="GET", tool="-/ready")),
        (200, "/in/{}", request(None, token="good-token", method="OPTIONS")),
        (200, "/in/{}/{}", request(None, token="good-token", method="OPTIONS", tool="cloudevents")),
        (200, "/in/{}/{}",
         request(sample("prometheus/push.json"), token="good-token", tool="api/v2/alerts")),
        (200, "/in/{}", request(signed(message("SubscriptionConfirmation")), token="sns")),
        (200, "/in/{}", request(b'[{"data": {"validationCode": "c"}}]', token="good-token",
                                headers={"aeg-event-type": "SubscriptionValidation"})),
        (400, "/in/{}", request(b"x", token="good-token", headers={"Content-Encoding": "br"})),
        (400, "/in/{}", request(None, token="good-token", method="GET")),
        (400, "/alerts", request(b"", headers=JSON)),
        (403, "/in/{}", request(b"{}", token="other")),
        (403, "/in/{}", request(None, token="other", method="GET")),
        (403, "/in/{}/{}", request(None, token="other", method="OPTIONS", tool="x")),
        (413, "/alerts/{}", request(BIG, tool="grafana")),
        (413, "/in/{}", request(BIG, token="good-token")),
    ],
)  # fmt: skip
def test_other_answers_are_as_documented(status: int, place: str, event: dict[str, object]) -> None:
    wired = Wired(sources=SOURCES, notary=KeptNotary({CERTIFICATE_URL: certificate()}))
    answer = wired.reception.http(event)
    assert answer["statusCode"] == status
    check(place, str(event["httpMethod"]).lower(), answer)


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_our_own_trouble_is_as_documented(method: str) -> None:
    answer = Wired(sources=None).reception.http(request(b"{}", token="any", method=method))
    assert answer["statusCode"] == 503
    check("/in/{}", method.lower(), answer)
    wired = Wired()
    wired.queues.trouble = Retryable(Reason.UNAVAILABLE)
    check("/alerts", "post", wired.reception.http(request(b"down")))


@pytest.mark.parametrize("kind", [*template.OUR_TROUBLE, *template.SENDERS_FAULT])
def test_what_api_gateway_answers_itself_is_as_documented(kind: str) -> None:
    given = template.response(kind)
    said = documented("/alerts", "post", int(given["statusCode"]))
    schema = said["content"]["application/json"]["schema"]
    validate(schema, json.loads(given["responseTemplates"]["application/json"]))
    headers = {
        name.removeprefix("gatewayresponse.header."): value.strip("'")
        for name, value in (given.get("responseParameters") or {}).items()
    }
    for name, header in said.get("headers", {}).items():
        if header.get("required"):
            validate(header["schema"], headers[name])

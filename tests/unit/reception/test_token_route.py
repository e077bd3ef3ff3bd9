"""The route for tools that can set no header."""

import base64

import pytest

from samples import JSON, sample
from unit.reception.doubles import TOKEN, Wired, body_of, request


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (TOKEN, {}),
        ("-", basic("any", TOKEN)),
        ("-", {"authorization": f"Bearer {TOKEN}"}),
        ("-", {"Authorization": f"bearer  {TOKEN} "}),
    ],
)
def test_the_token_may_come_in_any_of_three_places(token: str, headers: dict[str, str]) -> None:
    wired = Wired()
    event = request(sample("alertmanager/firing.json"), token=token, headers=headers)
    assert wired.reception.http(event)["statusCode"] == 202
    assert len(wired.queues.sent) == 1


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("wrong", {}),
        ("", {}),
        ("-", basic(TOKEN, "wrong")),
        ("-", {"Authorization": "Basic §§§"}),
        ("-", {"Authorization": "Bearer "}),
        ("-", {"Authorization": TOKEN}),
        (TOKEN[:-1], {}),
        (TOKEN + "x", {}),
    ],
)
def test_anything_else_is_forbidden(token: str, headers: dict[str, str]) -> None:
    wired = Wired()
    answer = wired.reception.http(request(b"{}", token=token, headers=headers))
    assert (answer["statusCode"], body_of(answer)["error"]) == (403, "forbidden")
    assert wired.queues.sent == []
    assert TOKEN not in str(answer)


@pytest.mark.parametrize("sources", [{}, {"tokens": {}}, {"tokens": None}, {"sources": {}}])
@pytest.mark.parametrize("token", ["", "a", "7", "None", "tokens"])
def test_an_empty_configuration_lets_nobody_in(sources: dict[str, object], token: str) -> None:
    answer = Wired(sources=sources).reception.http(request(b"{}", token=token))
    assert answer["statusCode"] == 403


@pytest.mark.parametrize("entry", ["", 7, None, {}, {"token": ""}, {"tokens": ["a"], "tool": "x"}])
def test_whoever_an_unreadable_entry_may_mean_is_asked_to_send_again(entry: object) -> None:
    wired = Wired(sources={"tokens": {"broken": entry, "good": "good-token"}})
    for token in ("a", "7", "broken"):
        answer = wired.reception.http(request(b"{}", token=token))
        assert answer["statusCode"] == 503
        assert "'broken'" in str(body_of(answer)["message"])
    good = request(sample("generic/firing.json"), token="good-token", headers=JSON)
    assert wired.reception.http(good)["statusCode"] == 202
    assert "broken" in wired.reception.self_check()["sources"]


def test_a_token_of_a_tool_is_good_on_its_route_only() -> None:
    wired = Wired()
    good = request(b'{"msg": "down"}', token="kuma-token", tool="uptime-kuma")
    assert wired.reception.http(good)["statusCode"] == 202
    for tool in ("", "alertmanager"):
        bad = request(b"{}", token="kuma-token", tool=tool)
        assert wired.reception.http(bad)["statusCode"] == 403


def test_a_missing_secret_is_503_and_names_it() -> None:
    wired = Wired(sources=None)
    answer = wired.reception.http(request(b"{}", token=TOKEN))
    assert answer["statusCode"] == 503
    assert "mcp-responder/sources" in str(body_of(answer)["message"])
    assert answer["headers"] == {"Content-Type": "application/json", "Retry-After": "30"}


def test_the_key_route_needs_no_secret() -> None:
    wired = Wired(sources=None)
    answer = wired.reception.http(request(sample("generic/firing.json"), headers=JSON))
    assert answer["statusCode"] == 202


@pytest.mark.parametrize("tool", ["api/v2/alerts", "alertmanager/api/v2/alerts"])
def test_prometheus_pushes_as_to_an_alertmanager(tool: str) -> None:
    wired = Wired()
    body = sample("prometheus/push.json")
    answer = wired.reception.http(request(body, token=TOKEN, tool=tool, headers=JSON))
    # As an Alertmanager answers: some senders take nothing else for success.
    assert answer["statusCode"] == 200
    assert wired.messages()[0].alert.source == "alertmanager"


@pytest.mark.parametrize("tool", ["-/ready", "alertmanager/-/healthy"])
def test_probes_are_answered_but_not_to_strangers(tool: str) -> None:
    reception = Wired().reception
    assert reception.http(request(None, token=TOKEN, tool=tool, method="GET"))["statusCode"] == 200
    assert (
        reception.http(request(None, token="wrong", tool=tool, method="GET"))["statusCode"] == 403
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_tool_may_send_in_the_query(method: str) -> None:
    wired = Wired()
    fields = {"title": "shop is down", "severity": "P1"}
    answer = wired.reception.http(request(None, token=TOKEN, method=method, query=fields))
    assert answer["statusCode"] == 202
    assert wired.messages()[0].alert.title == "shop is down"


def test_json_in_the_query_is_opened_and_odd_characters_survive() -> None:
    wired = Wired()
    query = {"data": '{"title": "ä & b=c +d", "severity": "P1"}', "host": "db\ud800-1"}
    answer = wired.reception.http(request(None, token=TOKEN, method="GET", query=query))
    assert answer["statusCode"] == 202
    alert = wired.messages()[0].alert
    assert (alert.title, alert.severity, alert.resource) == ("ä & b=c +d", "CRITICAL", "db?-1")


def test_the_query_counts_only_where_there_is_no_body() -> None:
    wired = Wired()
    query = {"title": "from the query"}
    wired.reception.http(request(None, token=TOKEN, query=query))
    wired.reception.http(request(b'{"title": "from the body"}', token=TOKEN, query=query))
    titles = [message.alert.title for message in wired.messages()]
    assert titles == ["from the query", "from the body"]


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_the_body_counts_whatever_the_method(method: str) -> None:
    wired = Wired()
    event = request(sample("generic/firing.json"), token=TOKEN, method=method, headers=JSON)
    assert wired.reception.http(event)["statusCode"] == 202
    assert len(wired.messages()) == 1


def test_options_is_the_handshake_of_cloudevents() -> None:
    headers = {"WebHook-Request-Origin": "eventemitter.example.net"}
    event = request(None, token=TOKEN, method="OPTIONS", headers=headers)
    answer = Wired().reception.http(event)
    assert answer["statusCode"] == 200
    allowed = answer["headers"]
    assert isinstance(allowed, dict)
    assert allowed["WebHook-Allowed-Origin"] == "eventemitter.example.net"

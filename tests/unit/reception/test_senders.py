"""Who is let in on the route without a key: every proof that a source names, and all of them."""

import base64
import gzip
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from samples import JSON, sample
from unit.reception.doubles import Wired, body_of, request

BODY = sample("generic/firing.json")
GITLAB = {"name": "X-Gitlab-Token", "secrets": ["old-shared", "new-shared"]}
GITHUB = {"scheme": "github", "secrets": ["s3cret"]}
SOURCES: Mapping[str, object] = {
    "sources": {
        "both": {"tokens": ["old-token", "new-token"]},
        "user": {"tokens": ["users-token"], "user": "grafana"},
        "gitlab": {"tools": ["gitlab"], "header": GITLAB},
        "prometheus": {"tools": ["prometheus"], "tokens": ["push-token"]},
        "strict": {"tokens": ["strict-token"], "header": {"name": "X-Also", "secrets": ["also"]}},
    }
}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def send(
    segment: str,
    headers: Mapping[str, str] | None = None,
    *,
    wired: Wired | None = None,
    **rest: Any,
) -> int:
    wired = wired or Wired(sources=SOURCES)
    event = request(BODY, token=segment, headers={**JSON, **(headers or {})}, **rest)
    status = wired.reception.http(event)["statusCode"]
    assert isinstance(status, int)
    assert len(wired.queues.sent) == (status < 300)
    return status


@pytest.mark.parametrize("token", ["old-token", "new-token"])
@pytest.mark.parametrize("segment", ["-", "token", "both"])
def test_either_live_token_is_good_wherever_it_is_shown(token: str, segment: str) -> None:
    assert send(token) == 202
    assert send(segment, bearer(token)) == 202
    assert send(segment, basic("anybody", token)) == 202
    assert send(segment, {"X-Api-Key": token}) == 202
    for name in ("token", "auth_token", "access_token"):
        assert send(segment, query={name: token}) == 202


@pytest.mark.parametrize(
    ("segment", "headers", "query"),
    [
        ("both", {}, {}),
        ("both", bearer("users-token"), {}),
        ("both", {}, {"token": "old-toke"}),
        ("old-toke", {}, {}),
        ("-", {}, {"key": "old-token"}),
        ("-", {"X-Token": "old-token"}, {}),
        ("-", bearer(""), {"token": ""}),
        ("", {}, {}),
    ],
)
def test_a_name_alone_or_another_ones_token_is_not(
    segment: str, headers: dict[str, str], query: dict[str, str]
) -> None:
    assert send(segment, headers, query=query) == 403


def test_basic_counts_with_its_user_only() -> None:
    assert send("user", basic("grafana", "users-token")) == 202
    for user in ("", "Grafana", "grafana2"):
        assert send("user", basic(user, "users-token")) == 403
    assert send("users-token") == 202


@pytest.mark.parametrize("shared", ["old-shared", "new-shared"])
def test_a_shared_header_needs_the_name_in_the_path(shared: str) -> None:
    assert send("gitlab", {"x-gitlab-token": shared}, tool="gitlab") == 202
    assert send("-", {"X-Gitlab-Token": shared}, tool="gitlab") == 403


@pytest.mark.parametrize("headers", [{}, {"X-Gitlab-Token": ""}, {"X-Gitlab-Token": "old-share"}])
def test_a_shared_header_cannot_be_left_out(headers: dict[str, str]) -> None:
    assert send("gitlab", headers, tool="gitlab") == 403


def test_all_that_a_source_names_is_needed() -> None:
    assert send("strict-token", {"X-Also": "also"}) == 202
    assert send("strict-token") == 403
    assert send("strict", {"X-Also": "also"}) == 403
    assert send("strict", {"X-Also": "also", **bearer("strict-token")}) == 202


def test_a_source_sends_as_its_tools_only_by_whatever_name_they_have() -> None:
    for tool in ("prometheus", "alertmanager", "Mimir"):
        assert send("push-token", tool=tool) == 202
    assert send("push-token", tool="api/v2/alerts") == 200
    for tool in ("", "grafana", "prometheus2"):
        assert send("push-token", tool=tool) == 403


@pytest.mark.parametrize(
    ("segment", "headers", "reason", "name"),
    [
        ("-", {}, "unknown_sender", ""),
        ("both", {}, "wrong_token", "both"),
        ("push-token", {}, "wrong_route", "prometheus"),
        ("strict-token", {}, "wrong_header", "strict"),
    ],
)
def test_refusals_look_the_same_and_are_counted_by_reason(
    segment: str, headers: dict[str, str], reason: str, name: str
) -> None:
    wired = Wired(sources=SOURCES)
    answer = wired.reception.http(request(BODY, token=segment, headers=headers))
    stranger = Wired(sources=SOURCES).reception.http(request(BODY, token="nobody"))
    assert answer == stranger
    assert wired.telemetry.counts == {("RequestsRefused", reason): 1}
    assert wired.telemetry.lines == [
        {"message": "Sender refused", "reason": reason, "sender": name}
    ]


def test_a_source_added_a_moment_ago_is_asked_for_afresh() -> None:
    wired = Wired(sources=SOURCES)
    assert send("both", bearer("old-token"), wired=wired) == 202
    assert wired.asked_afresh == 0
    wired = Wired(sources=SOURCES)
    assert send("-", wired=wired) == 403
    assert wired.asked_afresh == 1


def test_tokens_in_the_query_are_no_fields_of_an_alert() -> None:
    wired = Wired(sources=SOURCES)
    query = {"title": "shop is down", "token": "old-token", "access_token": "old-token"}
    event = request(None, token="-", method="GET", query=query)
    assert wired.reception.http(event)["statusCode"] == 202
    assert wired.messages()[0].alert.title == "shop is down"
    assert "old-token" not in wired.queues.sent[0].body


def test_nothing_of_the_address_is_logged() -> None:
    wired = Wired(sources=SOURCES)
    for token in ("old-token", "old-toke"):
        event = request(BODY, token=token, headers=JSON, query={"token": "new-token"})
        wired.reception.http({**event, "path": f"/in/{token}"})
    assert "old-toke" not in str(wired.telemetry.lines)
    assert "new-token" not in str(wired.telemetry.lines)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_fields_in_the_query_are_never_taken_for_signed(method: str) -> None:
    wired = Wired(sources={"sources": {"hub": {"signature": GITHUB}}})
    of_nothing = hmac.new(b"s3cret", b"", "sha256").hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={of_nothing}"}
    query = {"title": "forged"}
    event = request(None, token="hub", method=method, query=query, headers=headers)
    assert wired.reception.http(event)["statusCode"] == 403


def test_a_signature_is_over_the_bytes_that_came() -> None:
    wired = Wired(sources={"sources": {"hub": {"signature": GITHUB}}})
    body = gzip.compress('{"title": "Übung"}'.encode("latin-1"))
    signed = hmac.new(b"s3cret", body, "sha256").hexdigest()
    headers = {
        "Content-Type": "application/json; charset=iso-8859-1",
        "Content-Encoding": "gzip",
        "X-Hub-Signature-256": f"sha256={signed}",
    }
    good = request(body, token="hub", headers=headers, encoded=True)
    assert wired.reception.http(good)["statusCode"] == 202
    assert wired.messages()[0].alert.title == "Übung"
    assert (
        wired.reception.http({**good, "headers": {}, "multiValueHeaders": {}})["statusCode"] == 403
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"tokens": ["a", "b", "c"]},
        {"tokens": ["a"], "signatur": {"scheme": "sentry", "secrets": ["s"]}},
        {"tokens": ["a"], "signature": {"scheme": "md5", "secrets": ["s"]}},
        {"tokens": ["a"], "signature": {"scheme": "sentry", "secrets": []}},
        {"tokens": ["a"], "signature": {"scheme": "hmac", "secrets": ["s"]}},
        {"tokens": ["a"], "signature": {"scheme": "sns", "topics": []}},
        {"tokens": ["a"], "signature": {"scheme": "standard-webhooks", "secrets": ["whsec_§"]}},
        {"tokens": ["a"], "header": {"name": "X", "secrets": [""]}},
        {"tools": ["grafana"]},
        {},
    ],
)
def test_an_entry_that_is_not_right_lets_nobody_in(entry: object) -> None:
    wired = Wired(sources={"sources": {"name": entry}})
    for segment in ("a", "name"):
        answer = wired.reception.http(request(BODY, token=segment))
        assert answer["statusCode"] == 503
        assert "s3cret" not in str(body_of(answer))
    assert wired.queues.sent == []


def test_a_name_that_is_written_twice_counts_for_nobody() -> None:
    twice = {"tokens": {"a": "first"}, "sources": {"a": {"tokens": ["second"]}}}
    for token in ("first", "second"):
        assert send(token, wired=Wired(sources=twice)) == 503

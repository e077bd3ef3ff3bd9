"""Azure's secure webhook: whose token counts, and where its keys come from."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from responder.adapters.entra import MAX_AGE, PACE, EntraKeySets
from responder.errors import Reason, Retryable
from responder.intake.authentication.entra import LEEWAY, check
from responder.intake.authentication.sources import ACTION_GROUPS, Entra
from samples import JSON, NOW, sample
from unit.intake.authentication.notary import key
from unit.reception.doubles import KeptKeySets, Wired, request

TENANT = "11111111-2222-3333-4444-555555555555"
AUDIENCE = "api://incident-responder"
WANTED = Entra(tenant=TENANT, audience=AUDIENCE)
AT = int(NOW.timestamp())


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int) -> str:
    return coded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def public(**changes: object) -> dict[str, object]:
    numbers = key().public_key().public_numbers()
    return {"kty": "RSA", "kid": "k1", "n": number(numbers.n), "e": number(numbers.e), **changes}


def key_sets() -> KeptKeySets:
    return KeptKeySets({(TENANT, "k1"): public()})


def token(head: dict[str, object] | None = None, **claims: object) -> str:
    said = {
        "iss": f"https://sts.windows.net/{TENANT}/",
        "aud": AUDIENCE,
        "appid": ACTION_GROUPS,
        "nbf": AT - 60,
        "exp": AT + 3600,
        "ver": "1.0",
        **claims,
    }
    parts = [{"alg": "RS256", "kid": "k1", "typ": "JWT", **(head or {})}, said]
    signed = ".".join(coded(json.dumps(part).encode()) for part in parts)
    signature = key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{coded(signature)}"


def checked(text: str, sets: KeptKeySets | None = None) -> Reason | None:
    headers = {"authorization": f"Bearer {text}"}
    return check(WANTED, headers, NOW, sets or key_sets())


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["other", AUDIENCE]},
        {"ver": "2.0", "azp": ACTION_GROUPS, "appid": None,
         "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0"},
        {"exp": AT - LEEWAY + 2},
        {"nbf": AT + LEEWAY - 2},
    ],
)  # fmt: skip
def test_a_token_of_the_tenant_for_us_and_of_azure_monitor_counts(claims: dict[str, Any]) -> None:
    assert checked(token(**claims)) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://sts.windows.net/99999999-2222-3333-4444-555555555555/"},
        {"iss": None},
        {"aud": "api://other"},
        {"aud": None},
        {"aud": [AUDIENCE + "x"]},
        {"appid": "22222222-2222-3333-4444-555555555555"},
        {"appid": None},
        {"ver": "2.0"},
        {"azp": ACTION_GROUPS, "appid": None},
    ],
)
def test_anybody_elses_does_not_and_no_key_is_asked_for(claims: dict[str, Any]) -> None:
    sets = key_sets()
    assert checked(token(**claims), sets) is Reason.WRONG_SIGNATURE
    assert sets.asked == []


@pytest.mark.parametrize(
    "claims",
    [{"exp": AT - LEEWAY - 2}, {"exp": None}, {"exp": "x"}, {"nbf": AT + LEEWAY + 2}, {"nbf": "x"}],
)
def test_an_expired_one_does_not(claims: dict[str, Any]) -> None:
    assert checked(token(**claims)) is Reason.STALE_SIGNATURE


@pytest.mark.parametrize("head", [{"alg": "none"}, {"alg": "HS256"}, {"alg": None}, {"crit": []}])
def test_what_it_says_of_its_algorithm_chooses_nothing(head: dict[str, object]) -> None:
    assert checked(token(head)) is Reason.WRONG_SIGNATURE


def test_a_secret_made_of_the_public_key_is_no_signature() -> None:
    signed = token().rsplit(".", 1)[0]
    for signature in ("", coded(b"x" * 256), coded(b"")):
        assert checked(f"{signed}.{signature}") is Reason.WRONG_SIGNATURE


def test_changed_claims_are_not_signed() -> None:
    good, other = token().split("."), token(exp=AT + 9999).split(".")
    assert checked(".".join([good[0], other[1], good[2]])) is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("kept", [{}, public(n=""), public(n="AQAB"), {"kid": "k1"}])
def test_another_key_or_none_does_not_count(kept: dict[str, object]) -> None:
    sets = KeptKeySets({(TENANT, "k1"): kept} if kept else {})
    assert checked(token(), sets) is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c.d", "x" * 9_000 + ".b.c"])
def test_what_is_no_token_is_unsigned(text: str) -> None:
    assert checked(text) is Reason.UNSIGNED
    assert check(WANTED, {}, NOW, key_sets()) is Reason.UNSIGNED
    assert check(WANTED, {"authorization": "Basic x"}, NOW, key_sets()) is Reason.UNSIGNED


def test_reception_lets_azure_in_by_its_token_alone() -> None:
    entry = {"tools": ["azure"], "entra": {"tenant": TENANT.upper(), "audience": AUDIENCE}}
    wired = Wired(sources={"sources": {"azure": entry}}, key_sets=key_sets())

    def status(bearer: str) -> object:
        headers = {**JSON, "Authorization": f"Bearer {bearer}"}
        event = request(sample("generic/firing.json"), token="azure", tool="azure", headers=headers)
        return wired.reception.http(event)["statusCode"]

    assert status(token()) == 202
    assert status(token(aud="other")) == 403
    assert status("") == 403
    wired.key_sets.trouble = Retryable(Reason.UNAVAILABLE)
    assert status(token()) == 503


class Site:
    """What Microsoft answers, and how often it was asked; ``now`` is the clock."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body = json.dumps({"keys": [public(), "odd"]}).encode()
        self.now = 1000.0

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return self.body


def test_keys_are_fetched_once_a_day_and_when_one_is_unknown() -> None:
    site = Site()
    sets = EntraKeySets(site.fetch, lambda: site.now)
    for _ in range(3):
        found = sets.key(TENANT, "k1")
        assert found is not None
        assert found["n"] == public()["n"]
    assert site.asked == [f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"]
    assert sets.key(TENANT, "k2") is None
    assert len(site.asked) == 1
    site.now += PACE + 1
    site.body = json.dumps({"keys": [public(kid="k2")]}).encode()
    assert sets.key(TENANT, "k2") is not None
    site.now += MAX_AGE + 1
    sets.key(TENANT, "k2")
    assert len(site.asked) == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"keys": 5}'])
def test_an_odd_answer_knows_no_key(body: bytes) -> None:
    site = Site()
    site.body = body
    sets = EntraKeySets(site.fetch, lambda: site.now)
    if body.startswith((b"[", b"{")):
        assert sets.key(TENANT, "k1") is None
    else:
        with pytest.raises(Retryable):
            sets.key(TENANT, "k1")

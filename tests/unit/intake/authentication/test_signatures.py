"""Each tool's signature over the raw body: good, rotated, wrong, cut, replayed, left out."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from responder.errors import Reason
from responder.intake.authentication.signatures import check
from responder.intake.authentication.sources import Hmac
from samples import NOW

BODY = b'{"title": "caf\xc3\xa9 down", "n":1}\n'
AT = int(NOW.timestamp())
KEY = base64.b64encode(b"standard-webhooks-key-of-32-bytes").decode()
Headers = dict[str, str]


def hexed(secret: str, text: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), text, algorithm).hexdigest()


def based(secret: bytes, text: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hmac.new(secret, text, algorithm).digest()).decode()


def standard(family: str) -> Callable[[str, bytes, int], Headers]:
    def sign(secret: str, body: bytes, at: int) -> Headers:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = based(key, b"msg_1.%d." % at + body)
        return {
            f"{family}-id": "msg_1",
            f"{family}-timestamp": str(at),
            f"{family}-signature": f"v1,{based(b'other', body)} v1a,xyz v1,{signed}",
        }

    return sign


class Case(NamedTuple):
    """How a tool signs; ``timed`` where the time is signed, too."""

    scheme: str
    sign: Callable[[str, bytes, int], Headers]
    timed: bool = False
    options: Mapping[str, Any] = {}


CASES = {
    "sentry": Case("sentry", lambda s, b, _: {"sentry-hook-signature": hexed(s, b)}),
    "pagerduty": Case("pagerduty", lambda s, b, _: {"x-pagerduty-signature": f"v1={hexed(s, b)}"}),
    "pagerduty, rotating": Case(
        "pagerduty",
        lambda s, b, _: {"x-pagerduty-signature": f"v1={hexed('x', b)},v1={hexed(s, b)}"},
    ),
    "grafana": Case("grafana", lambda s, b, _: {"x-grafana-alerting-signature": hexed(s, b)}),
    "grafana, own header": Case(
        "grafana", lambda s, b, _: {"x-own": hexed(s, b)}, options={"header": "X-Own"}
    ),
    "grafana, timed": Case(
        "grafana",
        lambda s, b, at: {
            "x-grafana-alerting-signature": hexed(s, b"%d:" % at + b),
            "x-signed-at": str(at),
        },
        timed=True,
        options={"timestamp_header": "X-Signed-At"},
    ),
    "github": Case("github", lambda s, b, _: {"x-hub-signature-256": f"sha256={hexed(s, b)}"}),
    "checkly": Case("checkly", lambda s, b, _: {"x-checkly-signature": hexed(s, b)}),
    "flux": Case("flux", lambda s, b, _: {"x-signature": f"sha256={hexed(s, b)}"}),
    "atlas, base64": Case(
        "mongodb-atlas", lambda s, b, _: {"x-mms-signature": based(s.encode(), b, "sha1")}
    ),
    "atlas, hex": Case("mongodb-atlas", lambda s, b, _: {"x-mms-signature": hexed(s, b, "sha1")}),
    "standard webhooks": Case("standard-webhooks", standard("webhook"), timed=True),
    "svix": Case("standard-webhooks", standard("svix"), timed=True),
    "rootly": Case(
        "rootly",
        lambda s, b, at: {"x-rootly-signature": f"t={at}, v1={hexed(s, b'%d' % at + b)}"},
        timed=True,
    ),
    "own, hex": Case(
        "hmac", lambda s, b, _: {"x-mine": f"sha256={hexed(s, b)}"}, options={"header": "X-Mine"}
    ),
    "own, base64": Case(
        "hmac", lambda s, b, _: {"x-mine": based(s.encode(), b)}, options={"header": "X-Mine"}
    ),
}
every = pytest.mark.parametrize("name", CASES)
timed = pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.timed])


def secrets(case: Case) -> tuple[str, str]:
    if case.scheme == "standard-webhooks":
        return f"whsec_{KEY}", f"whsec_{base64.b64encode(b'the next one').decode()}"
    return "s3cret", "n3xt s3cret é"


def wanted(case: Case, *live: str) -> Hmac:
    return Hmac.model_validate({"scheme": case.scheme, "secrets": live, **case.options})


@every
def test_what_the_tool_signs_is_taken_with_either_live_secret(name: str) -> None:
    case = CASES[name]
    old, new = secrets(case)
    for signer in (old, new):
        headers = case.sign(signer, BODY, AT)
        assert check(wanted(case, old, new), headers, BODY, NOW) is None
    only_new = check(wanted(case, new), case.sign(old, BODY, AT), BODY, NOW)
    assert only_new is Reason.WRONG_SIGNATURE


@every
@pytest.mark.parametrize("body", [BODY[:-1], BODY + b" ", b"", BODY.replace(b":1", b":2")])
def test_another_body_is_not(name: str, body: bytes) -> None:
    case = CASES[name]
    secret = secrets(case)[0]
    given = check(wanted(case, secret), case.sign(secret, BODY, AT), body, NOW)
    assert given is Reason.WRONG_SIGNATURE


@every
def test_no_header_can_be_left_out_or_cut(name: str) -> None:
    case = CASES[name]
    secret = secrets(case)[0]
    headers = case.sign(secret, BODY, AT)
    assert check(wanted(case, secret), {}, BODY, NOW) is Reason.UNSIGNED
    for left_out in headers:
        rest = {name: value for name, value in headers.items() if name != left_out}
        assert check(wanted(case, secret), rest, BODY, NOW) is not None
        for value in ("", headers[left_out][:-1], headers[left_out][:3]):
            assert check(wanted(case, secret), {**rest, left_out: value}, BODY, NOW) is not None


@timed
def test_an_old_one_is_refused_and_its_time_is_signed(name: str) -> None:
    case = CASES[name]
    secret = secrets(case)[0]
    for away in (-300, 300):
        assert check(wanted(case, secret), case.sign(secret, BODY, AT + away), BODY, NOW) is None
    for away in (-302, 302):
        headers = case.sign(secret, BODY, AT + away)
        assert check(wanted(case, secret), headers, BODY, NOW) is Reason.STALE_SIGNATURE
        fresher = {k: v.replace(str(AT + away), str(AT)) for k, v in headers.items()}
        assert check(wanted(case, secret), fresher, BODY, NOW) is Reason.WRONG_SIGNATURE
        wide = wanted(case._replace(options={**case.options, "window": 600}), secret)
        assert check(wide, headers, BODY, NOW) is None


@timed
@pytest.mark.parametrize("at", ["", "now", "-1", "1e9", "9" * 13, "²"])
def test_a_time_that_is_none_is_refused(name: str, at: str) -> None:
    case = CASES[name]
    secret = secrets(case)[0]
    headers = case.sign(secret, BODY, AT)
    odd = {k: v.replace(str(AT), at) for k, v in headers.items()}
    assert check(wanted(case, secret), odd, BODY, NOW) is Reason.STALE_SIGNATURE


def test_githubs_older_header_does_not_suffice() -> None:
    headers = {"x-hub-signature": "sha1=" + hexed("s3cret", BODY, "sha1")}
    assert check(wanted(CASES["github"], "s3cret"), headers, BODY, NOW) is Reason.UNSIGNED


def test_grafanas_signature_without_its_time_is_not_one_with_it() -> None:
    case = CASES["grafana, timed"]
    headers = {"x-grafana-alerting-signature": hexed("s3cret", BODY), "x-signed-at": str(AT)}
    assert check(wanted(case, "s3cret"), headers, BODY, NOW) is Reason.WRONG_SIGNATURE


def test_only_so_many_signatures_are_compared() -> None:
    many = ",".join(["v1=" + "0" * 64] * 10 + ["v1=" + hexed("s3cret", BODY)])
    headers = {"x-pagerduty-signature": many}
    given = check(wanted(CASES["pagerduty"], "s3cret"), headers, BODY, NOW)
    assert given is Reason.WRONG_SIGNATURE


def test_the_vector_of_the_standard_holds() -> None:
    # The example of the specification's reference libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + b'{"test": 2432232314}'
    key = base64.b64decode(secret.removeprefix("whsec_"))
    found = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

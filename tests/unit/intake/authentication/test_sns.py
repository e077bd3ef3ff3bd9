"""SNS over HTTP: whose message counts, and which subscription is confirmed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from responder.errors import Reason, Retryable
from responder.intake.authentication.sns import check, is_certificate_of
from responder.intake.authentication.sources import Sns
from samples import NOW
from unit.intake.authentication.notary import CERTIFICATE_URL, TOPIC, certificate, message, signed
from unit.reception.doubles import KeptNotary, Wired, body_of, request

WANTED = Sns(scheme="sns", topics=(TOPIC,))
SOURCES: Mapping[str, object] = {
    "sources": {
        "alarms": {"tokens": ["sns-token"], "signature": {"scheme": "sns", "topics": [TOPIC]}},
        "raw": {"tokens": ["raw-token"]},
    }
}
PLAIN = {"Content-Type": "text/plain; charset=UTF-8"}


def notary(pem: bytes | None = None) -> KeptNotary:
    return KeptNotary({CERTIFICATE_URL: pem or certificate()})


def checked(body: bytes, at: KeptNotary | None = None) -> Reason | None:
    return check(WANTED, body, NOW, at or notary())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
@pytest.mark.parametrize("subject", [None, "ALARM"])
def test_what_sns_signed_counts(version: str, kind: str, subject: str | None) -> None:
    given = message(kind, SignatureVersion=version)
    if kind == "Notification" and subject:
        given["Subject"] = subject
    assert checked(signed(given)) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "x"},
        {"Subject": "x"},
        {"MessageId": "x"},
        {"Timestamp": (NOW - timedelta(seconds=9)).isoformat()},
        {"SignatureVersion": "2"},
        {"Signature": "AAAA"},
    ],
)
def test_a_changed_one_does_not(changed: dict[str, object]) -> None:
    body = json.dumps({**json.loads(signed(message())), **changed}).encode()
    assert checked(body) is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize("name", ["Type", "Message", "MessageId", "Timestamp", "TopicArn",
                                  "Signature", "SignatureVersion"])  # fmt: skip
@pytest.mark.parametrize("value", [None, 5, {}, "", ...])
def test_nothing_can_be_left_out(name: str, value: object) -> None:
    given = {**json.loads(signed(message())), name: value}
    if value is ...:
        del given[name]
    assert checked(json.dumps(given).encode()) is not None


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"[]", b"null", b"{}", b"raw text"])
def test_what_is_no_message_is_unsigned(body: bytes) -> None:
    asked = notary()
    assert checked(body, asked) is Reason.UNSIGNED
    assert asked.asked == []


@pytest.mark.parametrize(
    ("age", "reason"),
    [(3899, None), (3902, Reason.STALE_SIGNATURE), (-3902, Reason.STALE_SIGNATURE)],
)
def test_an_old_one_is_refused_before_anything_is_fetched(age: int, reason: Reason | None) -> None:
    asked = notary()
    stamp = (NOW - timedelta(seconds=age)).isoformat(timespec="milliseconds")
    assert checked(signed(message(Timestamp=stamp)), asked) is reason
    assert len(asked.asked) == (reason is None)


def test_another_topic_is_refused_before_anything_is_fetched() -> None:
    asked = notary()
    other = signed(message(TopicArn="arn:aws:sns:eu-west-1:999999999999:alarms"))
    assert checked(other, asked) is Reason.UNKNOWN_TOPIC
    assert asked.asked == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https", "http"),
        CERTIFICATE_URL.replace("eu-west-1", "us-east-1"),
        CERTIFICATE_URL.replace("sns.eu-west-1.amazonaws.com", "sns.s3-us-west-2.amazonaws.com"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com.evil.example/"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com.cn/"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com:8443/"),
        CERTIFICATE_URL.replace("https://", "https://evil.example@"),
        CERTIFICATE_URL.replace("https://", "https://evil.example/"),
        CERTIFICATE_URL.replace("https://", "https://evil.example#"),
        CERTIFICATE_URL.replace("https://sns", "https://SNS"),
        CERTIFICATE_URL + "?x",
        CERTIFICATE_URL + "#x",
        CERTIFICATE_URL + "\n",
        CERTIFICATE_URL.replace(".pem", ".pem/../x"),
        "https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem",
        "https://[::1/x.pem",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_never_fetched(url: str) -> None:
    asked = notary()
    assert not is_certificate_of(TOPIC, url)
    assert checked(signed(message(SigningCertURL=url)), asked) is Reason.WRONG_SIGNATURE
    assert asked.asked == []


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", "sns.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a", "sns.us-gov-west-1.amazonaws.com"),
    ],
)
def test_every_partition_has_its_own_host(arn: str, host: str) -> None:
    path = "/SimpleNotificationService-0123456789abcdef.pem"
    assert is_certificate_of(arn, f"https://{host}{path}")


@pytest.mark.parametrize(
    "pem",
    [
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"<html>",
        b"",
        certificate(rsa.generate_private_key(65537, 2048)),
        certificate(ec.generate_private_key(ec.SECP256R1())),
        certificate(valid=(NOW - timedelta(days=9), NOW - timedelta(days=1))),
        certificate(valid=(NOW + timedelta(days=1), NOW + timedelta(days=9))),
    ],
)
def test_another_key_or_an_expired_certificate_does_not_count(pem: bytes) -> None:
    assert checked(signed(message()), KeptNotary({CERTIFICATE_URL: pem})) is Reason.WRONG_SIGNATURE


def post(wired: Wired, body: bytes, segment: str = "sns-token", **more: Any) -> dict[str, object]:
    return wired.reception.http(request(body, token=segment, headers=PLAIN, **more))


def test_a_notification_becomes_an_alert() -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    assert post(wired, signed(message()))["statusCode"] == 202
    assert wired.messages()[0].alert.title == "queue is full"


def test_a_signed_request_to_confirm_is_granted_and_is_no_alert() -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    answer = post(wired, signed(message("SubscriptionConfirmation")))
    assert (answer["statusCode"], body_of(answer)) == (200, {"status": "subscribed"})
    assert wired.notary.confirmed == [(TOPIC, "2336412f37fb687f5d51e6e2425e")]
    assert wired.queues.sent == []
    assert wired.telemetry.counts == {("SubscriptionsConfirmed", ""): 1}
    assert "2336412f" not in str(wired.telemetry.lines)


def test_the_end_of_a_subscription_is_never_confirmed_but_seen() -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    assert post(wired, signed(message("UnsubscribeConfirmation")))["statusCode"] == 202
    assert wired.notary.confirmed == []
    assert "waits for a confirmation" in wired.messages()[0].alert.title


def test_a_forged_request_to_confirm_is_refused() -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    forged = {**json.loads(signed(message("SubscriptionConfirmation"))), "Token": "other"}
    assert post(wired, json.dumps(forged).encode())["statusCode"] == 403
    assert wired.notary.confirmed == []


@pytest.mark.parametrize(
    ("segment", "body"),
    [("alarms", signed(message())), ("sns-token", b'{"title": "raw"}'), ("sns-token", b"")],
)
def test_token_and_signature_are_both_needed(segment: str, body: bytes) -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    assert post(wired, body, segment)["statusCode"] == 403
    assert wired.queues.sent == []


def test_raw_delivery_needs_a_source_with_a_token_alone() -> None:
    wired = Wired(sources=SOURCES)
    assert post(wired, b'{"title": "raw"}', "raw-token")["statusCode"] == 202


def test_without_a_signature_to_check_a_request_to_confirm_is_a_visible_alert() -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    assert (
        post(wired, signed(message("SubscriptionConfirmation")), "raw-token")["statusCode"] == 202
    )
    assert wired.notary.confirmed == []
    assert wired.messages()[0].alert.severity == "INFO"


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_what_cannot_be_fetched_or_confirmed_is_sent_again(kind: str) -> None:
    wired = Wired(sources=SOURCES, notary=notary())
    wired.notary.trouble = Retryable(Reason.UNAVAILABLE)
    assert post(wired, signed(message(kind)))["statusCode"] == 503

"""The signature that SNS puts into what it posts, and the request to confirm a subscription.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from responder.errors import Reason, Retryable
from responder.intake.authentication.sources import Sns
from responder.intake.body import load_json
from responder.intake.fields import mapping
from responder.intake.times import read_time
from responder.ports import Notary

#: The fields that are signed, in their order; Subject only where there is one.
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        ("SubscriptionConfirmation", "UnsubscribeConfirmation"),
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem")
#: By ``SignatureVersion``.
_HASHES = {"1": "SHA1", "2": "SHA256"}


def check(wanted: Sns, body: bytes, now: datetime, notary: Notary) -> Reason | None:
    """Why the message does not count, or None where SNS signed it for one of these topics.

    Raises Retryable where the certificate cannot be had.
    """
    message = _message(body)
    signed, algorithm = _signed(message), _HASHES.get(str(message.get("SignatureVersion")), "")
    signature = _signature(message)
    if not (signed and algorithm and signature):
        return Reason.UNSIGNED
    topic = str(message["TopicArn"])
    if topic not in wanted.topics:
        return Reason.UNKNOWN_TOPIC
    sent = read_time(message["Timestamp"])
    if sent is None or abs((now - sent).total_seconds()) > wanted.window:
        return Reason.STALE_SIGNATURE
    url = str(message.get("SigningCertURL"))
    if not is_certificate_of(topic, url):
        return Reason.WRONG_SIGNATURE
    if not _verified(notary.certificate(url), signature, signed, algorithm, now):
        return Reason.WRONG_SIGNATURE
    return None


def subscription(body: bytes) -> tuple[str, str] | None:
    """Topic and token of a request to confirm a subscription, never of one to end it.

    Only for a body that ``check`` has found to be SNS's.
    """
    message = _message(body)
    if message.get("Type") != "SubscriptionConfirmation":
        return None
    return str(message["TopicArn"]), str(message["Token"])


def is_certificate_of(topic: str, url: str) -> bool:
    """Whether the address is that of a certificate on SNS's own host in the topic's region.

    The host is made from the topic that the operator listed. A pattern would take in
    ``sns.s3-us-west-2.amazonaws.com``, which is somebody's bucket.
    """
    _, partition, _, region, *_ = topic.split(":")
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    host = f"https://sns.{region}.{suffix}"
    return url.startswith(f"{host}/") and bool(_CERTIFICATE.fullmatch(url, len(host)))


def _message(body: bytes) -> Mapping[str, object]:
    try:
        return mapping(load_json(body.decode()))
    except (ValueError, RecursionError):
        return {}


def _signed(message: Mapping[str, object]) -> bytes:
    """The text that is signed; empty where the message is none of SNS's."""
    names = [
        name
        for name in _SIGNED.get(str(message.get("Type")), ())
        if name != "Subject" or message.get(name) is not None
    ]
    values = [message.get(name) for name in names]
    if not all(isinstance(value, str) for value in values):
        return b""
    text = "".join(f"{name}\n{value}\n" for name, value in zip(names, values, strict=True))
    return text.encode(errors="replace")


def _signature(message: Mapping[str, object]) -> bytes:
    try:
        return base64.b64decode(str(message.get("Signature", "")), validate=True)
    except ValueError:
        return b""


def _verified(
    certificate: bytes, signature: bytes, signed: bytes, algorithm: str, now: datetime
) -> bool:
    """Whether the certificate's key made the signature, and the certificate is valid today."""
    try:
        # Only those who send through SNS pay for the import (60 ms).
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    except ImportError as error:
        raise Retryable(Reason.MISCONFIGURED, "the package cryptography is missing") from error
    try:
        found = x509.load_pem_x509_certificate(certificate)
        key = found.public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        digest = hashes.SHA1() if algorithm == "SHA1" else hashes.SHA256()  # noqa: S303 - SNS's
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    except (ValueError, InvalidSignature):
        return False
    return found.not_valid_before_utc <= now.astimezone(UTC) <= found.not_valid_after_utc

"""What SNS would sign, signed here: a key and a certificate of our own."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from samples import NOW

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
CERTIFICATE_URL = (
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
)
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")


@cache
def key() -> rsa.RSAPrivateKey:
    """One key for all tests: making it takes a while."""
    return rsa.generate_private_key(65537, 2048)


def certificate(
    signer: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    valid: tuple[datetime, datetime] = (NOW - timedelta(days=1), NOW + timedelta(days=1)),
) -> bytes:
    """A certificate of ``signer``, else of ``key``."""
    signer = signer or key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = builder.public_key(signer.public_key()).serial_number(1)
    whole = made.not_valid_before(valid[0]).not_valid_after(valid[1])
    return whole.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def message(kind: str = "Notification", **changes: object) -> dict[str, object]:
    """A message of SNS without its signature."""
    token = {
        "Token": "2336412f37fb687f5d51e6e2425e",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
    }
    return {
        "Type": kind,
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        **({} if kind == "Notification" else token),
        "TopicArn": TOPIC,
        "Message": '{"title": "queue is full",\n"severity": "HIGH"}',
        "Timestamp": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE_URL,
        **changes,
    }


def signed(given: Mapping[str, object]) -> bytes:
    """The message as SNS posts it, signed as its ``SignatureVersion`` says."""
    names = _NOTIFICATION if given["Type"] == "Notification" else _CONFIRMATION
    text = "".join(f"{n}\n{given[n]}\n" for n in names if given.get(n) is not None)
    digest = hashes.SHA256() if given["SignatureVersion"] == "2" else hashes.SHA1()  # noqa: S303 - SNS's
    signature = key().sign(text.encode(), padding.PKCS1v15(), digest)
    return json.dumps({**given, "Signature": base64.b64encode(signature).decode()}).encode()

"""The token of Microsoft Entra ID with which Azure Monitor's secure webhooks prove themselves.

https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#secure-webhook

One algorithm, RS256, and no other: what a token says of its own algorithm chooses nothing here.
"""

import base64
from collections.abc import Mapping
from datetime import datetime

from responder.errors import Reason, Retryable
from responder.intake.authentication.sources import Entra
from responder.intake.body import load_json
from responder.intake.fields import first, mapping, sequence
from responder.ports import KeySets

#: Seconds by which Microsoft's clocks and ours may differ.
LEEWAY = 300
#: Entra ID's tokens have one or two kilobytes.
MAX_LENGTH = 8_192
_ALGORITHM = "RS256"


def check(
    wanted: Entra, headers: Mapping[str, str], now: datetime, key_sets: KeySets
) -> Reason | None:
    """Why the token does not count, or None where it is this tenant's, for us, and of this client.

    Raises Retryable where the keys cannot be had.
    """
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3 or len(token) > MAX_LENGTH:
        return Reason.UNSIGNED
    head, claims, signature = _object(parts[0]), _object(parts[1]), _bytes(parts[2])
    if head.get("alg") != _ALGORITHM or "crit" in head or not _is_meant(wanted, claims):
        return Reason.WRONG_SIGNATURE
    if not _is_now(claims, now.timestamp()):
        return Reason.STALE_SIGNATURE
    key = key_sets.key(wanted.tenant, first(head, ("kid",)))
    if key is None or not _verified(key, signature, ".".join(parts[:2]).encode(errors="replace")):
        return Reason.WRONG_SIGNATURE
    return None


def _is_meant(wanted: Entra, claims: Mapping[str, object]) -> bool:
    """Issuer, audience and client; tokens of version 1.0 and 2.0 name the last one differently."""
    issuers = (
        f"https://sts.windows.net/{wanted.tenant}/",
        f"https://login.microsoftonline.com/{wanted.tenant}/v2.0",
    )
    client = claims.get("azp") if claims.get("ver") == "2.0" else claims.get("appid")
    audience = claims.get("aud")
    return (
        claims.get("iss") in issuers
        and wanted.audience in (audience, *sequence(audience))
        and client == wanted.client
    )


def _is_now(claims: Mapping[str, object], now: float) -> bool:
    until, since = claims.get("exp"), claims.get("nbf", 0)
    return (
        isinstance(until, int)
        and isinstance(since, int)
        and since - LEEWAY <= now <= until + LEEWAY
    )


def _object(part: str) -> Mapping[str, object]:
    try:
        return mapping(load_json(_bytes(part).decode()))
    except (ValueError, RecursionError):
        return {}


def _bytes(part: str) -> bytes:
    """What is written in base64url without its padding; empty where it is not."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars="-_", validate=True)
    except ValueError:
        return b""


def _verified(key: Mapping[str, object], signature: bytes, signed: bytes) -> bool:
    try:
        # Only those who send through Azure pay for the import (60 ms).
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    except ImportError as error:
        raise Retryable(Reason.MISCONFIGURED, "the package cryptography is missing") from error
    modulus, exponent = (int.from_bytes(_bytes(first(key, (name,))), "big") for name in ("n", "e"))
    try:
        public = RSAPublicNumbers(exponent, modulus).public_key()
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True

"""HMAC signatures over the raw body, for each tool as it signs: ``check``.

Compared are digests of equal length, in constant time. What cannot be read is no signature.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from responder.errors import Reason
from responder.intake.authentication.sources import Hmac, signing_key

#: Signatures that one header may hold; PagerDuty sends one for each secret during its rotation.
MAX_SIGNATURES = 10
#: Digits of a time in seconds, with room for some thousand years.
_MAX_DIGITS = 12

Headers = Mapping[str, str]


class Claim(NamedTuple):
    """What a sender claims: its signatures, and what it signed before the body and when."""

    signatures: tuple[str, ...]
    before: bytes = b""
    at: int | None = None


class _Stale(Exception):
    """The time that should have been signed is missing or is no time."""


@dataclass(frozen=True)
class _Scheme:
    """How a tool signs. ``claim`` gives None where nothing is signed."""

    claim: Callable[[Hmac, Headers], Claim | None]
    algorithm: str = "sha256"
    key: Callable[[str], bytes] = lambda secret: secret.encode(errors="replace")


def check(wanted: Hmac, headers: Headers, body: bytes, now: datetime) -> Reason | None:
    """Why the signature does not count, or None where it does. ``headers`` by lower-case name."""
    scheme = _SCHEMES[wanted.scheme]
    try:
        claim = scheme.claim(wanted, headers)
    except _Stale:
        return Reason.STALE_SIGNATURE
    if claim is None:
        return Reason.UNSIGNED
    if not _is_signed(claim, wanted, scheme, body):
        return Reason.WRONG_SIGNATURE
    if claim.at is not None and abs(int(now.timestamp()) - claim.at) > wanted.window:
        return Reason.STALE_SIGNATURE
    return None


def _is_signed(claim: Claim, wanted: Hmac, scheme: _Scheme, body: bytes) -> bool:
    digests = [
        hmac.digest(scheme.key(secret), claim.before + body, scheme.algorithm)
        for secret in wanted.secrets
    ]
    size = hashlib.new(scheme.algorithm).digest_size
    given = [_bytes(text, size) for text in claim.signatures[:MAX_SIGNATURES]]
    # No early exit: the time taken says nothing of which secret is the live one.
    matching = [hmac.compare_digest(one, digest) for one in given for digest in digests]
    return any(matching)


def _bytes(signature: str, size: int) -> bytes:
    """A signature in hex or in base64; told apart by their lengths, which never are the same."""
    try:
        if len(signature) == 2 * size:
            return binascii.unhexlify(signature)
        return base64.b64decode(signature, validate=True)
    except ValueError:
        return b""


def _in(default: str, prefix: str = "") -> Callable[[Hmac, Headers], Claim | None]:
    """Signatures in one header, with commas between several."""

    def claim(wanted: Hmac, headers: Headers) -> Claim | None:
        found = tuple(_after(prefix, headers.get(wanted.header or default, "").split(",")))
        return Claim(found) if found else None

    return claim


def _after(prefix: str, parts: list[str]) -> Iterator[str]:
    for part in map(str.strip, parts):
        if part.startswith(prefix) and part != prefix:
            yield part.removeprefix(prefix)


def _grafana(wanted: Hmac, headers: Headers) -> Claim | None:
    claim = _in("x-grafana-alerting-signature")(wanted, headers)
    if claim is None or not wanted.timestamp_header:
        return claim
    text, at = _time(headers.get(wanted.timestamp_header, ""))
    return claim._replace(before=f"{text}:".encode(), at=at)


def _standard_webhooks(wanted: Hmac, headers: Headers) -> Claim | None:
    family = "webhook" if "webhook-signature" in headers else "svix"
    found = tuple(_after("v1,", headers.get(f"{family}-signature", "").split(" ")))
    if not found:
        return None
    text, at = _time(headers.get(f"{family}-timestamp", ""))
    before = f"{headers.get(f'{family}-id', '')}.{text}."
    return Claim(found, before.encode(errors="replace"), at)


def _rootly(wanted: Hmac, headers: Headers) -> Claim | None:
    parts = headers.get("x-rootly-signature", "").split(",")
    found = tuple(_after("v1=", parts))
    if not found:
        return None
    text, at = _time(next(_after("t=", parts), ""))
    return Claim(found, text.encode(), at)


def _any_hmac(wanted: Hmac, headers: Headers) -> Claim | None:
    text = headers.get(wanted.header, "").strip()
    text = text.removeprefix("sha256=")
    return Claim((text,)) if text else None


def _time(text: str) -> tuple[str, int]:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise _Stale
    return text, int(text)


_SCHEMES: Mapping[str, _Scheme] = {
    # https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
    "sentry": _Scheme(_in("sentry-hook-signature")),
    # https://developer.pagerduty.com/docs/verifying-webhook-signatures
    "pagerduty": _Scheme(_in("x-pagerduty-signature", "v1=")),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    "grafana": _Scheme(_grafana),
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    # X-Hub-Signature, with SHA-1, is not looked at.
    "github": _Scheme(_in("x-hub-signature-256", "sha256=")),
    # https://www.checklyhq.com/docs/alerting-and-retries/webhooks/
    "checkly": _Scheme(_in("x-checkly-signature")),
    # https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
    "flux": _Scheme(_in("x-signature", "sha256=")),
    # https://www.mongodb.com/docs/atlas/tutorial/third-party-service-integrations/
    "mongodb-atlas": _Scheme(_in("x-mms-signature"), "sha1"),
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    # incident.io and others that send through Svix.
    "standard-webhooks": _Scheme(_standard_webhooks, key=signing_key),
    # https://docs.rootly.com/configuration/webhooks
    "rootly": _Scheme(_rootly),
    # What a script of the user's own signs: hex or base64, with or without sha256= before it.
    "hmac": _Scheme(_any_hmac),
}

"""Whether a request may come in, and as whom: ``admit``, asked before anything of it is read.

A source is found by its name in the path, or by a token of it in the path, in the query, as Bearer,
as Basic password or in X-Api-Key. Then everything that the source names must be right: token,
header, signature, Entra ID's token. So no proof is avoided by leaving it out.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from responder.errors import Reason, Retryable
from responder.intake.authentication import entra, signatures, sns
from responder.intake.authentication.sources import Hmac, SharedHeader, Sns, Source, Sources
from responder.intake.draft import slug
from responder.intake.recognition import ALIASES
from responder.ports import KeySets, Notary

#: Query parameters in which tools can be given a token: ours, Google Cloud's webhook channel
#: (https://cloud.google.com/monitoring/support/notification-options), and CloudEvents'
#: (https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md, section 3.2).
QUERY_TOKENS = ("token", "auth_token", "access_token")

#: For tools that take a header of any name but not Authorization: the same as on /alerts.
TOKEN_HEADER = "x-api-key"  # noqa: S105 - a name


@dataclass(frozen=True)
class Helpers:
    """Who is asked for the public keys of those who sign with private ones."""

    notary: Notary
    key_sets: KeySets


@dataclass(frozen=True)
class Offer:
    """What a request shows of its sender. ``segment`` is the path's; names are in lower case.

    ``body`` as it came, None where there is none: fields in the query are never signed.
    """

    segment: str
    tool: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Sender:
    """A source that has proven itself."""

    name: str
    source: Source


class Refused(Exception):
    """Not let in. ``reason`` is counted, never told; ``name`` where a source was meant."""

    def __init__(self, reason: Reason, name: str = "") -> None:
        """Keep what telemetry is told."""
        super().__init__(reason.value)
        self.reason = reason
        self.name = name


def admit(sources: Sources, offer: Offer, now: datetime, helpers: Helpers) -> Sender:
    """The sender. Raises Refused, or Retryable where we cannot know."""
    refusal = Refused(Reason.UNKNOWN_SENDER)
    shown = _shown(offer)
    for name in _meant(sources, offer, shown):
        source = sources.known[name]
        wanting = _wanting(source, offer, shown, now, helpers)
        if wanting is None:
            return Sender(name, source)
        refusal = Refused(wanting, name)
    _check_readable(sources, offer, refusal)
    raise refusal


def _check_readable(sources: Sources, offer: Offer, refusal: Refused) -> None:
    """An entry that cannot be read may be this sender's: a refusal would be final for many."""
    if sources.unreadable and (not refusal.name or offer.segment in sources.unreadable):
        name = next(iter(sources.unreadable))
        detail = f"the entry {name!r} of the secret sources is not right (responder sources check)"
        raise Retryable(Reason.MISCONFIGURED, detail)


@dataclass(frozen=True)
class _Shown:
    """The hashes of the tokens that a request shows, and of Basic's password with its user."""

    tokens: tuple[bytes, ...]
    user: str
    password: tuple[bytes, ...]


def _meant(sources: Sources, offer: Offer, shown: _Shown) -> list[str]:
    """The sources that the request may mean: the one that the path names, else by their token."""
    # No early exit: the time taken says nothing of which token was nearly right.
    by_token = [name for name, source in sources.known.items() if _has_token(source, shown)]
    return [offer.segment] if offer.segment in sources.known else by_token


def _wanting(
    source: Source, offer: Offer, shown: _Shown, now: datetime, helpers: Helpers
) -> Reason | None:
    """What the request lacks to be this source's."""
    if source.tokens and not _has_token(source, shown):
        return Reason.WRONG_TOKEN
    if source.tools and _tool(offer.tool) not in map(_tool, source.tools):
        return Reason.WRONG_ROUTE
    if source.header and not _has_header(source.header, offer.headers):
        return Reason.WRONG_HEADER
    if source.signature and (wrong := _unsigned(source.signature, offer, now, helpers)):
        return wrong
    return entra.check(source.entra, offer.headers, now, helpers.key_sets) if source.entra else None


def _unsigned(wanted: Hmac | Sns, offer: Offer, now: datetime, helpers: Helpers) -> Reason | None:
    if offer.body is None:
        return Reason.UNSIGNED
    if isinstance(wanted, Hmac):
        return signatures.check(wanted, offer.headers, offer.body, now)
    return sns.check(wanted, offer.body, now, helpers.notary)


def _has_token(source: Source, shown: _Shown) -> bool:
    user_is_right = not source.user or _same(shown.user, source.user)
    given = [*shown.tokens, *(shown.password if user_is_right else ())]
    expected = [_hash(token) for token in source.tokens]
    matching = [hmac.compare_digest(one, other) for one in expected for other in given]
    return any(matching)


def _has_header(wanted: SharedHeader, headers: Mapping[str, str]) -> bool:
    given = headers.get(wanted.name, "")
    matching = [_same(given, secret) for secret in wanted.secrets]
    return bool(given) and any(matching)


def _tool(name: str) -> str:
    word = slug(name) if name else ""
    return ALIASES.get(word, word)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_hash(given), _hash(expected))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _shown(offer: Offer) -> _Shown:
    scheme, _, credentials = offer.headers.get("authorization", "").strip().partition(" ")
    scheme, credentials = scheme.lower(), credentials.strip()
    bearer = credentials if scheme == "bearer" else ""
    user, password = _basic(credentials) if scheme == "basic" else ("", "")
    in_query = [offer.query.get(name, "") for name in QUERY_TOKENS]
    tokens = [offer.segment, bearer, offer.headers.get(TOKEN_HEADER, ""), *in_query]
    return _Shown(
        tuple(_hash(token) for token in tokens if token),
        user,
        (_hash(password),) if password else (),
    )


def _basic(credentials: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password

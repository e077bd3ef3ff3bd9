"""``ports.Sink`` as a signed POST to an address of the operator's own (docs/sinks.md).

No detail of an error holds the address: it may carry a token.
"""

import hashlib
import hmac
import json
from typing import NamedTuple
from urllib.parse import urlsplit

from responder.adapters.posting import FAILURES, post
from responder.adapters.secrets import Secret
from responder.clock import Clock
from responder.errors import Permanent, Reason, Retryable
from responder.ports import OperatorNotice

SIGNATURE_HEADER = "X-Responder-Signature"
#: Plain http goes to this machine only.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Statuses that pass by themselves, besides 5xx.
_PASSING = frozenset({408, 425, 429})
#: Statuses of an address or a key that may have been rotated a moment ago.
_STALE_SECRET = frozenset({401, 403, 404, 410})
#: A secret that a person must mend is looked at again each minute.
_WAIT_FOR_SECRET = 60.0


class Target(NamedTuple):
    """Where to, and the key that the body is signed with."""

    url: str
    key: str


def sign(key: str, body: bytes, at: int) -> str:
    """The header's value: the time and an HMAC over time and body, so that neither is replayed."""
    signed = b"%d." % at + body
    return f"t={at},v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}"


class WebhookSink:
    """POSTs each notice as JSON, and follows no redirect."""

    def __init__(self, secret: Secret, timeout: float, now: Clock) -> None:
        """``secret`` holds ``{"url": …, "key": …}``; ``timeout`` in seconds bounds each wait."""
        self._secret = secret
        self._timeout = timeout
        self._now = now

    def tell(self, notice: OperatorNotice) -> bool:
        """Send it; a refused address or key is read afresh and tried once more."""
        if not self._secret.present():
            return False
        target = self._target(fresh=False)
        status, after = self._post(target, notice)
        if status in _STALE_SECRET:
            fresh = self._target(fresh=True)
            if fresh != target:
                status, after = self._post(fresh, notice)
        if 200 <= status < 300:
            return True
        if status >= 500 or status in _PASSING:
            raise Retryable(Reason.UNAVAILABLE, f"webhook: it answered {status}", after=after)
        raise Permanent(Reason.REFUSED_BY_SINK, f"webhook: it answered {status}")

    def _target(self, *, fresh: bool) -> Target:
        value = self._secret.as_json(fresh)
        url, key = value.get("url"), value.get("key")
        if isinstance(url, str) and isinstance(key, str) and key and _allowed(url):
            return Target(url, key)
        raise Retryable(
            Reason.MISCONFIGURED,
            f"the secret {self._secret.name} needs an https url and a key",
            after=_WAIT_FOR_SECRET,
            took_effect=False,
        )

    def _post(self, target: Target, notice: OperatorNotice) -> tuple[int, float | None]:
        """The status, and the seconds that the receiver asks to wait."""
        body = json.dumps(notice.document, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "mcp-incident-responder",
            SIGNATURE_HEADER: sign(target.key, body, int(self._now().timestamp())),
        }
        try:
            return post(target.url, body, headers, self._timeout)
        except FAILURES as error:
            # from None: the text of the cause may hold the address.
            kind = type(error).__name__
            raise Retryable(Reason.TIMEOUT, f"webhook: {kind}") from None


def _allowed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)

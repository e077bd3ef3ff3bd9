"""``ports.Notary``: SNS's certificates over https, and the confirmation of subscriptions.

The certificates are the only thing that reception fetches from anywhere but the stack's own
services; ``intake.authentication.sns`` has checked the address.
"""

import ssl
from collections import OrderedDict
from collections.abc import Callable
from http.client import HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Reason, Retryable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: Seconds for connecting and for each answer; SNS itself waits 15 for ours.
TIMEOUT = 3.0
#: A certificate has about 2 KB.
MAX_BYTES = 16_384
#: One for each region, and its successor.
MAX_KEPT = 16

Fetch = Callable[[str], bytes]


class SnsNotary:
    """Keeps the certificates that it has fetched: their addresses change with their content."""

    def __init__(self, client: "Callable[[str], SNSClient]", fetch: Fetch | None = None) -> None:
        """``client`` makes SNS's client for a region; ``fetch`` gets a certificate."""
        self._client = client
        self._fetch = fetch or fetched
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def certificate(self, url: str) -> bytes:
        """The certificate, in PEM, fetched once."""
        if url not in self._kept:
            self._kept[url] = self._fetch(url)
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return self._kept[url]

    def confirm(self, topic: str, token: str) -> None:
        """Confirm by the API, never by the address in the message."""
        try:
            self._client(topic.split(":")[3]).confirm_subscription(TopicArn=topic, Token=token)
        except (ClientError, BotoCoreError) as error:
            kind = type(error).__name__
            raise Retryable(Reason.UNAVAILABLE, f"SNS did not confirm: {kind}") from error


def fetched(url: str, trust: ssl.SSLContext | None = None) -> bytes:
    """What is at an https address; no redirect is followed. Raises Retryable."""
    parts = urlsplit(url)
    trust = trust or ssl.create_default_context()
    connection = HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=trust)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        found = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException) as error:
        kind = type(error).__name__
        raise Retryable(Reason.UNAVAILABLE, f"no certificate from SNS: {kind}") from error
    finally:
        connection.close()
    if answer.status != 200 or len(found) > MAX_BYTES:
        raise Retryable(Reason.UNAVAILABLE, f"no certificate from SNS: status {answer.status}")
    return found

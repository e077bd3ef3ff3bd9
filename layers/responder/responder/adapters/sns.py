"""``ports.Notary``: SNS's certificates, and the confirmation of subscriptions.

``intake.authentication.sns`` has checked the certificates' address.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from responder.adapters.https import fetched
from responder.errors import Reason, Retryable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: One for each region, and its successor.
MAX_KEPT = 16

Fetch = Callable[[str], bytes]


class SnsNotary:
    """Keeps the certificates that it has fetched: their addresses change with their content."""

    def __init__(self, client: "Callable[[str], SNSClient]", fetch: Fetch = fetched) -> None:
        """``client`` makes SNS's client for a region; ``fetch`` gets a certificate."""
        self._client = client
        self._fetch = fetch
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

"""``ports.FrontDoor`` over HTTPS with the stack's own API key, as a monitoring tool comes in."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from responder.adapters.posting import FAILURES, post
from responder.errors import Permanent, Reason, Retryable

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html: the integration gives
#: up after 29 s, and says so.
TIMEOUT_SECONDS = 30.0
ACCEPTED = 202
#: What API Gateway answers to a key that it does not know (any more).
FORBIDDEN = 403


class HttpFrontDoor:
    """The address that tools POST to."""

    def __init__(self, url: str, client: "APIGatewayClient", key_id: str) -> None:
        """``key_id`` names the key in API Gateway; it is read once, and again when refused."""
        self._url = url
        self._client = client
        self._key_id = key_id
        self._key = ""

    def send(self, body: bytes) -> None:
        """POST it. Raises Retryable or Permanent, naming what was said, unless it was accepted."""
        known = bool(self._key)
        status = self._post(body)
        if status == FORBIDDEN and known:
            self._key = ""
            status = self._post(body)
        if status == ACCEPTED:
            return
        if status >= 500:
            raise Retryable(Reason.UNAVAILABLE, f"the front door answered {status}")
        raise Permanent(Reason.MISCONFIGURED, f"the front door answered {status}")

    def _post(self, body: bytes) -> int:
        headers = {"content-type": "application/json", "x-api-key": self._key or self._read()}
        try:
            return post(self._url, body, headers, TIMEOUT_SECONDS)[0]
        except FAILURES as error:
            raise Retryable(Reason.TIMEOUT, f"the front door: {type(error).__name__}") from error

    def _read(self) -> str:
        try:
            answer = self._client.get_api_key(apiKey=self._key_id, includeValue=True)
        except (ClientError, BotoCoreError) as error:
            detail = f"the API key {self._key_id} cannot be read: {type(error).__name__}"
            raise Retryable(Reason.MISCONFIGURED, detail) from error
        self._key = answer["value"]
        return self._key

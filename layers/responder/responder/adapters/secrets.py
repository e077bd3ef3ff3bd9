"""Secrets from Secrets Manager, cached for a short time, never logged.

A rotated secret works without redeploy: a caller whose secret is refused asks again with
``fresh=True``.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Reason, Retryable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

#: Answers that mean "there is no value": an operator has yet to set it.
NO_VALUE = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
#: A secret that has no value is looked for again this soon, in seconds.
RETRY_AFTER = 30.0
#: Within this many seconds of a fetch, a forced one and an absent value are not looked for again.
FORCE_PACE = 5.0


class Secret:
    """One secret by name or ARN. ``name`` is what an operator calls it."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        secret_id: str,
        max_age: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``max_age`` in seconds; nothing is fetched yet."""
        self._client = client
        self._secret_id = secret_id
        self._max_age = max_age
        self._clock = clock
        self._value = ""
        self._fetched: float | None = None
        self._read: tuple[str, Mapping[str, object] | None] = ("", None)

    @property
    def name(self) -> str:
        """The secret's name, without the ARN around it and AWS's random suffix."""
        return secret_name(self._secret_id)

    def __call__(self, fresh: bool = False) -> str:
        """Its value. Raises Retryable, naming the secret, when it has none or cannot be read."""
        age = None if self._fetched is None else self._clock() - self._fetched
        if age is None or age > (FORCE_PACE if fresh or not self._value else self._max_age):
            self._value = self._fetch()
            self._fetched = self._clock()
        if not self._value:
            raise Retryable(
                Reason.SECRET_MISSING,
                f"the secret {self.name} has no value",
                after=RETRY_AFTER,
                took_effect=False,
            )
        return self._value

    def as_json(self, fresh: bool = False) -> Mapping[str, object]:
        """Its value as a JSON object, the same one until it changes.

        Raises Retryable, naming the secret, when it is none.
        """
        text = self(fresh)
        if self._read[0] != text:
            self._read = (text, _json_object(text))
        if self._read[1] is None:
            raise Retryable(Reason.MISCONFIGURED, f"the secret {self.name} is not a JSON object")
        return self._read[1]

    def present(self) -> bool:
        """Whether it has a value. Raises Retryable only when Secrets Manager does not answer."""
        try:
            return bool(self())
        except Retryable as error:
            if error.reason is Reason.SECRET_MISSING:
                return False
            raise

    def _fetch(self) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in NO_VALUE:
                return ""
            raise self._unreadable(error) from error
        except BotoCoreError as error:
            raise self._unreadable(error) from error
        return (answer.get("SecretString") or "").strip()

    def _unreadable(self, error: ClientError | BotoCoreError) -> Retryable:
        return Retryable(
            Reason.UNAVAILABLE,
            f"the secret {self.name} cannot be read: {type(error).__name__}",
            after=RETRY_AFTER,
            took_effect=False,
        )


def _json_object(text: str) -> Mapping[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def secret_name(secret_id: str) -> str:
    """The name inside an ARN (``…:secret:NAME-Ab12Cd``), or the name itself."""
    if not secret_id.startswith("arn:"):
        return secret_id
    return secret_id.rsplit(":", 1)[-1].rsplit("-", 1)[0]

"""The stack's secrets as they are stored; ``secrets``, ``sources`` and ``health`` read them."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from responder.adapters.secrets import NO_VALUE
from responder_cli.aws import Stack

#: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
MOST_BYTES = 65_536
#: Secrets Manager's own names of the version in use and of the one before.
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass(frozen=True)
class Stored:
    """A version of a secret, empty where there is none. The value is in no representation of it."""

    value: str = ""
    since: datetime | None = None
    version: str = ""

    def __repr__(self) -> str:
        """Nothing that a traceback or a log may not show."""
        return "Stored(…)"


def secret_id(stack: Stack, short: str) -> str:
    """The full name of a secret, as the template names it."""
    return f"{stack.output('SecretPrefix')}/{short}"


def read(stack: Stack, short: str, stage: str = CURRENT) -> Stored:
    """The version in use, or another one; AWS has one word for an empty secret and for none."""
    client = stack.client("secretsmanager")
    try:
        answer = client.get_secret_value(SecretId=secret_id(stack, short), VersionStage=stage)
    except ClientError as error:
        if error.response["Error"]["Code"] not in NO_VALUE:
            raise
        return Stored()
    return Stored(
        str(answer.get("SecretString") or "").strip(),
        answer.get("CreatedDate"),
        str(answer.get("VersionId", "")),
    )

"""The stack's secrets as they are stored; ``secrets``, ``sources`` and ``health`` read them."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from responder.adapters.secrets import NO_VALUE
from responder_cli.aws import Stack
from responder_cli.mending import aws

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


@dataclass(frozen=True)
class Absence:
    """Why a secret can be given no value, and what mends that."""

    reason: str
    mend: str


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


def absence(stack: Stack, short: str) -> Absence | None:
    """Why a secret is not merely empty; None where it is there, or we may not look.

    AWS has one word for the value of an empty secret, of a deleted one, and of none at all.
    """
    name = secret_id(stack, short)
    try:
        found = stack.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "AccessDeniedException":
            return None
        if code != "ResourceNotFoundException":
            raise
        # A deployment makes what is new to the stack; what it made before it takes to be there.
        return Absence(
            f"there is no secret {name}",
            'deploy, if the stack never had it; else the runbook\'s "A secret was deleted"',
        )
    if not found.get("DeletedDate"):
        return None
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html
    restore = aws(stack, f"secretsmanager restore-secret --secret-id {name}")
    return Absence(f"{name} is being deleted", restore)

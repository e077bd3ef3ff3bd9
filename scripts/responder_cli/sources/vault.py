"""The secret ``sources`` as the command line reads and writes it.

A new value is stored under a label of its own, then AWSCURRENT is moved to it from the version
that was read. Secrets Manager refuses to move it from another: two operators never overwrite each
other. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
"""

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import click
from botocore.exceptions import ClientError

from responder.adapters.secrets import NO_VALUE
from responder_cli.aws import Stack

#: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
MAX_BYTES = 65_536
#: Until every function has read a new value.
OBEYED = "SecretMaxAgeSeconds (300)"
_CURRENT = "AWSCURRENT"
_CHANGED = "Somebody else changed the sources meanwhile; nothing was written. Try again."


@dataclass(frozen=True)
class Held:
    """The secret's value, and the version that it is; empty where there is no value yet."""

    document: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


def secret_id(stack: Stack) -> str:
    """The secret's name."""
    return f"{stack.output('SecretPrefix')}/sources"


def load(stack: Stack) -> Held:
    """What is stored. Raises ClickException where it is not a JSON object."""
    try:
        answer = stack.client("secretsmanager").get_secret_value(
            SecretId=secret_id(stack), VersionStage=_CURRENT
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in NO_VALUE:
            return Held()
        raise
    try:
        document = json.loads(answer.get("SecretString") or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise click.ClickException(f"The secret {secret_id(stack)} is not a JSON object.")
    return Held(document, answer["VersionId"])


def save(stack: Stack, document: Mapping[str, Any], replaces: Held) -> None:
    """Store a value in place of ``replaces``. Raises ClickException where that is not current."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if len(text.encode()) > MAX_BYTES:
        raise click.ClickException(f"All sources together take more than {MAX_BYTES} bytes.")
    client, name = stack.client("secretsmanager"), secret_id(stack)
    label = f"responder-{uuid.uuid4()}"
    stored = client.put_secret_value(
        SecretId=name,
        SecretString=text,
        VersionStages=[label],
        ClientRequestToken=str(uuid.uuid4()),
    )
    version = stored["VersionId"]
    try:
        # The first version of a secret is the current one at once, whatever its label.
        if not (_CURRENT in stored["VersionStages"] and not replaces.version):
            _make_current(client, name, version, replaces.version)
    finally:
        # A version without a label is deleted by Secrets Manager.
        with suppress(ClientError):
            client.update_secret_version_stage(
                SecretId=name, VersionStage=label, RemoveFromVersionId=version
            )


def _make_current(client: Any, name: str, version: str, replaces: str) -> None:  # noqa: ANN401 - boto3's
    removed = {"RemoveFromVersionId": replaces} if replaces else {}
    try:
        client.update_secret_version_stage(
            SecretId=name, VersionStage=_CURRENT, MoveToVersionId=version, **removed
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("InvalidParameterException", *NO_VALUE):
            raise click.ClickException(_CHANGED) from error
        raise

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
from responder_cli import secret_store
from responder_cli.aws import Stack
from responder_cli.secret_store import CURRENT, MOST_BYTES, secret_id

#: The end of its name.
NAME = "sources"
#: Until every function has read a new value.
OBEYED = "SecretMaxAgeSeconds (300)"
_CHANGED = "Somebody else changed the sources meanwhile; nothing was written. Try again."


@dataclass(frozen=True)
class Held:
    """The secret's value, and the version that it is; empty where there is no value yet."""

    document: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


def load(stack: Stack) -> Held:
    """What is stored. Raises ClickException where it is not a JSON object."""
    found = secret_store.read(stack, NAME)
    try:
        document = json.loads(found.value or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise click.ClickException(f"The secret {secret_id(stack, NAME)} is not a JSON object.")
    return Held(document, found.version)


def save(stack: Stack, document: Mapping[str, Any], replaces: Held) -> None:
    """Store a value in place of ``replaces``. Raises ClickException where that is not current."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if len(text.encode()) > MOST_BYTES:
        raise click.ClickException(f"All sources together take more than {MOST_BYTES} bytes.")
    client, name = stack.client("secretsmanager"), secret_id(stack, NAME)
    label = f"responder-{uuid.uuid4()}"
    made = client.put_secret_value(
        SecretId=name,
        SecretString=text,
        VersionStages=[label],
        ClientRequestToken=str(uuid.uuid4()),
    )
    version = made["VersionId"]
    try:
        # The first version of a secret is the current one at once, whatever its label.
        if not (CURRENT in made["VersionStages"] and not replaces.version):
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
            SecretId=name, VersionStage=CURRENT, MoveToVersionId=version, **removed
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("InvalidParameterException", *NO_VALUE):
            raise click.ClickException(_CHANGED) from error
        raise

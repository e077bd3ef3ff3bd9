"""The secret ``sources``: who may send, as which tools, and how each one proves who it is.

``{"sources": {"<name>": {"tools": ["grafana"], "tokens": ["…"], "signature": {…}}}}``; the older
form ``{"tokens": {"<name>": "<token>"}}`` (or ``{"token": "…", "tools": […]}``) is read, too.
``responder sources`` writes it, reception reads it at each request.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from responder.intake.fields import mapping

#: Two, so that a sender can be given the new one before the old one is taken away.
LIVE = 2
#: Seconds by which the time that a sender signed may differ from ours.
#: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
WINDOW = 300
#: SNS repeats a delivery for up to an hour, with the time of the first:
#: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
SNS_WINDOW = 3900
#: The application that Azure Monitor's action groups are, in every tenant:
#: https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups#secure-webhook
ACTION_GROUPS = "461e8683-5575-4561-ac7f-899cc907d62a"
#: What a name may be: it is a segment of an address.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
#: Standard Webhooks' secrets: this, then the key in base64.
KEY_PREFIX = "whsec_"

Secret = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
LiveSecrets = Annotated[tuple[Secret, ...], Field(min_length=1, max_length=LIVE)]
HeaderName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"),
    AfterValidator(str.lower),
]
Topic = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:aws[a-z-]*:sns:[a-z]{2}(-[a-z]+)+-\d+:\d{12}:[\w-]+(\.fifo)?$"
    ),
]

Guid = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", to_lower=True),
]


class _Part(BaseModel):
    # A word that nobody knows is refused: a misspelt "signature" must not leave a source open.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Hmac(_Part):
    """A signature over the raw body with a shared secret, made as ``scheme`` says.

    ``header`` and ``timestamp_header`` are for the schemes whose senders let them be chosen; a
    ``timestamp_header`` that is named must be there and be signed. ``window`` in seconds.
    """

    scheme: Literal[
        "sentry", "pagerduty", "grafana", "github", "checkly", "flux", "mongodb-atlas",
        "standard-webhooks", "rootly", "hmac",
    ]  # fmt: skip
    secrets: LiveSecrets
    header: HeaderName | Literal[""] = ""
    timestamp_header: HeaderName | Literal[""] = ""
    window: Annotated[int, Field(ge=30, le=86_400)] = WINDOW

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if self.scheme == "hmac" and not self.header:
            raise ValueError("the scheme hmac needs a header")
        if self.timestamp_header and self.scheme != "grafana":
            raise ValueError("only the scheme grafana has a timestamp_header")
        if self.scheme == "standard-webhooks":
            for secret in self.secrets:
                signing_key(secret)
        return self


class Sns(_Part):
    """SNS's own signature, good for these topics only. ``window`` in seconds."""

    scheme: Literal["sns"]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    window: Annotated[int, Field(ge=60, le=86_400)] = SNS_WINDOW


class SharedHeader(_Part):
    """A header that holds the secret itself, such as ``X-Gitlab-Token``."""

    name: HeaderName
    secrets: LiveSecrets


class Entra(_Part):
    """A token of Microsoft Entra ID: of this tenant, for this audience, issued to this client."""

    tenant: Guid
    audience: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    client: Guid = ACTION_GROUPS


class Source(_Part):
    """One sender. Whatever it names of tokens, signature, header and Entra is needed, all of it.

    ``tools`` empty for every tool. ``user``: Basic counts with this user only.
    """

    tools: tuple[str, ...] = ()
    tokens: Annotated[tuple[Secret, ...], Field(max_length=LIVE)] = ()
    user: str = ""
    signature: Annotated[Hmac | Sns, Field(discriminator="scheme")] | None = None
    header: SharedHeader | None = None
    entra: Entra | None = None

    @model_validator(mode="after")
    def _proves_something(self) -> Self:
        if not (self.tokens or self.signature or self.header or self.entra):
            raise ValueError("a source needs tokens, a signature, a header or entra")
        return self


@dataclass(frozen=True)
class Sources:
    """All senders by name. ``unreadable`` says of each entry that is none why not."""

    known: Mapping[str, Source] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


def sources_in(document: Mapping[str, object]) -> Sources:
    """The senders of a secret. Never raises: what is wrong costs its own entry."""
    known: dict[str, Source] = {}
    unreadable: dict[str, str] = {}
    for name, entry in named_entries(document):
        if known.pop(name, None) or name in unreadable:
            unreadable[name] = "written twice"
            continue
        try:
            known[name] = Source.model_validate(entry)
        except ValidationError as error:
            unreadable[name] = why(error)
    return Sources(known, unreadable)


def why(error: ValidationError) -> str:
    """What is wrong with an entry, without any value of it."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)


def signing_key(secret: str) -> bytes:
    """The key of a Standard Webhooks secret. Raises ValueError where it is not base64."""
    if not secret.startswith(KEY_PREFIX):
        return secret.encode(errors="replace")
    try:
        return base64.b64decode(secret.removeprefix(KEY_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"what follows {KEY_PREFIX} is not base64") from error


def named_entries(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every entry by its name, those of the older form as they would be written today."""
    for name, entry in mapping(document.get("tokens")).items():
        yield name, _of_token(entry)
    yield from mapping(document.get("sources")).items()


def _of_token(entry: object) -> object:
    if not isinstance(entry, dict):
        return {"tokens": [entry]}
    rest = {name: value for name, value in entry.items() if name != "token"}
    return {**rest, "tokens": [entry["token"]]} if "token" in entry else rest

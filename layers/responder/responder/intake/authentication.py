"""Who may send on the token route: the path's token, a Basic password or a Bearer token.

``reception`` asks before it reads a body. The secret ``sources`` is JSON:
``{"tokens": {"<name>": "<token>", "<name>": {"token": "…", "tools": ["alertmanager"]}}}``, where
``tools`` restricts the routes on which that token is good.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from responder.intake.fields import mapping, sequence


@dataclass(frozen=True)
class Sender:
    """Whose token it was; ``tools`` empty for every tool."""

    name: str
    tools: tuple[str, ...] = ()

    def may_send(self, tool: str) -> bool:
        """Whether the token is good on the route of ``tool``."""
        return not self.tools or tool in self.tools


def authenticate(
    sources: Mapping[str, object], path_token: str, headers: Mapping[str, str]
) -> Sender | None:
    """The sender whose token was offered in any of the three places, or None."""
    offered = [_hash(token) for token in _offered(path_token, headers)]
    found: Sender | None = None
    # No early exit: the time taken says nothing of which token was nearly right.
    for name, token, tools in _configured(sources):
        expected = _hash(token)
        matching = [hmac.compare_digest(expected, given) for given in offered]
        if any(matching) and found is None:
            found = Sender(name, tools)
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def _configured(sources: Mapping[str, object]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for name, entry in mapping(sources.get("tokens")).items():
        fields = mapping(entry) or {"token": entry}
        token, tools = fields.get("token"), tuple(map(str, sequence(fields.get("tools"))))
        if isinstance(token, str) and token:
            yield name, token, tools


def _offered(path_token: str, headers: Mapping[str, str]) -> Iterator[str]:
    if path_token:
        yield path_token
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer" and credentials:
        yield credentials
    if scheme.lower() == "basic" and (password := _password(credentials)):
        yield password


def _password(credentials: str) -> str:
    try:
        user_and_password = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return user_and_password.partition(":")[2]

"""The signature as a value, and its digest; every version of the signature makes these."""

import hashlib
import json
from collections.abc import Callable, Sequence

_SEPARATOR = "\0"


class Signature:
    """The key of a problem (``v1:…``), and why; two are equal when their keys are."""

    __slots__ = ("_explain", "key")

    def __init__(self, key: str, explain: Callable[[], str]) -> None:
        """``explain`` is called only when somebody asks."""
        self.key = key
        self._explain = explain

    @property
    def explanation(self) -> str:
        """One line on what made the signature, and what did not."""
        return self._explain()

    def __eq__(self, other: object) -> bool:
        """By the key alone."""
        return isinstance(other, Signature) and other.key == self.key

    def __hash__(self) -> int:
        """Likewise."""
        return hash(self.key)

    def __repr__(self) -> str:
        """For tests and logs."""
        return f"Signature({self.key!r})"


def key_of(version: int, parts: Sequence[str]) -> str:
    """The key of two or more parts, which cannot be shifted into each other by their content."""
    joined = _SEPARATOR.join(parts)
    if joined.count(_SEPARATOR) >= len(parts):
        # JSON escapes the separator, so no other parts can look like these.
        joined = json.dumps(parts)
    encoded = joined.encode(errors="surrogatepass")
    return f"v{version}:{hashlib.sha256(encoded).hexdigest()[:24]}"

"""The signature as a value, and its digest; every version of the signature makes these."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_SEPARATOR = "\0"


@dataclass(frozen=True, slots=True)
class Signature:
    """The key of a problem (``v1:…``). ``explanation`` is made only when it is asked for."""

    key: str
    explain: Callable[[], str] = field(compare=False, repr=False)

    @property
    def explanation(self) -> str:
        """One line on what made the signature, and what did not."""
        return self.explain()


def key_of(version: int, parts: Sequence[str]) -> str:
    """The key of two or more parts, which cannot be shifted into each other by their content."""
    joined = _SEPARATOR.join(parts)
    if joined.count(_SEPARATOR) >= len(parts):
        # JSON escapes the separator, so no other parts can look like these.
        joined = json.dumps(parts)
    encoded = joined.encode(errors="surrogatepass")
    return f"v{version}:{hashlib.sha256(encoded).hexdigest()[:24]}"

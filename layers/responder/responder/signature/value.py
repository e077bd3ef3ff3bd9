"""The signature as a value, and its digest; every version of the signature makes these."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """The key of a problem (``v1:…``), and one line on what made it and what did not."""

    key: str
    explanation: str


def key_of(version: int, parts: Sequence[object]) -> str:
    """The key of the parts; as JSON they cannot be shifted into each other by their content."""
    encoded = json.dumps(parts, separators=(",", ":")).encode()
    return f"v{version}:{hashlib.sha256(encoded).hexdigest()[:24]}"

"""What a call cost, and what it may cost at most, from ``prices.json``.

Called by the Claude adapter. A configured model without a price is a configuration error: nothing
may be spent that cannot be counted.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from responder.errors import Permanent, Reason

PRICES_FILE = Path(__file__).with_name("prices.json")

#: Tokens that the API adds around a request (roles, the structured-output instructions).
OVERHEAD_TOKENS = 600

_PER_MILLION = 1_000_000


@dataclass(frozen=True)
class Usage:
    """The tokens of one call as the API counts them; cached ones are not in ``input_tokens``."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0

    @property
    def prompt_tokens(self) -> int:
        """All tokens of the prompt, cached or not."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens


def as_of() -> str:
    """The day on which the prices were read."""
    return str(_book()["as_of"])


def cost_usd(model: str, usage: Usage) -> float:
    """The dollars that ``usage`` costs on ``model``. Raises Permanent for an unpriced model."""
    price = _price(model, usage.prompt_tokens)
    total = (
        usage.input_tokens * price["input"]
        + usage.output_tokens * price["output"]
        + usage.cache_write_tokens * price["cache_write"]
        + usage.cache_read_tokens * price["cache_read"]
    )
    return round(total / _PER_MILLION, 9)


def ceiling_usd(model: str, prompt_bytes: int, max_tokens: int) -> float:
    """The most that a call can cost. A token is at least one byte of UTF-8, so bytes bound it."""
    tokens = prompt_bytes + OVERHEAD_TOKENS
    return cost_usd(model, Usage(cache_write_tokens=tokens, output_tokens=max_tokens))


def require_price(model: str) -> None:
    """Raises Permanent where ``prices.json`` does not know ``model``."""
    _price(model, 0)


def _price(model: str, prompt_tokens: int) -> dict[str, float]:
    entry = _book()["models"].get(model)
    if entry is None:
        raise Permanent(Reason.MISCONFIGURED, f"no price is known for model {model[:80]!r}")
    if prompt_tokens > entry.get("long_prompt_above", prompt_tokens):
        price: dict[str, float] = entry["long_prompt"]
        return price
    return {name: value for name, value in entry.items() if not name.startswith("long_prompt")}


@cache
def _book() -> dict[str, Any]:
    book: dict[str, Any] = json.loads(PRICES_FILE.read_text(encoding="utf-8"))
    return book

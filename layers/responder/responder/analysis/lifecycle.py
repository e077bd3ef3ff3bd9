"""Which of the priced models are on their way out, from ``lifecycle.json``.

Deploying and the pre-traffic check warn of them. It is no error: until that day they answer, and
afterwards an incident of our own says that they do not.
"""

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from responder.clock import to_utc

LIFECYCLE_FILE = Path(__file__).with_name("lifecycle.json")


def ending(model: str, now: datetime) -> str:
    """What an operator should know of a deprecated ``model``; empty for any other."""
    entry = _book()["models"].get(model)
    if entry is None:
        return ""
    retires = date.fromisoformat(entry["retires"])
    left = (retires - to_utc(now).date()).days
    when = f"ends on {retires} ({left} days left)" if left > 0 else f"has ended on {retires}"
    return f"{model} is deprecated and {when}: use {entry['use']} (as of {_book()['as_of']})"


@cache
def _book() -> dict[str, Any]:
    book: dict[str, Any] = json.loads(LIFECYCLE_FILE.read_text(encoding="utf-8"))
    return book

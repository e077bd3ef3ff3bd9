"""Mistakes that are easy to make at the wire: found by the campaign on moto."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from slack_sdk import WebClient

from faults.substitutes import Replacement
from responder.adapters import slack
from responder.errors import Retryable
from responder.ports import Store
from responder.protocols import channels, items


def try_a_dropped_post_again() -> Sequence[Replacement]:
    """slack_sdk's own handler of dropped connections is left in place: it posts again."""

    def client(**given: Any) -> WebClient:
        return WebClient(**{**given, "retry_handlers": None})

    return [(slack, "WebClient", client)]


def keep_an_id_under_the_key() -> Sequence[Replacement]:
    """A model has a field of the name that the item's own key has in DynamoDB."""

    class Known(BaseModel):
        id: str

    def remember(store: Store, channel: str, told: str, now: datetime) -> None:
        with suppress(Retryable):
            place = items.state_item(f"channel#{channel}")
            items.change(store, place, Known, lambda before: Known(id=told), now)

    def known(store: Store, channel: str) -> str:
        found = items.load(store, items.state_item(f"channel#{channel}"), Known)
        return found.id if found else channel

    return [(channels, "remember", remember), (channels, "known", known)]

"""Which id a channel's name has, as Slack told it with a post: a search then lists no channels.

Slack lets only posts take a name, and listing a big workspace's channels takes more calls than its
limit allows. A name that is given to another channel is learnt anew with the next post.
"""

from collections.abc import MutableMapping
from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from responder.channel import is_id
from responder.errors import Retryable
from responder.ports import Key, Store
from responder.protocols import items


class Known(BaseModel):
    """The id of a channel that is configured by its name.

    Not ``id``, which is the item's own key: what was stored under it once is forgotten.
    """

    model_config = ConfigDict(frozen=True)

    channel_id: str = ""


def remember(
    store: Store, channel: str, told: str, now: datetime, before: MutableMapping[str, str]
) -> None:
    """What Slack told with a post to ``channel``. Not worth to fail for: a search lists instead.

    ``before`` is what this process has remembered: every post tells the same again.
    """
    if is_id(channel) or not is_id(told) or before.get(channel) == told:
        return
    with suppress(Retryable):
        items.change(store, _item(channel), Known, lambda _: Known(channel_id=told), now)
        before[channel] = told


def known(store: Store, channel: str) -> str:
    """The id of ``channel`` where it is known, else the channel as it is."""
    if is_id(channel):
        return channel
    found = items.load(store, _item(channel), Known)
    return (found.channel_id if found else "") or channel


def _item(channel: str) -> Key:
    return items.state_item(f"channel#{channel}")

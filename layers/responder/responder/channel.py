"""A Slack channel as operators write it: by its id, or by its name with or without the ``#``.

``settings`` and ``policy.routes`` read it into one form, so that channels can be compared.
"""

import re

#: Of a channel (C, once G) or a direct message (D); names have no capitals.
_ID = re.compile(r"[CDG][A-Z0-9]{5,20}")


def is_id(channel: str) -> bool:
    """Whether it is Slack's own id of a channel."""
    return _ID.fullmatch(channel) is not None


def canonical(channel: str) -> str:
    """An id as it is, a name with its ``#``, nothing for none."""
    if not channel or is_id(channel):
        return channel
    return f"#{channel.removeprefix('#')}"

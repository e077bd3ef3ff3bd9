"""An incident's links in the order in which they are needed at night, each kind with its symbol."""

import re
from functools import lru_cache
from itertools import islice

from responder.delivery import blocks, mrkdwn
from responder.incident import Incident

#: Shown on a card; the rest is in the tool.
MAX_LINKS = 6
_NAME = 60

# In the order of the card. A name that fits several is of the later kind: "alarm logs" are logs.
_KINDS = (
    ("🔧", "alarm|alert|console|event|incident|issue|monitor|source|tool"),
    ("📊", "chart|dashboard|graph|panel"),
    ("📖", r"docs?\b|documentation|playbook|run ?book"),
    ("📜", r"log(?:s|ging)?\b"),
    ("🧵", "span|trace"),
)
_OTHER = "🔗"
#: One group for each kind.
_WORD = re.compile(rf"\b(?:{'|'.join(f'({pattern})' for _, pattern in _KINDS)})")


def section(incident: Incident) -> blocks.Block | None:
    """One line of links. Text, not buttons: those warn where no interactivity is set up."""
    ranked = sorted([(*_kind(name[:_NAME]), name, url) for name, url in incident.links.items()])
    shown = ((symbol, mrkdwn.link(url, name, _NAME)) for _, symbol, name, url in ranked)
    found = (f"{symbol} {link}" for symbol, link in shown if link)
    return blocks.section(islice(found, MAX_LINKS), between=" · ")


# Tools name all of their links alike.
@lru_cache(maxsize=128)
def _kind(name: str) -> tuple[int, str]:
    """Its rank and symbol."""
    words = name.lower().replace("_", " ").replace("-", " ")
    ranks = [found.lastindex - 1 for found in _WORD.finditer(words) if found.lastindex]
    return (max(ranks), _KINDS[max(ranks)][0]) if ranks else (len(_KINDS), _OTHER)

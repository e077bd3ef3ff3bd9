"""An incident's links in the order in which they are needed at night, each kind with its symbol."""

import re

from responder.delivery import blocks, mrkdwn
from responder.incident import Incident

#: Shown on a card; the rest is in the tool.
MAX_LINKS = 6
_NAME = 60

# In the order of the card. A name that fits several is of the later kind: "alarm logs" are logs.
_KINDS = (
    ("🔧", re.compile(r"\b(?:alarm|alert|console|event|incident|issue|monitor|source|tool)")),
    ("📊", re.compile(r"\b(?:chart|dashboard|graph|panel)")),
    ("📖", re.compile(r"\b(?:docs?\b|documentation|playbook|run ?book)")),
    ("📜", re.compile(r"\blog(?:s|ging)?\b")),
    ("🧵", re.compile(r"\b(?:span|trace)")),
)
_OTHER = "🔗"


def section(incident: Incident) -> blocks.Block | None:
    """One line of links. Text, not buttons: those warn where no interactivity is set up."""
    ranked = sorted((*_kind(name), name, url) for name, url in incident.links.items())
    shown = ((symbol, mrkdwn.link(url, name, _NAME)) for _, symbol, name, url in ranked)
    found = [f"{symbol} {link}" for symbol, link in shown if link]
    return blocks.section(found[:MAX_LINKS], between=" · ")


def _kind(name: str) -> tuple[int, str]:
    """Its rank and symbol."""
    words = name[:_NAME].lower().replace("_", " ").replace("-", " ")
    for rank, (symbol, pattern) in reversed(list(enumerate(_KINDS))):
        if pattern.search(words):
            return rank, symbol
    return len(_KINDS), _OTHER

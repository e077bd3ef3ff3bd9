"""What the tests of the card share: its text, and an incident with an analysis."""

from responder.incident import Incident
from responder.ports import Message
from responder_cli.card.examples import CLAUDE, FIRST

TIMES = "\N{MULTIPLICATION SIGN}"


def shown(message: Message) -> str:
    texts = [e for b in message.blocks for e in b.get("elements", [b.get("text")])]
    return "\n".join(text["text"] for text in texts)


def with_analysis(**changes: object) -> Incident:
    return FIRST.model_copy(update={"analysis": CLAUDE.model_copy(update=changes)})

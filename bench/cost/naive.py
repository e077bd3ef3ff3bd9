"""The pipeline that ours is compared with: one message, one read, one write per alert.

It asks Claude at every miss of a cache by the exact text, and posts a message for each alert that
fires. All else is in its favour: it analyses no resolve, its cache never ends, its prompt is as
long as ours, one request of many alerts is one invocation of its front door, and what it prints is
one short line an alert.
"""

from collections import Counter
from collections.abc import Sequence

from bench.cost import prices, units
from bench.cost.mixes import Message
from bench.cost.town import CLAUDE_SECONDS, PLATFORM_LOG_BYTES, SLACK_SECONDS
from bench.cost.wire import AWS_SECONDS

LINE_BYTES = 200


def run(messages: Sequence[Message], model: str, prompt_tokens: int) -> Counter[str]:
    """What a mix costs there, in units."""
    bill: Counter[str] = Counter()
    known: set[str] = set()
    for message in messages:
        each = len(message.body.encode()) // message.alerts
        bill["api requests"] += 1
        bill["reception invocations"] += 1
        bill["reception waiting seconds"] += AWS_SECONDS * message.alerts  # type: ignore[assignment]
        for number in range(message.alerts):
            text = message.texts[number] if number < len(message.texts) else ""
            # Sent, received, deleted.
            bill["sqs requests"] += 2 * units.sqs(each) + 1
            bill["dynamodb read units"] += 1
            bill["dynamodb write units"] += -(-each // units.WRITE_UNIT)
            bill["distribution invocations"] += 1
            bill["log bytes"] += 2 * LINE_BYTES
            bill["lambda log bytes"] += PLATFORM_LOG_BYTES
            waits = 2 * AWS_SECONDS
            if text:
                waits += SLACK_SECONDS
            if text and text not in known:
                known.add(text)
                bill[f"calls of {model}"] += 1
                bill[f"prompt tokens of {model}"] += prompt_tokens
                waits += CLAUDE_SECONDS
            bill["distribution waiting seconds"] += waits  # type: ignore[assignment]
        bill["lambda log bytes"] += PLATFORM_LOG_BYTES
    return bill


def dollars(messages: Sequence[Message], model: str, prompt_tokens: int) -> dict[str, float]:
    """By service; its one worker is billed as the smaller function."""
    return prices.dollars(run(messages, model, prompt_tokens))

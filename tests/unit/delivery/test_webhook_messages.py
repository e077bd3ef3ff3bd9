"""What a webhook posts, which can edit nothing: a first message, and the analysis alone."""

from responder.delivery import card
from responder_cli.card.examples import ANALYSED, CACHED, FIRST, NOW, RESOLVED
from unit.delivery.cards import shown


def test_webhook_messages_say_what_follows() -> None:
    first = shown(card.webhook_first(FIRST, NOW))
    assert "this message is not updated, repeats are not posted" in first
    assert "the analysis and the end are sent as a new message" in first
    assert "a rise in severity" not in first
    cached = shown(card.webhook_first(CACHED, NOW))
    assert "the end is sent as a new message, as is a rise in severity" in cached
    assert "repeats" not in shown(card.webhook_first(RESOLVED, NOW))


def test_webhook_analysis_stands_alone() -> None:
    message = card.webhook_analysis(ANALYSED, NOW)
    assert message.text == (
        "🔎 Analysis for checkout: HighErrorRate: 31 % of requests fail: "
        "The database connection pool of checkout is exhausted"
    )
    text = shown(message)
    assert text.startswith("🔎 Analysis · checkout: HighErrorRate")
    assert "Check first" in text
    assert "`5f2c9b#1`" in text

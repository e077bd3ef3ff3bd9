"""Every example as the message that Slack gets; run this file to write the golden files anew.

PYTHONPATH=layers/responder:scripts:tests .venv/bin/python tests/unit/delivery/golden_messages.py
"""

import json
from pathlib import Path

from responder.delivery import card, details, notices
from responder.incident import NoticeKind
from responder.ports import Message
from responder_cli.card.examples import (
    ANALYSED,
    FIRST,
    HOSTILE,
    INCIDENTS,
    NOW,
    RESOLVED,
    WORDY,
    notice,
)

FOLDER = Path(__file__).with_name("golden")


def messages() -> dict[str, Message]:
    """By the name of the golden file, which says what it shows."""
    raised = notice(NoticeKind.SEVERITY_RAISED, "HIGH → CRITICAL")
    refired = notice(NoticeKind.REFIRED)
    over = notice(NoticeKind.RESOLVED)
    doubted = notice(
        NoticeKind.SEVERITY_DOUBTED, "the alert says CRITICAL, Claude HIGH (confidence high)"
    )
    escalated = notice(NoticeKind.ESCALATED, "HIGH → CRITICAL")
    return {
        **{f"card_{name}": card.render(case, NOW) for name, case in INCIDENTS.items()},
        "webhook_first_message": card.webhook_first(FIRST, NOW),
        "webhook_analysis": card.webhook_analysis(ANALYSED, NOW),
        "webhook_analysis_hostile": card.webhook_analysis(HOSTILE, NOW),
        "reply_severity_raised": notices.render(ANALYSED, raised),
        "reply_fired_again": notices.render(ANALYSED, refired),
        "reply_resolved": notices.render(RESOLVED, over),
        "reply_severity_doubted": notices.render(ANALYSED, doubted),
        "reply_details": details.render(WORDY, shortened=False),
        "critical_channel_escalated": notices.render(
            ANALYSED, escalated, standalone=True, card_in="#alerts"
        ),
        "webhook_severity_raised": notices.render(ANALYSED, raised, standalone=True),
        "webhook_fired_again": notices.render(ANALYSED, refired, standalone=True),
        "webhook_resolved": notices.render(RESOLVED, over, standalone=True),
    }


def as_json(message: Message) -> str:
    """A message as its golden file has it."""
    shown = {"text": message.text, "color": message.color, "blocks": list(message.blocks)}
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, message in messages().items():
        FOLDER.joinpath(f"{name}.json").write_text(as_json(message), encoding="utf-8")

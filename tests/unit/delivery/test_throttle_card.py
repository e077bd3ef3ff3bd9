"""The digest of a throttled source as a card, in both layouts, and the pages of its list."""

import json

from responder.alert import Severity
from responder.analysis import fallback
from responder.delivery import card, notices
from responder.incident import Incident, IncidentState, Notice, NoticeKind, Storm
from responder.ports import Message
from responder_cli.card.examples import FIRST, NOW
from unit.delivery.checker import problems
from unit.delivery.test_storm_card import STORM

KNOWN = Storm(
    kind="throttle",
    most=60,
    incidents=112,
    services=(("shop", 100), ("mail", 12)),
    worst=((Severity.HIGH, "shop: <!channel> *cart* " * 30), (Severity.LOW, "mail is slow")),
    rules=(("<!channel> in cart", 70), ("TimeoutError", 42)),
)
DIGEST = STORM.model_copy(
    update={
        "title": "Too many new problems from <!here> in prod",
        "storm": KNOWN,
        "analysis": fallback.of_throttle(NOW),
    }
)
OVER = DIGEST.model_copy(
    update={"state": IncidentState.RESOLVED, "resolved_at": NOW, "last_seen": NOW}
)


def said(message: Message) -> str:
    return json.dumps([message.text, *message.blocks], ensure_ascii=False)


def test_it_says_what_is_held_why_and_until_when() -> None:
    message = card.render(DIGEST, NOW)
    assert not problems(message)
    for part in (
        "*Throttle* · *112 incidents held*",
        "Too many new problems from",
        "More than 60 new incidents of one source within an hour: the next ones wait",
        "CRITICAL ones come at once",
        "after an hour at the latest, all are listed in the thread",
        "*By service:* `shop` 100 · `mail` 12",
        "in cart` 70 · `TimeoutError` 42",
        "*Worst, newest first:*\\n🟠 HIGH shop: ",
        "🔵 LOW mail is slow",
    ):
        assert part in said(message)
    first = card.webhook_first(DIGEST, NOW)
    assert not problems(first)
    assert "*Throttle*: new incidents are held" in said(first)


def test_it_never_claims_that_claude_is_being_asked() -> None:
    text = said(card.render(DIGEST, NOW))
    assert "being asked" not in text
    assert "Claude was not asked: what is held costs nothing" in text
    assert "the analysis" not in said(card.webhook_first(DIGEST, NOW))


def test_its_end_and_its_list_speak_of_a_throttle() -> None:
    message = card.render(OVER, NOW)
    assert not problems(message)
    assert "Calm again after" in said(message)
    assert "mail is slow" not in said(message)
    end = notices.render(OVER, Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW))
    assert "it held 112 incidents" in end.text
    page = Notice(number=2, kind=NoticeKind.HELD_PAGE, at=NOW, detail="1")
    assert notices.render(OVER, page, [FIRST]).text.startswith("Held by the throttle, part 1\n")


def test_a_storm_that_was_stored_before_there_were_throttles_is_still_one() -> None:
    stored = STORM.model_dump(mode="json")
    del stored["storm"]["kind"], stored["storm"]["rules"]
    text = said(card.render(Incident.model_validate(stored), NOW))
    assert "*Storm* · *395 incidents held*" in text
    assert "By rule" not in text

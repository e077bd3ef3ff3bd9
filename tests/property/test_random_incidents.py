"""Ten thousand incidents, every message of each: valid, within each limit, with nothing live."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote

import pytest

from property.random_incidents import random_incident, random_notice
from responder.delivery import blocks, card, details, notices
from responder.incident import Incident, NoticeKind
from responder.ports import Message
from unit.delivery.checker import live_links, problems

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
CHUNK = 1_000


def messages(incident: Incident, rng: random.Random) -> Iterator[tuple[str, Message]]:
    """Every message that an incident can be told by, in both modes."""
    yield "card", card.render(incident, NOW)
    yield "webhook", card.webhook_first(incident, NOW)
    yield "webhook analysis", card.webhook_analysis(incident, NOW)
    yield "details", details.render(incident, shortened=False)
    yield "details of what was left out", details.render(incident, shortened=True)
    for kind in NoticeKind:
        notice = random_notice(rng, kind)
        for standalone in (False, True):
            channel = notice.detail if standalone else ""
            message = notices.render(incident, notice, standalone=standalone, card_in=channel)
            yield f"{kind} {standalone=}", message


def wrong(seed: int) -> list[str]:
    rng = random.Random(seed)
    incident = random_incident(rng)
    given = {_same_address(url) for url in incident.links.values()}
    return [
        f"seed {seed}, {name}: {fault}"
        for name, message in messages(incident, rng)
        for fault in (
            *problems(message),
            *(
                f"live link {link}"
                for link in live_links(message)
                if _same_address(unescape(link)) not in given
            ),
        )
    ]


def _same_address(url: str) -> str:
    """An address however it is encoded; what cannot be seen is nothing."""
    return re.sub(r"\s", "", unquote(url.strip()))


def cut_without_details(seed: int) -> bool:
    """Whether a card left something out and nobody would know where to find it."""
    incident = random_incident(random.Random(seed))
    shown = card.render(incident, NOW)
    shortened = blocks.is_shortened(shown.blocks)
    missing = shortened or "more labels" in str(shown.blocks[-1])
    return missing and not details.wanted(incident, shortened=shortened)


def test_what_a_card_leaves_out_has_details() -> None:
    assert [seed for seed in range(1_000) if cut_without_details(seed)] == []


def test_random_incidents_make_valid_messages() -> None:
    assert [fault for seed in range(300) for fault in wrong(seed)] == []


@pytest.mark.e2e_long
@pytest.mark.parametrize("first", range(0, 10_000, CHUNK))
def test_ten_thousand_incidents_make_valid_messages(first: int) -> None:
    assert [fault for seed in range(first, first + CHUNK) for fault in wrong(seed)] == []

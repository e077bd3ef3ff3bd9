"""The guides: one for each tool, with samples to show, and the page that is made of them."""

import re

import pytest

from responder.intake import parse
from responder.intake.recognition import ALIASES, TOOLS
from responder_cli.sources import pages
from responder_cli.sources.entries import make, ways_of
from responder_cli.sources.guides import guides
from samples import EVENTS, JSON, NOW

#: Samples that each tool has at least.
SAMPLES = 3
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def test_every_tool_has_a_guide() -> None:
    assert sorted(set(TOOLS) - set(guides())) == []


def test_every_tool_has_samples() -> None:
    counts = {tool: len(list((EVENTS / tool).glob("*.*"))) for tool in TOOLS}
    assert {tool: count for tool, count in counts.items() if count < SAMPLES} == {}


@pytest.mark.parametrize("tool", guides())
def test_a_guide_is_of_a_name_that_a_route_may_have(tool: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", tool)
    assert tool not in ALIASES


@pytest.mark.parametrize("tool", guides())
def test_a_guide_has_a_place_for_whatever_proves_the_sender(tool: str) -> None:
    guide = guides()[tool]
    ways = ways_of(guide)
    text = guide.setup + guide.template
    made = make([tool], ways, topics=[TOPIC], signing_secret="made-by-the-tool")
    assert "{url}" in text
    if "{secret}" in text:
        assert made.ways & {"signature", "shared-header"} or "tokens" in made.entry
    lines = "\n".join(pages.settings(guide, made.entry, "https://in.example/x/tool"))
    assert not re.search(r"\{(url|token|secret)\}", lines)


def test_the_page_is_what_the_guides_say() -> None:
    assert pages.PAGE.read_text() == pages.document(), "run: scripts/responder sources docs"


def test_the_page_has_every_tool_and_links_that_lead_somewhere() -> None:
    page = pages.document()
    headings = {pages.anchor(line[3:]) for line in page.splitlines() if line.startswith("## ")}
    links = re.findall(r"\]\(#([^)]*)\)", page)
    assert len(links) == len(guides())
    assert set(links) <= headings
    for file in re.findall(r"\]\(([a-z-]+\.md)\)", page):
        assert (pages.PAGE.parent / file).exists()


def test_the_generic_template_is_a_generic_alert() -> None:
    (alert,) = parse(guides()["generic"].template.encode(), JSON, received_at=NOW)
    assert (alert.source, alert.severity, alert.service) == ("backup", "HIGH", "backup")
    assert not alert.unknown_format

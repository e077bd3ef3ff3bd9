"""The page of the local Slack, looked at in a headless Chromium; pictures are kept in .local."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from local_stack import browser, slack_page, slack_server
from local_stack.browser import Page
from local_stack.loopback import Server
from responder.adapters.slack import BotSlack
from responder.delivery import card, notices
from responder.incident import NoticeKind
from responder_cli.card.examples import ANALYSED, HOSTILE, INCIDENTS, NOW, notice

PICTURES = Path(".local/pictures")
HOSTILE_TEXTS = (
    "<script>window.hit = 1</script>",
    "</script><script>window.hit = 1</script>",
    '<img src=x onerror="window.hit = 1">',
    "<javascript:window.hit=1|press me>",
    '<https://ok.example/" onclick="window.hit=1|x>',
    "&lt;svg onload=window.hit=1&gt; `<b>` *<i>* ```\n<iframe srcdoc='<script>'>\n```",
    "<!date^9^{date}^javascript:window.hit=1|d> <@U1|<u>> <#C1|</p>>",
)


@pytest.fixture(scope="module")
def screen() -> Iterator[Page]:
    program = browser.installed()
    if program is None:
        pytest.skip("no Chromium on this machine (Debian's package is called chromium)")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser.chromium(program) as page:
        yield page


@pytest.fixture
def slack() -> Iterator[Server]:
    running = slack_server.start(pace=0)
    yield running
    running.stop()


@pytest.fixture
def page(screen: Page, slack: Server) -> Iterator[Page]:
    screen.errors.clear()
    screen.look(1100, 900)
    screen.go(slack.url)
    screen.run("localStorage.clear()")
    screen.go(slack.url)
    screen.wait("document.getElementById('state').textContent === 'live'")
    yield screen
    assert screen.errors == [], "the page threw, or its own policy forbade something"


@pytest.fixture
def bot(slack: Server) -> BotSlack:
    return BotSlack(lambda fresh: "xoxb-local", f"{slack.url}/api/", 5)


def plain(slack: Server) -> WebClient:
    return WebClient("xoxb-local", base_url=f"{slack.url}/api/", retry_handlers=[])


def text_of(page: Page, selector: str) -> list[str]:
    found: list[str] = page.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map(node => node.innerText)"
    )
    return found


def press(page: Page, selector: str) -> None:
    page.run(f"document.querySelector({json.dumps(selector)}).click()")


def paper(page: Page) -> Any:
    return page.run("getComputedStyle(document.body).backgroundColor")


def test_a_card_appears_and_is_edited_without_reloading(page: Page, bot: BotSlack) -> None:
    page.run("window.same = true")
    place = bot.post("#alerts", card.render(INCIDENTS["first_alert_claude_pending"], NOW), "d")
    page.wait("document.querySelector('.message')?.innerText.includes('Claude is being asked')")
    press(page, ".tool")
    for _ in range(2):
        bot.update(place.channel, place.ts, card.render(ANALYSED, NOW), "d")
    page.wait("document.querySelector('.edited')?.innerText === '(edited 2 times)'")
    assert "214 times in 9 min" in text_of(page, ".message")[0]
    assert page.run("window.same"), "it was loaded anew"
    assert not page.run("document.querySelector('.raw').hidden"), "an edit closed what was open"


def test_the_channel_of_the_newest_message_is_opened(screen: Page, slack: Server) -> None:
    screen.look(1100, 900)
    for channel in ("#alerts-test", "#alerts", "#alerts-critical"):
        plain(slack).chat_postMessage(channel=channel, text=f"in {channel}")
    screen.go(slack.url)
    screen.wait("document.getElementById('state').textContent === 'live'")
    assert text_of(screen, "#title") == ["#alerts-critical"]
    plain(slack).chat_postMessage(channel="#alerts-test", text="later")
    screen.wait("document.querySelectorAll('#channels .count')[2]?.innerText === '2'")
    assert text_of(screen, "#title") == ["#alerts-critical"]


def test_a_thread_opens_and_a_broadcast_stands_in_the_channel_too(
    page: Page, bot: BotSlack
) -> None:
    place = bot.post("#alerts", card.render(ANALYSED, NOW), "d")
    raised = notices.render(ANALYSED, notice(NoticeKind.SEVERITY_RAISED, "HIGH → CRITICAL"))
    bot.post("#alerts", raised, "n", place.ts)
    page.wait("document.querySelectorAll('#messages > .message').length === 2")
    assert text_of(page, ".thread > summary")[0].startswith("1 reply")
    assert not page.run("document.querySelector('.thread').open")
    press(page, ".thread > summary")
    assert "HIGH → CRITICAL" in text_of(page, ".thread .message")[0]
    (origin,) = text_of(page, "#messages > .message .origin")[1:]
    assert origin.startswith("replied to a thread: 🔴 CRITICAL")


def test_the_raw_message_is_one_press_away(page: Page, bot: BotSlack, slack: Server) -> None:
    bot.post("#alerts", card.render(ANALYSED, NOW), "d-17")
    page.wait("document.querySelector('.tool')")
    assert page.run("document.querySelector('.raw').hidden")
    press(page, ".tool")
    raw = json.loads(text_of(page, ".raw pre")[0])
    with urllib.request.urlopen(f"{slack.url}/api/messages", timeout=5) as answer:
        (message,) = json.loads(answer.read())
    assert raw == {name: message[name] for name in ("text", "blocks", "attachments", "metadata")}
    lock_screen, size = text_of(page, ".raw dd")
    assert lock_screen == message["text"]
    assert "of 50" in size


def test_what_slack_refuses_is_shown_with_its_reasons(page: Page, slack: Server) -> None:
    bad: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}},
        {"type": "<b>"},
    ]
    with pytest.raises(SlackApiError):
        plain(slack).chat_postMessage(channel="#alerts", text="the card", blocks=bad)
    page.wait("document.querySelector('nav .refused')")
    press(page, "nav .refused")
    assert text_of(page, ".refusal code")[0] == "invalid_blocks"
    (reasons,) = text_of(page, ".reasons")
    assert "must be less than 3001 characters [json-pointer:/blocks/0/text/text]" in reasons
    assert "/blocks/1" in reasons
    press(page, ".refusal .tool")
    assert json.loads(text_of(page, ".raw pre")[0])["blocks"] == bad
    PICTURES.joinpath("refused.png").write_bytes(page.picture())


def test_refused_calls_of_any_shape_break_nothing(page: Page, slack: Server) -> None:
    for body in ({"blocks": {"a": None}, "text": 7}, {"blocks": [None], "attachments": [None]}):
        with pytest.raises(SlackApiError):
            plain(slack).api_call("chat.postMessage", json={"channel": "#alerts", **body})
    page.wait("document.querySelectorAll('nav .refused').length")
    press(page, "nav .refused")
    page.run("document.querySelectorAll('.refusal .tool').forEach(tool => tool.click())")
    assert len(text_of(page, ".raw pre")) == 2


def test_calls_that_are_rate_limited_are_counted(page: Page, slack: Server) -> None:
    order = json.dumps({"pace": 3600}).encode()
    urllib.request.urlopen(f"{slack.url}/control", order, timeout=5).close()
    for number in range(4):
        try:
            plain(slack).chat_postMessage(channel="#alerts", text="t")
        except SlackApiError:
            assert number >= 2
    page.wait("document.getElementById('counts').innerText === '4 calls · 2 rate limited'")
    assert text_of(page, "nav .refused") == [], "waiting is no refusal"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_text_becomes_markup_or_script(page: Page, slack: Server, text: str) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": text}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]},
        {"type": "markdown", "text": text},
    ]
    bar = [{"color": "danger", "text": text, "title": text, "title_link": "javascript:hit=1"}]
    plain(slack).chat_postMessage(channel="#alerts", text=text, blocks=blocks, attachments=bar)
    plain(slack).chat_postMessage(channel="#alerts", text=text)
    page.wait("document.querySelectorAll('.message').length === 2")
    page.run("document.querySelectorAll('.tool').forEach(tool => tool.click())")
    assert page.run(STRANGERS) == []
    page.run("document.querySelectorAll('#messages a').forEach(a => a.href)")
    assert page.run("window.hit") is None


#: Elements, attributes and link targets of the messages that the page itself never makes.
STRANGERS = """[...document.querySelectorAll('#messages *')].flatMap(node => [
  ...(/^(SCRIPT|IMG|IFRAME|SVG|B|I|U|P|OBJECT|STYLE)$/i.test(node.tagName) &&
      !node.closest('.byline') ? [node.outerHTML] : []),
  ...[...node.attributes].filter(a => a.name.startsWith('on')).map(a => a.name),
  ...('href' in node && !/^(https?|mailto):/.test(node.href) ? [node.href] : []),
])"""


def test_hostile_text_in_one_file_stays_text(screen: Page, tmp_path: Path) -> None:
    running = slack_server.start(pace=0)
    for text in HOSTILE_TEXTS:
        plain(running).chat_postMessage(channel="#alerts", text=text)
    bot = BotSlack(lambda fresh: "xoxb-local", f"{running.url}/api/", 5)
    bot.post("#alerts", card.render(HOSTILE, NOW), "d")
    with urllib.request.urlopen(f"{running.url}/api/page", timeout=5) as answer:
        state = json.loads(answer.read())
    running.stop()
    written = tmp_path / "page.html"
    written.write_text(slack_page.standalone(state, "a note"), encoding="utf-8")
    screen.errors.clear()
    screen.go(written.as_uri())
    screen.wait("document.querySelectorAll('.message').length > 0")
    assert len(text_of(screen, "#messages > .message")) == len(HOSTILE_TEXTS) + 1
    assert screen.run(STRANGERS) == []
    assert screen.run("window.hit") is None
    assert screen.run("performance.getEntriesByType('resource').length") == 0
    assert screen.errors == []


def test_light_and_dark_follow_the_system_until_switched(page: Page, slack: Server) -> None:
    assert paper(page) == "rgb(255, 255, 255)"
    page.look(1100, 900, dark=True)
    dark = paper(page)
    assert dark == "rgb(26, 29, 33)"
    press(page, "#theme")
    assert paper(page) == "rgb(255, 255, 255)"
    press(page, "#theme")
    page.look(1100, 900, dark=False)
    assert paper(page) == dark
    page.go(slack.url)
    assert paper(page) == dark, "the switch is remembered"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("name", "width"), [("desk", 1100), ("phone", 390), ("small phone", 320)])
def test_every_card_fits_every_screen(
    page: Page, bot: BotSlack, name: str, width: int, dark: bool
) -> None:
    for number, incident in enumerate(INCIDENTS.values()):
        bot.post("#alerts", card.render(incident, NOW), str(number))
    page.look(width, 844, dark=dark, phone=width < 700)
    page.wait(f"document.querySelectorAll('.message').length === {len(INCIDENTS)}")
    page.run("document.querySelectorAll('.tool').forEach(tool => tool.click())")
    wide = page.run(
        "[...document.querySelectorAll('body, main, #messages, .message *')].filter(node => "
        "node.getBoundingClientRect().right > innerWidth + 1).map(node => node.outerHTML)"
    )
    assert wide == []
    page.run("document.querySelectorAll('.tool').forEach(tool => tool.click())")
    page.run("document.getElementById('messages').scrollTop = 0")
    colours = "dark" if dark else "light"
    PICTURES.joinpath(f"{name} {colours}.png").write_bytes(page.picture())


def test_a_slack_that_went_away_is_noticed_and_found_again(screen: Page) -> None:
    screen.look(1100, 900)
    first = slack_server.start(pace=0)
    screen.go(first.url)
    screen.wait("document.getElementById('state').textContent === 'live'")
    plain(first).chat_postMessage(channel="#alerts", text="before")
    screen.wait("document.querySelectorAll('.message').length === 1")
    first.stop()
    screen.wait("document.getElementById('state').className === 'lost'")
    second = slack_server.start(first.port, pace=0)
    screen.wait("document.getElementById('state').textContent === 'live'")
    screen.wait("document.querySelectorAll('.message').length === 0")
    second.stop()

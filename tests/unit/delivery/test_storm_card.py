"""A storm as a card, in both layouts, and the pages of its list."""

import json
from datetime import timedelta

import pytest

from responder.alert import Scope, Severity
from responder.delivery import card, details, limits, notices, plain, words
from responder.incident import Incident, IncidentState, Notice, NoticeKind, Storm, Worst
from responder.ports import Message
from responder_cli.card.examples import FIRST, NOW
from unit.delivery.checker import problems

KNOWN = Storm(
    most=8,
    incidents=395,
    unlisted=5,
    services=(("checkout", 200), ("<!channel>", 150), ("", 20)),
    severities=((Severity.HIGH, 300), (Severity.LOW, 95)),
)
STORM = FIRST.model_copy(
    update={
        "service": "",
        "title": "Storm of alerts in prod",
        "severity": Severity.HIGH,
        "count": 0,
        "storm": KNOWN,
        "first_alert_id": "",
        "labels": {},
        "links": {},
    }
)
OVER = STORM.model_copy(
    update={"state": IncidentState.RESOLVED, "resolved_at": NOW, "last_seen": NOW}
)
PAGE = Notice(number=2, kind=NoticeKind.HELD_PAGE, at=NOW, detail="1")


def said(message: Message) -> str:
    return json.dumps(list(message.blocks), ensure_ascii=False)


def test_it_says_how_many_how_bad_and_where() -> None:
    message = card.render(STORM, NOW)
    assert not problems(message)
    text = said(message)
    for part in ("395 incidents held", "300 HIGH", "95 LOW", "`checkout` 200", "others 25"):
        assert part in text
    assert "(no service) 20" in text
    assert "CRITICAL ones come at once" in text
    assert "no firing alert" not in text


def test_a_webhook_s_first_message_has_no_figures_that_would_stand_there_for_good() -> None:
    message = card.webhook_first(STORM, NOW)
    assert not problems(message)
    text = said(message)
    assert "*Storm*: new incidents are held" in text
    assert "all are listed here, 20 to a message" in text
    assert "the analysis and the list of what it holds are sent as a new message" in text
    assert not any(part in text for part in ("395", "By service", "in the thread"))


def test_a_webhook_s_later_messages_say_how_many_and_where() -> None:
    end = Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW)
    for message in (
        card.webhook_first(OVER, NOW),
        card.webhook_analysis(STORM, NOW),
        notices.render(OVER, end, standalone=True),
    ):
        assert not problems(message)
        for part in ("395 incidents held", "300 HIGH", "`checkout` 200"):
            assert part in said(message)


def test_a_lock_screen_and_an_e_mail_count_what_it_holds() -> None:
    raging, over = card.render(STORM, NOW).text, card.render(OVER, NOW).text
    assert raging == "🟠 HIGH Storm of alerts in prod (395 incidents held)"
    assert over.startswith("☑️ OVER · HIGH Storm of alerts in prod (395 incidents held, over")
    assert "Going on, with 395 incidents held" in plain.card(STORM)
    assert "395 incidents held" in plain.card(OVER)
    assert "no firing alert" not in plain.card(STORM) + plain.card(OVER)


def test_its_end_says_how_long_it_was_and_what_has_no_line() -> None:
    message = card.render(OVER, NOW)
    assert not problems(message)
    assert "Ebbed after" in said(message)
    end = notices.render(OVER, Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW))
    assert "it held 395 incidents, 5 of them not by name" in end.text


def test_what_still_fires_when_it_is_over_is_said_in_words_and_colour() -> None:
    burning = OVER.model_copy(update={"storm": KNOWN.model_copy(update={"firing": 12})})
    end = Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW)
    told = notices.render(burning, end, standalone=True)
    shown = card.render(burning, NOW)
    for message in (shown, told, card.webhook_first(burning, NOW)):
        assert not problems(message)
        assert message.color == words.COLORS[Severity.HIGH]
        assert "12 still fire" in message.text + said(message)
        assert "✅" not in message.text + said(message)
    assert "🟠 HIGH · 12 STILL FIRE · Storm of alerts in prod" in said(shown)
    assert shown.text.startswith("🟠 HIGH · 12 STILL FIRE Storm of alerts in prod (395 incidents ")
    assert "Over after" in plain.card(burning)
    assert "12 still fire" in plain.card(burning)
    again = Notice(number=9, kind=NoticeKind.STILL_FIRING, at=NOW)
    assert "(395 incidents held, 12 still fire)" in notices.render(burning, again).text


def test_when_all_of_it_is_over_it_is_green() -> None:
    end = Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW)
    named = OVER.model_copy(update={"storm": KNOWN.model_copy(update={"unlisted": 0})})
    for message in (card.render(named, NOW), notices.render(named, end, standalone=True)):
        assert message.color == words.SOLVED_COLOR
        assert "all are over" in said(message)
    assert card.render(named, NOW).text.startswith("✅ RESOLVED · HIGH Storm of alerts in prod")


def test_nobody_knows_whether_those_without_a_name_are_over_and_it_is_not_green() -> None:
    end = Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW)
    for message in (card.render(OVER, NOW), notices.render(OVER, end, standalone=True)):
        assert not problems(message)
        assert message.color == words.CLOSED_COLOR
        assert "all listed are over" in said(message)
        assert "5 unknown" in said(message)
        assert "✅" not in message.text + said(message)


def test_one_that_is_listed_while_it_goes_on_does_not_claim_to_be_over() -> None:
    known = KNOWN.model_copy(update={"goes_on": True})
    listed = OVER.model_copy(update={"storm": known})
    end = notices.render(listed, Notice(number=1, kind=NoticeKind.RESOLVED, at=NOW))
    for text in (said(card.render(listed, NOW)), said(end), end.text):
        assert "Listed after" in text
        assert "as it went on" in text
        assert "Ebbed" not in text


@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        (NoticeKind.SEVERITY_RAISED, "🟠 Severity raised to HIGH"),
        (NoticeKind.STILL_FIRING, "🟠 Still firing after 9 min"),
        (NoticeKind.SEVERITY_DOUBTED, "🤔 Claude doubts the severity"),
        (NoticeKind.ESCALATED, "🟠 Severity raised to HIGH"),
    ],
)
def test_a_storm_that_goes_on_is_never_told_as_one_that_has_ebbed(
    kind: NoticeKind, opening: str
) -> None:
    at = STORM.first_seen + timedelta(minutes=9)
    message = notices.render(STORM, Notice(number=1, kind=kind, at=at))
    assert not problems(message)
    assert message.text.startswith(opening)
    assert "Ebbed" not in said(message)
    assert "no firing alert" not in said(message)


def test_a_page_has_a_line_for_each_of_twenty_long_incidents() -> None:
    def long(number: int) -> Incident:
        return FIRST.model_copy(
            update={
                "incident_id": f"i{number}",
                "service": f"service-{number}",
                "title": "<!channel> & *bold* 😀 " * 30,
                "count": 10_000 + number,
                "scope": Scope(environment="prod", cluster="c" * 100),
                "state": list(IncidentState)[number % 3],
            }
        )

    message = notices.render(OVER, PAGE, [long(number) for number in range(20)])
    assert not problems(message)
    for number in range(20):
        assert f"service-{number}: " in said(message)
        assert f"10,0{number:02}" in said(message)
    assert all(word in said(message) for word in ("firing", "resolved", "closed"))


@pytest.mark.parametrize("title", ["x" * 300, "&" * 300, "日本" * 200, "😀" * 200, "word " * 60])
def test_every_line_of_a_page_is_in_its_blocks_and_in_its_text(title: str) -> None:
    held = [FIRST.model_copy(update={"service": f"s{n:02}", "title": title}) for n in range(20)]
    message = notices.render(OVER, PAGE, held)
    assert not problems(message)
    body = "\n".join(block["text"]["text"] for block in message.blocks[:-1])
    for text in (body, message.text):
        assert [f" s{n:02}: " in line for n, line in enumerate(text.splitlines()[1:])] == [
            True
        ] * 20
    assert limits.within(message.text, limits.MESSAGE_TEXT)


def test_an_analysis_that_its_card_cuts_stands_whole_in_its_thread() -> None:
    short = STORM.model_copy(update={"message": "First: " + "x" * 5_000})
    assert not details.wanted(short, shortened=False)
    long = short.analysis.model_copy(update={"summary": "word " * 300 + "the end"})
    cut = short.model_copy(update={"analysis": long})
    told = details.render(cut, shortened=False)
    assert details.wanted(cut, shortened=False)
    assert not problems(told)
    assert "the end" in said(told)
    assert "x" * 100 not in said(told)


def test_a_line_names_the_rule_where_the_title_does_not() -> None:
    one = FIRST.model_copy(update={"rule": "BeltDown", "title": "Belt stands still"})
    two = FIRST.model_copy(update={"rule": "BeltDown", "title": "BeltDown at 3"})
    text = said(notices.render(OVER, PAGE, [one, two]))
    assert "BeltDown: Belt stands still" in text
    assert text.count("BeltDown") == 2


def test_a_line_has_the_worst_title_and_its_rule() -> None:
    worst = Worst(alert_id="a2", at=NOW, severity=FIRST.severity, title="Belt 7 stands still")
    one = FIRST.model_copy(update={"rule": "BeltDown", "title": "Belt 3", "worst": worst})
    assert "BeltDown: Belt 7 stands still" in said(notices.render(OVER, PAGE, [one]))


def test_a_page_whose_incidents_have_expired_is_still_a_message() -> None:
    assert not problems(notices.render(OVER, PAGE, []))


def test_a_storm_that_has_just_begun_is_a_valid_card() -> None:
    known = Storm(most=8, incidents=1, severities=((Severity.HIGH, 1),))
    begun = STORM.model_copy(update={"storm": known, "last_seen": STORM.first_seen})
    message = card.render(begun, NOW + timedelta(seconds=1))
    assert not problems(message)
    assert "*Storm*: new incidents are held" in said(message)
    assert message.text.startswith("🟠 HIGH Storm of alerts in prod (new incidents held)")
    for text in (message.text, said(message), plain.card(begun)):
        assert "1 incident" not in text

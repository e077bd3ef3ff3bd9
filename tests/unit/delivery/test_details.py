"""The thread reply: only where the card cut something, and then with all of it."""

from datetime import timedelta
from html import unescape

import pytest

from responder.alert import Severity
from responder.analysis.verdict import Analysis, Cause, Check
from responder.delivery import blocks, card, details
from responder.incident import Incident, IncidentState, Worst
from responder_cli.card.examples import (
    ANALYSED,
    CLAUDE,
    FIRST,
    INCIDENTS,
    NOW,
    UNKNOWN_FORMAT,
    WORDY,
)
from unit.delivery.cards import shown
from unit.delivery.checker import problems

WORST = Worst(alert_id="a-2", at=NOW, severity=Severity.CRITICAL)
LONG = "word " * 100


def says(**texts: str) -> Worst:
    return WORST.model_copy(update=texts)


def changed(**changes: object) -> Incident:
    return FIRST.model_copy(update=changes)


def with_analysis(**changes: object) -> Incident:
    return changed(analysis=CLAUDE.model_copy(update=changes))


def is_shortened(incident: Incident) -> bool:
    return blocks.is_shortened(card.render(incident, NOW).blocks)


def wanted(incident: Incident) -> bool:
    return details.wanted(incident, shortened=is_shortened(incident))


def reply(incident: Incident) -> str:
    message = details.render(incident, shortened=is_shortened(incident))
    assert problems(message) == []
    return shown(message)


@pytest.mark.parametrize("name", INCIDENTS)
def test_most_incidents_need_no_details(name: str) -> None:
    assert wanted(INCIDENTS[name]) is (name == "more_than_a_card_holds")


@pytest.mark.parametrize(
    ("change", "at_most", "one_more"),
    [
        ("headline", "h" * 298, "h" * 299),
        ("summary", "s" * 900, "s" * 901),
        ("impact", "i" * 300, "i" * 301),
        ("causes", (Cause(text="c" * 350),) * 3, (Cause(text="c"),) * 4),
        ("causes", (Cause(text="c", evidence=("e" * 180,) * 2),), (Cause(text="c" * 351),)),
        (
            "causes",
            (Cause(text="c"),),
            (Cause(text="c", evidence=("a", "b", "last quote")),),
        ),
        ("causes", (Cause(text="c"),), (Cause(text="c", evidence=("e" * 181,)),)),
        ("checks", (Check(text="k" * 250),) * 4, (Check(text="k"),) * 5),
        ("checks", (Check(text="k", command="x" * 442),), (Check(text="k", command="x" * 443),)),
        ("checks", (Check(text="k"),), (Check(text="k" * 251),)),
        ("actions", ("a" * 300,) * 4, ("a",) * 5),
        ("actions", ("a",), ("a" * 301,)),
    ],
)
def test_an_analysis_that_the_card_cuts_is_whole_in_the_thread(
    change: str, at_most: object, one_more: object
) -> None:
    assert not wanted(with_analysis(**{change: at_most}))
    assert "…" not in shown(card.render(with_analysis(**{change: at_most}), NOW))
    cut = with_analysis(**{change: one_more})
    assert wanted(cut)
    text = reply(cut)
    assert "*Analysis by Claude*" in text
    assert "…" not in text
    assert "*All labels*" not in text
    assert "*The first alert*" not in text
    for part in _texts(cut.analysis):
        assert part in unescape(text)


def _texts(analysis: Analysis) -> list[str]:
    causes = [text for cause in analysis.causes for text in (cause.text, *cause.evidence)]
    checks = [text for check in analysis.checks for text in (check.text, check.command)]
    return [analysis.headline, analysis.summary, analysis.impact, *causes, *checks]


def test_texts_that_fit_one_by_one_may_be_too_much_together() -> None:
    full = with_analysis(
        summary="s" * 900,
        causes=(Cause(text="c" * 350, evidence=("e" * 180,) * 2),) * 3,
        checks=(Check(text="k" * 250, command="x" * 440),) * 4,
        actions=("a" * 300,) * 4,
    ).model_copy(update={"message": "m" * 700, "resource": "r" * 300, "explanation": "e" * 400})
    links = {f"dashboard {n}": f"https://boards.example.com/{'b' * 200}" for n in range(6)}
    full = full.model_copy(update={"links": links})
    assert "_(shortened" in shown(card.render(full, NOW))
    assert wanted(full)
    assert reply(full).count("a" * 300) == 4


@pytest.mark.parametrize(
    ("incident", "cut"),
    [
        (changed(message="m" * 700), False),
        (changed(message="m" * 701), True),
        (UNKNOWN_FORMAT.model_copy(update={"message": "m" * 1_192}), False),
        (UNKNOWN_FORMAT.model_copy(update={"message": "m" * 1_193}), True),
        (changed(message="m" * 301, worst=WORST), False),
        (changed(message="m" * 701, worst=WORST), True),
        (changed(message="m" * 300, worst=says(message="x")), False),
        (changed(message="m" * 301, worst=says(message="x")), True),
        (changed(message="", worst=says(message="x" * 701)), True),
        (changed(message="m" * 301, worst=says(title="t")), False),
        (changed(title="t", message="m" * 296, worst=says(title="u", message="x")), False),
        (changed(title="t", message="m" * 297, worst=says(title="u", message="x")), True),
        (changed(title="t" * 300, message="t" * 300, worst=says(title="u", message="x")), False),
    ],
)
def test_the_alerts_own_words_go_to_the_thread_where_the_card_cuts_them(
    incident: Incident, cut: bool
) -> None:
    assert wanted(incident) is cut
    assert ("*The first alert*" in reply(incident)) is cut


def test_first_and_worst_alert_are_told_apart() -> None:
    text = reply(WORDY)
    assert "*The first alert*, <!date^1795230000^" in text
    assert "```\nHighErrorRate: 31 % of requests fail\npool timeout" in text
    assert "*The alert that the card shows*, <!date^1795230540^" in text
    assert "```\nHighErrorRate: 64 % of requests fail\n64 % of requests to" in text
    same = changed(message=LONG * 5, worst=WORST)
    assert "*The alert that the card shows*" not in reply(same)


@pytest.mark.parametrize(
    ("labels", "cut"),
    [
        ({f"n{n}": "v" for n in range(25)}, False),
        ({f"n{n}": "v" for n in range(26)}, True),
        ({"n": "v" * 116}, False),
        ({"n": "v" * 117}, True),
        # Twelve of 97 characters and three more each are 1,200.
        ({f"n{n:02}": "v" * 93 for n in range(12)}, False),
        ({f"n{n:02}": "v" * (93 + (n == 0)) for n in range(12)}, True),
    ],
)
def test_labels_go_to_the_thread_where_the_card_leaves_one_out(
    labels: dict[str, str], cut: bool
) -> None:
    incident = changed(labels=labels)
    assert ("…" in shown(card.render(incident, NOW))) is cut
    assert wanted(incident) is cut
    assert all((f"`{n}={v}`" in reply(incident)) is cut for n, v in labels.items())


def test_the_reply_is_edited_for_a_new_analysis_and_at_the_end_not_for_each_alert() -> None:
    later = ANALYSED.model_copy(update={"worst": WORST, "count": 215})
    assert details.contents(later) == details.contents(ANALYSED)
    over = later.model_copy(update={"state": IncidentState.RESOLVED})
    assert details.contents(over) != details.contents(later)
    newer = CLAUDE.model_copy(update={"made_at": NOW + timedelta(minutes=1)})
    assert details.contents(changed(analysis=newer)) != details.contents(ANALYSED)
    assert details.contents(FIRST) != details.contents(ANALYSED)


def test_the_reply_names_its_incident() -> None:
    assert (
        details.render(WORDY, shortened=False).text
        == "Details of checkout: HighErrorRate: 64 % of requests fail"
    )
    assert "incident `5f2c9b#1`" in reply(WORDY)


def test_the_whole_grouping_stands_where_the_analysis_does() -> None:
    line = "Kept: source a, rule b. Ignored: severity, scope."
    long = WORDY.model_copy(update={"explanation": line})
    assert f"*Grouping*: {line}" in reply(long)
    assert "Ignored" not in shown(card.render(long, NOW))

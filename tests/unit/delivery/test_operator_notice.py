"""The operator notice: what a person reads in a mail, and what the webhook's document promises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.alert import Severity
from responder.contracts import Trouble
from responder.delivery import operator_notice, plain
from responder.delivery.operator_notice import MAX_NAMED, SUBJECT, WebhookBody
from responder.errors import Reason
from responder.incident import Worst
from responder.ports import OperatorNotice
from responder.protocols import card_steps
from responder_cli.card.examples import ANALYSED, FIRST, HOSTILE, INCIDENTS, NOW, RESOLVED

WAITS = Trouble(
    cause="slack_unreachable", detail="chat.postMessage: timeout", at=NOW, gave_up=False
)
REFUSED = Trouble(cause="refused_by_slack", detail="is_archived (C1)", at=NOW, gave_up=True)


def write(*incidents: Any, trouble: Trouble = REFUSED, exact: bool = True) -> OperatorNotice:
    about = incidents or (ANALYSED,)
    return operator_notice.write("mcp-prod", trouble, "the-id", about, exact=exact)


def test_a_mail_says_which_incident_why_and_what_its_card_would_say() -> None:
    notice = write()
    assert notice.subject.startswith("Not in Slack: CRITICAL checkout: HighErrorRate")
    lines = notice.text.splitlines()
    assert lines[0] == (
        "Slack does not show the card of a CRITICAL incident: Slack refuses it; and it is given up."
    )
    assert lines[1] == "Slack's word: is_archived (C1) (2026-11-21 03:10 UTC)"
    assert "dlq reprocess" in lines[2]
    assert plain.card(ANALYSED) in notice.text


def test_a_refused_channel_is_told_in_words() -> None:
    for reason in card_steps.TURNED_AWAY:
        trouble = REFUSED.model_copy(update={"cause": reason.value})
        first = write(trouble=trouble).text.splitlines()[0]
        assert reason.value not in first
        assert "incident: its channel " in first


def test_the_worst_alert_speaks_as_it_does_on_the_card() -> None:
    worst = Worst(
        alert_id="a2",
        at=NOW,
        severity=FIRST.severity,
        title="Now 70 % fail",
        message="All of eu-west-1",
        resource="api-9",
    )
    changed = FIRST.model_copy(update={"worst": worst})
    text = plain.card(changed)
    for part in ("Now 70 % fail", "All of eu-west-1", "api-9"):
        assert part in text
    assert write(changed).document["incident"]["title"] == "Now 70 % fail"


def test_what_waits_needs_no_hand() -> None:
    text = write(trouble=WAITS).text
    assert "it waits and is tried again" in text
    assert "dlq" not in text


def test_others_are_named_up_to_a_limit_and_counted_beyond_it() -> None:
    others = [FIRST.model_copy(update={"incident_id": f"i{n}"}) for n in range(MAX_NAMED + 3)]
    notice = write(ANALYSED, *others)
    assert f"The same holds for {MAX_NAMED + 3} more:" in notice.text
    assert notice.text.endswith("and 3 more")
    assert notice.document["others"] == {
        "count": MAX_NAMED + 3,
        "exact": True,
        "ids": [f"i{n}" for n in range(MAX_NAMED)],
    }


def test_a_number_that_nobody_knows_is_told_as_the_least() -> None:
    others = [FIRST.model_copy(update={"incident_id": f"i{n}"}) for n in range(MAX_NAMED + 3)]
    notice = write(ANALYSED, *others, exact=False)
    assert f"The same holds for at least {MAX_NAMED + 3} more:" in notice.text
    assert notice.text.endswith("and at least 3 more")
    assert (notice.document["others"]["count"], notice.document["others"]["exact"]) == (23, False)
    assert write(ANALYSED, exact=False).text.endswith("The same may hold for others.")


def test_the_document_tells_machines_the_same() -> None:
    document = write().document
    assert (document["schema_version"], document["type"], document["id"]) == (
        1,
        "card_not_shown",
        "the-id",
    )
    assert document["cause"] == {
        "code": "refused_by_slack",
        "detail": "is_archived (C1)",
        "gave_up": True,
    }
    incident = document["incident"]
    assert (incident["id"], incident["revision"], incident["severity"]) == (
        ANALYSED.incident_id,
        4,
        "CRITICAL",
    )
    assert incident["counts"] == {"fired": 214, "resolved": 0, "firing_now": 3}
    assert incident["times"]["last_seen"] == "2026-11-21T03:09:00Z"
    assert incident["analysis"] == {
        "headline": "The database connection pool of checkout is exhausted",
        "confidence": "high",
        "by_claude": True,
    }
    # javascript: is no address that anybody should open.
    assert list(incident["links"]) == ["Runbook"]


@pytest.mark.parametrize("name", INCIDENTS)
@pytest.mark.parametrize("reason", [*Reason, "slack_unreachable", "something_new"])
def test_every_incident_and_cause_has_a_notice(name: str, reason: str) -> None:
    trouble = Trouble(cause=str(reason), detail="d", at=NOW, gave_up=True)
    notice = write(INCIDENTS[name], trouble=trouble)
    assert WebhookBody.model_validate(json.loads(json.dumps(notice.document)))
    assert 0 < len(notice.subject) <= SUBJECT


def test_a_resolved_incident_says_so() -> None:
    assert "Resolved after 12 min" in plain.card(RESOLVED)


def test_commands_are_ready_to_be_copied() -> None:
    assert "where state <> 'idle'\"" in plain.card(ANALYSED)


def test_invisible_marks_and_odd_addresses_stay_out() -> None:
    odd = HOSTILE.model_copy(update={"title": "a\u202eb\ufeffc\uffff", "message": "x\x00y\ud800"})
    text = plain.card(odd)
    assert "abc" in text
    assert "xy" in text
    assert not any(mark in text for mark in "\u202e\ufeff\uffff\x00\ud800")
    assert "evil.example" not in text.split("Incident")[0].split("Next")[-1]


@given(st.text(max_size=9_000), st.sampled_from(Severity))
def test_any_text_gives_a_bounded_card_and_a_subject_that_sns_takes(
    text: str, severity: Severity
) -> None:
    wild = FIRST.model_copy(
        update={"title": text, "message": text * 2, "service": text, "severity": severity}
    )
    notice = write(wild)
    assert 0 < len(plain.card(wild)) <= plain.CARD
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: no line breaks or controls.
    assert len(notice.subject) < 100
    assert notice.subject.isprintable() or all(ord(mark) >= 0xA0 for mark in _odd(notice.subject))
    notice.text.encode()


def _odd(text: str) -> str:
    return "".join(mark for mark in text if not mark.isprintable())


def test_a_triage_says_in_plain_text_what_the_title_does_not() -> None:
    text = plain.card(FIRST)
    assert "Triage (rule-based): By its words: errors. No cause is known yet." in text
    assert text.count("31 % of requests fail") == 1

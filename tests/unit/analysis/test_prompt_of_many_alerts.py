"""The prompt of an incident of several alerts: the worst one, what fires, what has room."""

import json
from datetime import timedelta
from typing import Any

import pytest

from responder.alert import Severity
from responder.analysis.context import Case, Context, Passage, Sibling
from responder.analysis.prompt import DATA_CHARS, build
from responder.analysis.text import without_a_cut_word
from responder.incident import MAX_FIRING, Firing, IncidentState, Worst
from unit.analysis.examples import NOW, incident, prompt


def worst(**changes: Any) -> Worst:
    fields = {"alert_id": "a9", "name": "n9", "at": NOW, "severity": Severity.CRITICAL}
    return Worst.model_validate(fields | changes)


def firing(name: str, what: str, severity: Severity = Severity.HIGH) -> Firing:
    return Firing(name=name, severity=severity, at=NOW - timedelta(minutes=2), what=what)


def test_claude_is_told_what_the_worst_alert_says_otherwise() -> None:
    facts = prompt(
        worst=worst(title="DiskFull", message="/var on db-2 has 0% left", resource="db-2")
    ).facts
    assert facts["worst_alert"] == "CRITICAL at 2026-11-21T10:00:00+00:00"
    assert facts["worst_alert.title"] == "DiskFull"
    assert facts["worst_alert.message"] == "/var on db-2 has 0% left"
    assert facts["worst_alert.resource"] == "db-2"
    assert facts["title"] == "DiskWillFillIn4Hours"


def test_a_worst_alert_in_the_first_ones_words_is_not_told_again() -> None:
    assert not [name for name in prompt(worst=worst()).facts if name.startswith("worst")]


def test_claude_is_told_what_fires_beside_the_worst_alert() -> None:
    now = (firing("n9", "db-2", Severity.CRITICAL), firing("n1", "db-1"))
    facts = prompt(worst=worst(), firing_now=now, firing=5).facts
    assert facts["firing_now"] == (
        "CRITICAL db-2 (alert of 2026-11-21T09:58:00+00:00); "
        "HIGH db-1 (alert of 2026-11-21T09:58:00+00:00); and 3 more"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"firing_now": ()},
        {"firing_now": (firing("n9", "db-2"),)},
        {"firing_now": (firing("n1", "db-1"),), "state": IncidentState.RESOLVED, "firing": 0},
    ],
)
def test_nothing_is_said_of_what_fires_where_the_alert_itself_says_all(changes: Any) -> None:
    assert "firing_now" not in prompt(worst=worst(), **({"firing": 1} | changes)).facts


def test_what_still_fires_is_told_once_the_worst_alert_is_over() -> None:
    facts = prompt(worst=worst(), firing_now=(firing("n1", "db-1"),), firing=1).facts
    assert facts["firing_now"] == "HIGH db-1 (alert of 2026-11-21T09:58:00+00:00)"


def test_the_worst_alert_and_what_fires_are_bounded() -> None:
    many = tuple(firing(f"n{number}", "pod-" + "x" * 70) for number in range(MAX_FIRING))
    facts = prompt(
        worst=worst(title="t" * 2_000, message="m" * 2_000), firing_now=many, firing=900
    ).facts
    assert len(facts["worst_alert.message"]) <= 1_500
    assert len(facts["worst_alert.title"]) <= 400
    assert len(facts["firing_now"]) <= 900
    assert facts["firing_now"].endswith("892 more")


def test_what_the_worst_alert_and_others_say_is_masked() -> None:
    asked = prompt(
        worst=worst(
            title="login of bob@example.com",
            message="password=hunter2hunter2",
            resource="bob@x.org",
        ),
        firing_now=(firing("n1", "bob@example.com on db-1"), firing("n2", "db-2")),
    )
    assert "bob@" not in asked.user
    assert "hunter2" not in asked.user


def test_half_a_secret_at_a_cut_is_not_sent() -> None:
    """What an incident keeps of an alert is cut before anybody masks it."""
    asked = prompt(
        worst=worst(message="key rejected: ghp_16C7e42F292c6…"),
        firing_now=(
            firing("n1", "could not log in with xoxb-77…"),
            firing("n2", "postgres://app:hunter2hun…"),
        ),
    )
    for half in ("16C7", "xoxb-77", "hunter2"):
        assert half not in asked.user
    assert asked.facts["worst_alert.message"] == "key rejected: …"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("disk of db-1 is full", "disk of db-1 is full"),
        ("line\nkey=ab…", "line\n…"),
        ("Reading from /var/lib/x9...", "Reading from ..."),
        ("Retrying the connection...", "Retrying the connection..."),
        ("arn:aws:sqs:eu-central-1:orders-…", "arn:aws:sqs:eu-central-1:orders-…"),
        ("https://user:pw…", "…"),
        ("more to come …", "more to come …"),
        ("…", "…"),
        ("", ""),
    ],
)
def test_only_a_half_word_at_the_end_goes(text: str, kept: str) -> None:
    assert without_a_cut_word(text) == kept


def test_labels_changes_and_runbooks_have_room_however_loud_the_rest_is() -> None:
    loud = "x" * 5_000
    asked = build(
        Case(
            incident=incident(
                message=loud,
                worst=worst(message=loud),
                labels={"pod": "orders-1", "namespace": "shop"},
            ),
            context=Context(
                siblings=tuple(
                    Sibling(severity=Severity.LOW, title=loud, opened_at=NOW, count=1)
                    for _ in range(30)
                ),
                runbooks=(Passage(file="disk.md", heading="Full", text="y" * 1_000),),
            ),
        )
    )
    assert asked.facts["labels.pod"] == "orders-1"
    assert asked.facts["labels.namespace"] == "shop"
    assert asked.facts["runbook.1"].endswith("y" * 1_000)
    assert int(asked.facts["omitted_fields"]) > 5
    assert len(json.dumps(dict(asked.facts))) <= DATA_CHARS + 200


def test_room_that_nobody_needs_is_not_reserved() -> None:
    message = "x" * 3_900
    fields = {f"label{number}": "y" * 290 for number in range(13)}
    facts = prompt(message=message, labels=fields, links={}).facts
    assert facts["message"] == message
    assert "omitted_fields" not in facts

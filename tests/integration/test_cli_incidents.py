"""``responder incidents`` on moto's tables."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert, verdict
from integration.cli_house import House, house_of
from responder.alert import Severity
from responder.analysis.verdict import Cause, Confidence
from responder.card import Card
from responder.clock import utc_now
from responder.incident import AlertRecord, Feedback, Hold, IncidentState, Mark, Notice, NoticeKind
from responder.ports import Key, Table
from responder.protocols import items

NOW = utc_now().replace(microsecond=0)
ID = "v1:disk|prod.1"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("incidents", tmp_path, Table.ALERTS, Table.INCIDENTS) as house:
        yield house


def opened(house: House, incident_id: str, **changes: Any) -> None:
    """An incident that opened ten minutes ago, and is looked at again in a minute."""
    began = NOW - timedelta(minutes=10)
    times = dict.fromkeys(("first_seen", "last_seen", "opened_at", "first_received_at"), began)
    house.opened(incident_id, **({"due_at": NOW + timedelta(minutes=1)} | times | changes))


def over(house: House, incident_id: str, **changes: Any) -> None:
    """One that its tool resolved; its alert is still there."""
    ended = {"state": IncidentState.RESOLVED, "resolved_at": NOW, "due_at": None}
    opened(house, incident_id, **(ended | changes))
    recorded(house, f"alert of {incident_id}", incident_id)


def recorded(
    house: House, alert_id: str, incident_id: str, minutes: int = 5, **changes: Any
) -> None:
    at = NOW - timedelta(minutes=minutes)
    record = AlertRecord(
        alert=alert(alert_id, received_at=at, **changes),
        signature="v1:disk",
        incident_id=incident_id,
    )
    house.recorded(record)


def carded(house: House, **changes: Any) -> None:
    card = Card(incident_id=ID, channel="#incidents", **changes)
    house.store(Table.INCIDENTS).write([items.write_of(items.card_item(ID), card, 0, NOW)])


def listed(house: House, *words: str) -> list[str]:
    return [one["incident_id"] for one in house.json("list", *words)]


def test_the_open_ones_are_listed_by_severity_then_age(house: House) -> None:
    opened(house, "low", severity=Severity.LOW)
    opened(house, "critical", severity=Severity.CRITICAL, service="checkout")
    opened(house, "newer", opened_at=NOW)
    opened(house, "older")
    opened(house, "ours", synthetic=True)
    over(house, "past")
    assert listed(house) == ["critical", "newer", "older", "low"]
    assert listed(house, "--severity", "low", "--severity", "CRITICAL") == ["critical", "low"]
    assert listed(house, "--service", "Checkout") == ["critical"]
    assert listed(house, "--source", "zabbix") == []


def test_what_is_over_is_found_through_its_alerts(house: House) -> None:
    opened(house, "open")
    over(house, "past")
    recorded(house, "a1", "open")
    recorded(house, "a2", "past", 60 * 48)
    assert listed(house, "--state", "over") == ["past"]
    assert sorted(listed(house, "--state", "all")) == ["open", "past"]
    assert listed(house, "--state", "over", "--since", "3m") == []


def test_what_had_no_card_of_its_own_is_listed_alone_when_asked(house: House) -> None:
    opened(house, "shown")
    opened(house, "held now", held="maintenance")
    over(house, "shown once")
    over(house, "over before the window was", held="maintenance")
    everything = listed(house, "--state", "all")
    assert len(everything) == 4
    found = listed(house, "--state", "all", "--held")
    assert sorted(found) == ["held now", "over before the window was"]
    assert listed(house, "--held") == ["held now"]


def test_the_story_of_an_incident_is_told_in_order(house: House) -> None:
    opened(
        house,
        ID,
        count=3,
        revision=4,
        analysis=verdict(
            made_at=NOW - timedelta(minutes=9),
            causes=[Cause(text="logs fill it", confidence=Confidence.HIGH)],
        ),
        notices=[
            Notice(number=1, kind=NoticeKind.SEVERITY_RAISED, at=NOW - timedelta(minutes=4),
                   detail="LOW → HIGH"),
            Notice(number=2, kind=NoticeKind.REFIRED, at=NOW - timedelta(minutes=1)),
        ],
        feedback=Feedback(mark=Mark.RIGHT, by="ann", at=NOW, incident_id=ID, made_at=NOW,
                          made_by="model"),
    )  # fmt: skip
    carded(house, channel_id="C1", ts="171.5", shown=3, told=1,
           posted_at=NOW - timedelta(minutes=8))  # fmt: skip
    recorded(house, "a1", ID, 10)
    recorded(house, "a2", ID, 2)
    recorded(house, "other", "v1:cpu|prod.1", 3)
    found = house.json("show", ID)
    assert [one["what"] for one in found["timeline"]][2:] == [
        "incident opened",
        "analysis by model",
        "card posted in #incidents",
        "severity raised: LOW → HIGH",
        "fired again (not told yet)",
        "ann said right",
    ]
    assert found["card_link"] == "https://slack.com/archives/C1/p1715"
    assert found["shown"] == "card in #incidents, 1 changes behind"
    assert [one["alert_id"] for one in found["alerts"]] == ["a2", "a1"]
    shown = house.run("show", "a2").stdout
    assert "logs fill it (high)" in shown
    assert "https://slack.com/archives/C1/p1715" in shown
    assert house.json("show", ID, "--alerts", "1")["alerts"][0]["alert_id"] == "a2"


def test_only_the_alerts_that_are_shown_are_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responder_cli.accepted.PAGE_SIZE", 2)
    opened(house, ID)
    for number in range(9):
        recorded(house, f"a{number}", ID, number)
    assert house.stack is not None
    read: list[int] = []
    house.stack.client("dynamodb").meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: read.append(parsed["Count"])
    )
    found = house.json("show", ID, "--alerts", "3")["alerts"]
    assert [one["alert_id"] for one in found] == ["a0", "a1", "a2"]
    assert sum(read) <= 6


def test_what_held_it_is_told_with_whose_it_is(house: House) -> None:
    hold = Hold(silence_id="3f9c2a", author="ann", comment="new release", until=NOW)
    opened(house, ID, held="silenced", silence=hold)
    found = house.run("show", ID).stdout
    assert "silenced 3f9c2a by ann until" in found
    assert "new release" in found
    assert "no card: silenced" in found


def test_a_card_that_waits_says_for_what_and_until_when(house: House) -> None:
    opened(house, ID)
    carded(house, waits_for="rate_limited", next_try=NOW + timedelta(minutes=1))
    found = house.json("show", ID)
    assert found["shown"] == "no card: rate_limited"
    assert found["timeline"][-1]["what"] == "next try, as it waits: rate_limited"
    assert found["card_link"] == ""


def test_a_card_that_was_given_up_is_said_to_be_a_dead_letter(house: House) -> None:
    opened(house, ID, revision=2)
    carded(house, waits_for="paced", dead_lettered=True)
    shown = house.json("show", ID)["shown"]
    assert shown == "no card: given up, its announcement is a dead letter"
    assert (
        f"\nLook: scripts/responder dlq show --queue all --id '{ID}' --stack"
        in house.run("show", ID).stdout
    )


def test_an_update_that_was_given_up_is_said_to_be_a_dead_letter(house: House) -> None:
    opened(house, ID, revision=2)
    carded(house, shown=1, dead_lettered=True)
    shown = house.json("show", ID)["shown"]
    assert shown.startswith("card in #incidents, 1 changes behind; given up, its announcement is")


def test_hostile_text_steers_no_terminal(house: House) -> None:
    hostile = "disk\x1b[2J\u202e"
    opened(house, ID, title=hostile, message=hostile, service=hostile, labels={hostile: hostile},
           analysis=verdict(headline=hostile, summary=hostile))  # fmt: skip
    for words in (("list",), ("show", ID)):
        shown = house.run(*words).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize("state", ["open", "over"])
def test_incidents_of_another_release_are_counted_and_end_no_list(house: House, state: str) -> None:
    put = opened if state == "open" else over
    for name in ("ours", "theirs"):
        put(house, name)
    house.rewrite(items.incident_item("theirs"), state="merged")
    assert listed(house, "--state", state) == ["ours"]
    said = house.run("list", "--state", state).stderr
    assert "Another release wrote 1 of the incidents, such as theirs;" in said


def test_incidents_of_alerts_of_another_release_are_counted_too(house: House) -> None:
    over(house, "ours")
    over(house, "theirs")
    house.rewrite(items.alert_key("alert of theirs"), alert={"status": "acknowledged"})
    assert listed(house, "--state", "over") == ["ours"]
    said = house.run("list", "--state", "over").stderr
    assert "Another release wrote 1 of the alerts, such as alert of theirs;" in said


def test_alerts_of_another_release_are_counted_where_their_incident_is_shown(house: House) -> None:
    opened(house, ID)
    for minutes, name in enumerate(("theirs", "newer", "older")):
        recorded(house, name, ID, minutes)
    house.rewrite(items.alert_key("theirs"), alert={"status": "acknowledged"})
    done = house.run("show", ID, "--alerts", "1", "--json")
    assert [one["alert_id"] for one in json.loads(done.stdout)["alerts"]] == ["newer"]
    assert "Another release wrote 1 of the alerts, such as theirs;" in done.stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (items.incident_item(ID), ID),
        (items.card_item(ID), f"the card of {ID}"),
        (items.alert_key("a1"), "a1"),
    ],
)
def test_a_story_that_another_release_wrote_is_said_to_be_one(
    house: House, key: Key, said: str
) -> None:
    opened(house, ID)
    carded(house)
    recorded(house, "a1", ID)
    house.rewrite(key, alert={}, revision={}, incident_id={})
    done = house.run("show", "a1")
    assert done.exit_code == 1
    assert f"Another release wrote {said}; this one cannot read it" in done.stderr


@pytest.mark.parametrize(("named", "said"), [("none", "has no incident"), ("held", "no incident:")])
def test_what_is_no_incident_is_not_there(house: House, named: str, said: str) -> None:
    house.recorded(AlertRecord(alert=alert("held"), signature="v1:disk", held="stale"))
    done = house.run("show", named)
    assert (done.exit_code, said in done.stderr) == (4, True)

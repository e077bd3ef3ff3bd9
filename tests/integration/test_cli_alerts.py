"""``responder alerts`` on moto's index by severity and time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert
from integration.cli_house import House, house_of
from responder import raw
from responder.alert import Severity
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.ports import Table
from responder.protocols import items
from responder_cli.lookup import alerts as commands

NOW = utc_now().replace(microsecond=0)
HOSTILE = "disk \x1b[31mfull\u202e"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("alerts", tmp_path, Table.ALERTS, Table.INCIDENTS) as house:
        yield house


def put(house: House, alert_id: str, minutes: int = 0, **changes: Any) -> None:
    """An alert that was accepted so many minutes ago."""
    kept = {name: changes.pop(name) for name in ("incident_id", "held") if name in changes}
    at = NOW - timedelta(minutes=minutes)
    one = alert(alert_id, received_at=at, **changes)
    house.recorded(AlertRecord(alert=one, signature="v1:disk", **kept))


def ids(house: House, *words: str) -> list[str]:
    return [one["alert_id"] for one in house.json("query", *words)["alerts"]]


def test_all_severities_are_merged_with_the_newest_first(house: House) -> None:
    put(house, "old", 5, severity=Severity.CRITICAL)
    put(house, "new", 1, severity=Severity.LOW)
    put(house, "between", 3, severity=Severity.CRITICAL)
    put(house, "long_ago", 60 * 25, severity=Severity.CRITICAL)
    assert ids(house) == ["new", "between", "old"]
    assert ids(house, "--severity", "critical") == ["between", "old"]
    assert ids(house, "--severity", "critical", "--severity", "CRITICAL") == ["between", "old"]
    until = f"{NOW - timedelta(minutes=4):%Y-%m-%dT%H:%M:%S}"
    assert ids(house, "--since", "2d", "--until", until) == ["old", "long_ago"]


def test_until_a_moment_includes_its_second_and_nothing_later(house: House) -> None:
    put(house, "a", 10)
    put(house, "b", 9)
    moment = f"{NOW - timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}"
    assert ids(house, "--until", moment) == ["a"]
    assert ids(house, "--since", moment) == ["b", "a"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--service", "CHECKOUT"), ["a"]),
        (("--source", "zabbix"), ["b"]),
        (("--title", "FULL"), ["a"]),
        (("--title", "full", "--source", "zabbix"), []),
    ],
)
def test_source_service_and_title_select(
    house: House, words: tuple[str, ...], found: list[str]
) -> None:
    put(house, "a", service="checkout", title="The disk is full")
    put(house, "b", source="zabbix", title="CPU")
    assert ids(house, *words) == found


def test_a_cut_answer_says_how_to_go_on_and_going_on_misses_nothing(house: House) -> None:
    for number in range(7):
        put(house, f"a{number}", number, severity=list(Severity)[number % 5])
    first = house.json("query", "--limit", "3")
    assert [one["alert_id"] for one in first["alerts"]] == ["a0", "a1", "a2"]
    until = datetime.fromisoformat(first["go_on"]).strftime("%Y-%m-%dT%H:%M:%S")
    assert until in house.run("query", "--limit", "3").stderr
    rest = house.json("query", "--until", until)
    assert [one["alert_id"] for one in rest["alerts"]] == ["a2", "a3", "a4", "a5", "a6"]
    assert rest["go_on"] is None
    assert house.json("query", "--limit", "7")["go_on"] is None


def test_what_matches_rarely_ends_after_so_many_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_LOOKED_AT", 4)
    for number in range(6):
        put(house, f"a{number}", number)
    put(house, "rare", 9, service="rare")
    found = house.json("query", "--service", "rare")
    assert found["alerts"] == []
    assert datetime.fromisoformat(found["go_on"]) == NOW - timedelta(minutes=3)


def test_only_the_pages_that_are_shown_are_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responder_cli.accepted.PAGE_SIZE", 2)
    for number in range(9):
        put(house, f"a{number}", number)
    assert house.stack is not None
    read: list[int] = []
    client = house.stack.client("dynamodb")
    client.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: read.append(parsed["Count"])
    )
    assert len(ids(house, "--severity", "HIGH", "--limit", "3")) == 3
    assert sum(read) <= 4


def test_an_alert_of_another_release_is_listed_and_said_to_be_one(house: House) -> None:
    put(house, "ours", 2)
    put(house, "theirs", 1)
    house.rewrite(items.alert_key("theirs"), alert={"status": "acknowledged"})
    assert ids(house) == ["theirs", "ours"]
    for words in ((), ("--raw",), ("--json",)):
        done = house.run("show", "theirs", *words)
        assert done.exit_code == 1
        assert "Another release wrote theirs; this one cannot read it" in done.stderr


def test_hostile_titles_steer_no_terminal(house: House) -> None:
    put(house, "a", title=HOSTILE)
    for words in (("query",), ("show", "a")):
        shown = house.run(*words).stdout
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\x1b[31mfull" in shown


@pytest.mark.parametrize(
    "words", [("--since", "soon"), ("--until", "2026-13-01"), ("--since", "1h", "--until", "2h")]
)
def test_a_time_that_is_none_is_wrong_usage(house: House, words: tuple[str, ...]) -> None:
    assert house.run("query", *words).exit_code == 2


def test_one_alert_is_shown_whole_with_where_it_went(house: House) -> None:
    put(house, "a", labels={"team": "storage"}, incident_id="v1:disk|prod.1")
    found = house.json("show", "a")
    assert (found["labels"], found["incident_id"]) == ({"team": "storage"}, "v1:disk|prod.1")
    assert "raw" not in found
    shown = house.run("show", "a").stdout
    assert "labels.team" in shown
    assert "scripts/responder incidents show 'v1:disk|prod.1' --stack" in shown


def test_an_alert_without_an_incident_says_why(house: House) -> None:
    put(house, "a", held="stale")
    assert house.json("show", "a")["held"] == "stale"


def test_the_payload_is_shown_as_it_was_received(house: House) -> None:
    put(house, "a", raw=raw.pack("x" * 3_000 + "\n\x1b]0;"))
    put(house, "none")
    assert house.run("show", "a", "--raw").stdout.splitlines() == ["x" * 3_000, "\\x1b]0;"]
    assert house.json("show", "a", "--raw") == {
        "alert_id": "a",
        "raw": "x" * 3_000 + "\n\x1b]0;",
    }
    assert house.run("show", "none", "--raw").exit_code == 1


def test_an_unknown_alert_is_not_there(house: House) -> None:
    done = house.run("show", "none")
    assert (done.exit_code, "has no alert none" in done.stderr) == (4, True)


def test_times_with_a_zone_are_taken_by_it() -> None:
    from responder_cli.options import moment

    assert moment("2026-11-21T14:00+02:00") == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert moment("2026-11-21") == datetime(2026, 11, 21, tzinfo=UTC)


def test_a_table_that_is_gone_leads_to_who_names_it(house: House) -> None:
    assert house.stack is not None
    house.stack.client("dynamodb").delete_table(TableName="it-alerts")
    done = house.run("show", "a1")
    assert (done.exit_code, "responder health names it" in done.stderr) == (3, True)

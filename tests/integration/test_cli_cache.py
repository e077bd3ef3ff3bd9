"""``responder cache`` on moto's tables and queues."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import alert, triage, verdict
from integration.cli_house import House, house_of
from responder.alert import Severity
from responder.cache_entry import CacheEntry, CacheState
from responder.clock import utc_now
from responder.incident import AlertRecord, IncidentState
from responder.ports import Queue, Table, Write
from responder.protocols import items
from responder.protocols.switch import SWITCH, Switch

NOW = utc_now().replace(microsecond=0)
SOON = NOW + timedelta(hours=1)
TITLE = "\x1b[31mdisk\u202e"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("cache", tmp_path, *Table) as house:
        yield house


def put(house: House, cache_key: str, hours: float = 0, **changes: Any) -> None:
    """An entry with an analysis of Claude that was made so many hours ago."""
    fields = {
        "analysis": verdict(made_at=NOW - timedelta(hours=hours)),
        "state": CacheState.DONE,
        "fresh_until": SOON,
    } | changes
    entry = CacheEntry(cache_key=cache_key, **fields)
    house.store(Table.CACHE).write([items.write_of(items.cache_item(cache_key), entry, 0, NOW)])


def asked_now(house: House, cache_key: str) -> None:
    put(house, cache_key, state=CacheState.PENDING, owner="lane", lease_until=SOON)


def kept(house: House) -> set[str]:
    return {one["cache_key"] for one in house.json("show")}


def test_stats_count_what_is_in_it(house: House) -> None:
    put(house, "v1:a@prod", 3)
    put(house, "v1:b@prod", fresh_until=NOW)
    put(house, "v1:c@prod", analysis=triage(fallback_reason="no_key"))
    asked_now(house, "v1:d@prod")
    found = house.json("stats")
    assert found["entries"] == 4
    assert found["states"] == {"fresh": 1, "stale": 1, "given up": 1, "asked now": 1}
    assert found["models"] == {"model": 3}
    assert found["last 24 h"]["hit rate"] is None
    assert "1 given up" in house.run("stats").stdout


def test_what_has_expired_is_not_counted(house: House) -> None:
    put(house, "v1:a@prod")
    (record,) = house.store(Table.CACHE).read([items.cache_item("v1:a@prod")]).values()
    assert record.data is not None
    past = Write(items.cache_item("v1:a@prod"), record.data, record.version, NOW)
    house.store(Table.CACHE).write([past])
    assert house.json("stats")["entries"] == 0


def test_what_another_release_wrote_and_this_one_cannot_read_is_none(house: House) -> None:
    put(house, "v1:a@prod")
    unreadable = {"cache_key": "v1:b@prod", "state": "weighed"}
    house.store(Table.CACHE).write([Write(items.cache_item("v1:b@prod"), unreadable, 0)])
    assert house.json("stats")["entries"] == 1
    assert kept(house) == {"v1:a@prod"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--signature", "v1:a"), {"v1:a@prod", "v1:a@dev"}),
        (("--signature", "v1:a@dev"), {"v1:a@dev"}),
        (("--signature", "v1:a@dev", "--signature", "v1:b"), {"v1:a@dev", "v1:b@prod"}),
        (("--signature", "v1:"), set()),
        (("--older-than", "2h"), {"v1:a@dev"}),
        (("--source", "Zabbix"), {"v1:b@prod"}),
        (("--source", "zabbix", "--signature", "v1:a"), set()),
        (("--source", "nobody"), set()),
    ],
)
def test_entries_are_selected(house: House, words: tuple[str, ...], found: set[str]) -> None:
    put(house, "v1:a@prod")
    put(house, "v1:a@dev", 3)
    put(house, "v1:b@prod")
    record = AlertRecord(alert=alert("z", source="zabbix", received_at=NOW), signature="v1:b")
    house.recorded(record)
    assert {one["cache_key"] for one in house.json("show", *words)} == found


def test_a_cleared_analysis_is_gone_and_the_others_stay(house: House) -> None:
    put(house, "v1:a@prod", waiters=("i1",))
    put(house, "v1:b@prod")
    done = house.run("clear", "--signature", "v1:a", "--yes")
    assert (done.exit_code, "1 cleared" in done.stdout) == (0, True), done.output
    assert kept(house) == {"v1:b@prod"}
    entry = items.load(house.store(Table.CACHE), items.cache_item("v1:a@prod"), CacheEntry)
    assert entry == CacheEntry(cache_key="v1:a@prod", waiters=("i1",))


def test_what_is_asked_at_the_moment_is_left_alone(house: House) -> None:
    asked_now(house, "v1:a@prod")
    put(house, "v1:b@prod")
    done = house.run("clear", "--all", "--yes", "--json")
    assert done.exit_code == 1
    assert '"left": [\n    "v1:a@prod"' in done.stdout
    assert kept(house) == {"v1:a@prod"}


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_without_a_yes_nothing_is_cleared(house: House, words: tuple[str, ...]) -> None:
    put(house, "v1:a@prod")
    shown = house.run("clear", "--all", *words, answer="n\n")
    assert "v1:a@prod" in shown.stdout
    assert "about $0.05" in shown.stdout
    assert kept(house) == {"v1:a@prod"}


@pytest.mark.parametrize("words", [(), ("--all", "--signature", "v1:a")])
def test_all_is_cleared_only_by_that_word(house: House, words: tuple[str, ...]) -> None:
    assert house.run("clear", *words, "--yes").exit_code == 2


def opened(house: House, incident_id: str, **changes: Any) -> None:
    key = changes.pop("cache_key", f"{incident_id}@")
    due = {"due_at": NOW + timedelta(minutes=1)}
    house.opened(incident_id, cache_key=key, **(due | changes))


def asked(house: House) -> list[str]:
    return sorted(one["incident_id"] for one in house.taken(Queue.ANALYSIS))


def test_only_what_lacks_an_analysis_is_asked_for(house: House) -> None:
    for name in ("missing", "fresh", "stale", "busy", "given_up", "held"):
        opened(house, name, held="silenced" if name == "held" else "")
    put(house, "fresh@")
    put(house, "stale@", fresh_until=NOW)
    asked_now(house, "busy@")
    put(house, "given_up@", analysis=triage(fallback_reason="unavailable"))
    found = {one["incident_id"]: one["left_out"] for one in house.json("warm", "--yes")}
    assert found == {
        "missing": "",
        "stale": "",
        "fresh": "fresh",
        "busy": "asked now",
        "given_up": "given up a short while ago: unavailable; clear it first",
    }
    assert asked(house) == ["missing", "stale"]


def test_one_call_serves_all_incidents_of_a_signature(house: House) -> None:
    opened(house, "older", cache_key="k")
    opened(house, "newer", cache_key="k", last_seen=NOW)
    assert [one["incident_id"] for one in house.json("warm", "--yes")] == ["newer"]
    assert asked(house) == ["newer"]


def test_the_budget_keeps_a_fifth_for_alerts(house: House) -> None:
    """Five dollars a day, less a fifth, are room for eighty calls at five cents."""
    for number in range(82):
        opened(house, f"i{number:02}", severity=Severity.CRITICAL if number == 81 else Severity.LOW)
    found = house.json("warm", "--dry-run", "--limit", "100")
    left_out = [one for one in found if one["left_out"]]
    assert [one["left_out"] for one in left_out] == ["no room in the daily budget"] * 2
    assert found[0]["incident_id"] == "i81"
    assert asked(house) == []


def test_cache_and_ledgers_are_read_once_for_all_incidents(house: House) -> None:
    for number in range(3):
        opened(house, f"i{number}")
    assert house.stack is not None
    read: list[str] = []
    house.stack.client("dynamodb").meta.events.register(
        "provide-client-params.dynamodb.*",
        lambda params, model, **_: read.append(
            f"{model.name} {params.get('TableName') or next(iter(params['RequestItems']))}"
        ),
    )
    assert len(house.json("warm", "--dry-run")) == 3
    assert [one for one in read if one.endswith("-cache")] == ["BatchGetItem it-analysis-cache"]
    assert read.count("BatchGetItem it-state") == 1


def test_no_more_than_the_limit_are_asked_for(house: House) -> None:
    for number in range(3):
        opened(house, f"i{number}")
    assert sum(one["asked"] for one in house.json("warm", "--limit", "2", "--yes")) == 2
    assert len(asked(house)) == 2


def test_what_is_over_is_asked_for_only_on_request(house: House) -> None:
    opened(house, "past", state=IncidentState.RESOLVED, due_at=None)
    record = AlertRecord(alert=alert("z", received_at=NOW), signature="v1:disk", incident_id="past")
    house.recorded(record)
    assert house.json("warm", "--dry-run") == []
    assert [one["asked"] for one in house.json("warm", "--since", "1h", "--yes")] == [True]


def test_nothing_is_asked_while_analysis_is_off_or_without_a_yes(house: House) -> None:
    opened(house, "i1")
    assert house.run("warm", answer="n\n").exit_code == 1
    key = items.state_item(SWITCH)
    house.store(Table.STATE).write([items.write_of(key, Switch(off=True, by="ann"), 0, NOW)])
    done = house.run("warm", "--yes")
    assert (done.exit_code, "off, by ann" in done.stderr) == (1, True)
    assert asked(house) == []


def test_hostile_text_steers_no_terminal(house: House) -> None:
    put(house, f"{TITLE}@prod", analysis=verdict(headline=TITLE))
    opened(house, "i1", title=TITLE)
    for words in (("show",), ("clear", "--all", "--dry-run"), ("warm", "--dry-run")):
        done = house.run(*words)
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.output
        assert "\u202e" not in done.output

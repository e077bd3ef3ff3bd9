"""``responder silence`` on moto's DynamoDB."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from integration.cli_house import House, house_of
from responder.clock import utc_now
from responder.ports import Table
from responder.protocols import items

Run = Callable[..., Result]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("silence", tmp_path, Table.STATE, Table.INCIDENTS) as house:
        yield house


@pytest.fixture
def run(house: House) -> Run:
    return house.run


def listed(run: Run, *words: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run("list", "--json", *words).stdout)
    return found


def test_a_silence_is_added_listed_and_ended(run: Run) -> None:
    added = run(
        "add", "service=checkout", "severity=~LOW|INFO", "--for", "2h", "--comment", "release"
    )
    assert added.exit_code == 0, added.output
    (found,) = listed(run)
    ended = f"scripts/responder silence expire {found['id']} --stack it\n"
    assert f"End it: {ended}" in added.stdout
    assert found["comment"] == "release"
    assert found["author"]
    lasts = datetime.fromisoformat(found["ends_at"]) - datetime.fromisoformat(found["starts_at"])
    assert lasts == timedelta(hours=2)
    assert "service=checkout severity=~LOW|INFO" in run("list").stdout
    assert run("expire", found["id"]).exit_code == 0
    assert listed(run) == []
    assert [one["id"] for one in listed(run, "--all")] == [found["id"]]
    assert run("expire", found["id"]).exit_code == 4


@pytest.mark.parametrize("written", ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
def test_a_silence_can_begin_later(run: Run, written: str) -> None:
    start = (utc_now() + timedelta(hours=5)).strftime(written)
    assert (
        run(
            "add", "service=a", "--for", "1d12h30m", "--starts", start, "--comment", "later"
        ).exit_code
        == 0
    )
    (found,) = listed(run)
    assert found["starts_at"].startswith(start)
    assert "from (UTC)" in run("list").stdout


def test_what_is_open_and_matches_is_shown(house: House) -> None:
    due = utc_now() + timedelta(hours=20)
    house.opened("i1", service="checkout", title="31 % fail", due_at=due)
    house.opened("i2", service="search", title="slow", due_at=due)
    added = house.run("add", "service=checkout", "--for", "2h", "--comment", "release")
    assert "matches 1 of 2 open incidents now" in added.stdout
    assert "31 % fail" in added.stdout
    assert "slow" not in added.stdout
    assert added.stderr == ""


def test_one_that_would_be_over_already_is_refused(run: Run) -> None:
    start = (utc_now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S")
    words = ("add", "service=a", "--starts", start, "--comment", "late")
    assert "over already" in run(*words, "--for", "2h").stderr
    assert listed(run) == []
    assert run(*words, "--for", "4h").exit_code == 0
    assert len(listed(run)) == 1


@pytest.mark.parametrize("start", ["9999-12-31T23:00", "9999-12-20T00:00", "3000-01-01"])
def test_one_that_begins_when_no_time_can_be_reckoned_from_is_wrong_usage(
    run: Run, start: str
) -> None:
    done = run("add", "service=a", "--starts", start, "--for", "2h", "--comment", "for good")
    assert (done.exit_code, listed(run)) == (2, [])
    assert f"'{start}' is not in the years 2000 to 2999" in done.stderr


def test_the_longest_one_at_the_last_moment_leaves_room_for_the_next(run: Run) -> None:
    last = ("--starts", "2999-12-31T23:59:59", "--for", "999999d999999h999999m")
    assert run("add", "service=a", *last, "--comment", "for good").exit_code == 0
    assert run("add", "service=b", "--for", "2h", "--comment", "release").exit_code == 0
    assert len(listed(run)) == 2


def test_a_list_that_another_release_wrote_ends_in_no_traceback(house: House) -> None:
    add = ("add", "service=a", "--for", "2h", "--comment", "release")
    assert house.run(*add).exit_code == 0
    house.rewrite(items.state_item("silences#0"), silences=[{"id": "theirs", "forever": True}])
    for words in (("list",), add, ("expire", "theirs")):
        done = house.run(*words)
        assert done.exit_code == 1
        assert "responder: this release cannot read what is stored: silence 1" in done.stderr


def test_the_help_says_how_long_a_comment_is(run: Run) -> None:
    assert "3 to 300 characters" in " ".join(run("add", "--help").stdout.split())


def test_a_very_long_one_is_warned_of(run: Run) -> None:
    done = run("add", "service=a", "--for", "400d", "--comment", "for good")
    assert done.exit_code == 0
    assert "400 days" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["service=a", "--for", "soon", "--comment", "why not"], "is no duration like 30m"),
        (["servise=a", "--for", "1h", "--comment", "why not"], "there is no field 'servise'"),
        (["title=~(", "--for", "1h", "--comment", "why not"], "is no expression of RE2: missing )"),
        (["service!=a", "--for", "1h", "--comment", "why not"], "would hold everything"),
        (["service=a", "--for", "1h", "--comment", "x"], "--comment: must have at least 3"),
        (["--for", "1h", "--comment", "why not"], "Missing argument"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(
    run: Run, words: list[str], said: str
) -> None:
    done = run("add", *words)
    assert done.exit_code == 2
    assert said in done.output
    assert listed(run) == []

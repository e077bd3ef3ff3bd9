"""``responder window`` on moto's DynamoDB."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result

from integration.cli_house import house_of
from responder.ports import Table

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with house_of("window", tmp_path, Table.STATE) as house:
        yield house.run


def add(run: Run, *words: str, **options: str) -> Result:
    given = {"every": "sun", "at": "02:00", "for": "4h", "zone": "Europe/Berlin"} | options
    asked = [word for name, value in given.items() for word in (f"--{name}", value)]
    return run("add", *words, "--comment", "backups", *asked)


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
    return found


def test_a_window_is_added_listed_and_removed(run: Run) -> None:
    added = add(run, "service=warehouse", every="fri-mon", dates="1-7,15")
    assert added.exit_code == 0, added.output
    (found,) = listed(run)
    assert found["id"] in added.stdout
    assert (found["days"], found["dates"]) == ([0, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 15])
    assert (found["reason"], found["comment"]) == ("maintenance", "backups")
    assert found["author"]
    begins, ends = (datetime.fromisoformat(found[name]) for name in ("begins", "ends"))
    assert begins == datetime.fromisoformat(found["begins_utc"])
    assert begins.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") == "02:00"
    assert ends - begins == timedelta(hours=4)
    table = run("list").stdout
    assert "every mon,fri,sat,sun" in table.replace("\n", " ")
    assert "for 4h Europe/Berlin" in table.replace("\n", " ")
    assert run("remove", found["id"]).exit_code == 0
    assert listed(run) == []
    assert run("remove", found["id"]).exit_code == 4


def test_quiet_hours_are_a_window_for_what_is_mild(run: Run) -> None:
    assert add(run, below="HIGH", every="day", at="18:00", **{"for": "14h"}).exit_code == 0
    (found,) = listed(run)
    assert (found["reason"], found["below"], found["matchers"]) == ("quiet_hours", "HIGH", [])


def test_one_that_lasts_is_listed_as_it_is(run: Run) -> None:
    now = datetime.now(ZoneInfo("UTC"))
    hour_ago = (now - timedelta(hours=1)).strftime("%H:%M")
    added = add(run, "service=a", every="day", at=hour_ago, zone="UTC")
    assert "lasts now" in added.stdout
    (found,) = listed(run)
    assert found["lasts_now"]
    assert datetime.fromisoformat(found["begins_utc"]) <= now


@pytest.mark.parametrize(
    ("matchers", "options", "said"),
    [
        ([], {}, "would hold everything"),
        (["servise=a"], {}, "there is no field 'servise'"),
        (["service=a"], {"every": "someday"}, "is not written like mon-fri"),
        (["service=a"], {"every": "mon-"}, "is not written like mon-fri"),
        (["service=a"], {"dates": "7-1"}, "is not written like 1-7"),
        (["service=a"], {"dates": "0"}, "--dates: must be greater than or equal to 1, not 0"),
        (["service=a"], {"at": "25:00"}, "is no time like 22:00"),
        (["service=a"], {"for": "soon"}, "is no duration like 30m"),
        (["service=a"], {"every": "day", "for": "24h"}, "would never end"),
        (["service=a"], {"zone": "Europe/Atlantis"}, "is no time zone like Europe/Berlin"),
        (["service=a"], {"below": "INFO"}, "Invalid value for '--below'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(
    run: Run, matchers: list[str], options: dict[str, str], said: str
) -> None:
    done = add(run, *matchers, **options)
    assert done.exit_code == 2
    assert said in done.output
    assert listed(run) == []

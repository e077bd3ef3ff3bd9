"""``responder restore --at`` takes the moments only that DynamoDB can restore, and names them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from integration.backups import House, house_of_backups
from responder_cli.aws import Stack
from responder_cli.backup import taking
from responder_cli.main import cli

EARLIEST = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
LATEST = datetime(2026, 11, 21, 13, 55, 7, tzinfo=UTC)
WINDOW = (EARLIEST, LATEST)
SAID = "2026-11-01 09:30:00 to 2026-11-21 13:55:07 UTC"
TOO_EARLY, TOO_LATE = "2026-11-01T09:29:59", "2026-11-21T13:55:08"

Window = tuple[datetime, datetime] | None


class Windowed:
    """DynamoDB with these windows, by table's name; None has no point-in-time recovery."""

    def __init__(self, real: Any, windows: dict[str, Window]) -> None:
        self._real, self._windows = real, windows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def describe_continuous_backups(self, TableName: str) -> Any:
        window = self._windows[TableName]
        recovery: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if window:
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "EarliestRestorableDateTime": window[0],
                "LatestRestorableDateTime": window[1],
            }
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path, on_aws=True) as house:
        for table in taking.TABLES:
            house.stack.client("dynamodb").update_continuous_backups(
                TableName=house.stack.table(table.value),
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        yield house


def stack_of(house: House, **windows: Window) -> Stack:
    """The house's stack with windows of its tables; WINDOW where none is given."""
    given = {table.value: windows.get(table.value, WINDOW) for table in taking.TABLES}
    real = house.stack
    clients = {
        "dynamodb": Windowed(
            real.client("dynamodb"), {f"it-{name}": one for name, one in given.items()}
        ),
        "cloudformation": real.client("cloudformation"),
        "sts": real.client("sts"),
    }
    return Stack("it", clients.__getitem__, on_aws=True)


def having(house: House, **windows: Window) -> House:
    return House(stack_of(house, **windows))


def copies(house: House) -> list[str]:
    names = house.stack.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.endswith("-restored")]


@pytest.mark.parametrize("at", [TOO_EARLY, TOO_LATE])
def test_a_moment_outside_the_window_is_refused_with_what_is_in_it(house: House, at: str) -> None:
    done = having(house).run("restore", "--at", at, "--table", "incidents", "--yes")
    assert done.exit_code == 1
    assert f"it-incidents can be restored as of {SAID}" in done.stderr
    assert at.replace("T", " ") in done.stderr
    assert copies(house) == []


@pytest.mark.parametrize("at", [EARLIEST, LATEST])
def test_the_first_and_the_last_moment_are_in_it(house: House, at: datetime) -> None:
    done = having(house).run("restore", "--at", at.isoformat(), "--keep", "--yes")
    assert done.exit_code == 0, done.output
    assert len(copies(house)) == len(taking.TABLES)


def test_one_table_that_cannot_keeps_the_others_from_being_copied(house: House) -> None:
    younger = (EARLIEST + timedelta(hours=1), LATEST)
    at = EARLIEST.isoformat()
    done = having(house, state=younger).run("restore", "--at", at, "--yes")
    assert done.exit_code == 1
    assert "it-state can be restored as of 2026-11-01 10:30:00 to" in done.stderr
    assert "it-incidents" not in done.stderr
    assert copies(house) == []


@pytest.mark.parametrize("at", ["latest", EARLIEST.isoformat()])
def test_a_table_without_recovery_is_named_before_anything_is_made(house: House, at: str) -> None:
    done = having(house, state=None).run("restore", "--at", at, "--yes")
    assert done.exit_code == 1
    assert "it-state has no point-in-time recovery" in done.stderr
    assert copies(house) == []


def test_a_dry_run_shows_the_window_and_refuses_as_the_run_would(house: House) -> None:
    done = having(house).run("restore", "--at", TOO_LATE, "--dry-run", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["recovery"]["state"]["latest"] == LATEST.isoformat()
    assert f"it-state can be restored as of {SAID}" in done.stderr


def test_a_window_is_told_in_utc_on_a_machine_that_is_elsewhere(house: House) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    here = (EARLIEST.astimezone(zone), LATEST.astimezone(zone))
    done = having(house, incidents=here).run("restore", "--at", "latest", "--dry-run")
    assert done.exit_code == 0, done.output
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("incidents"))
    assert row.split() == ["incidents", "on", "2026-11-01", "09:30", "2026-11-21", "13:55"]
    refused = having(house, incidents=here).run("restore", "--at", TOO_EARLY, "--yes")
    assert f"it-incidents can be restored as of {SAID}" in refused.stderr


def test_a_copy_that_is_there_is_gone_on_with_when_its_moment_is_out_of_reach(house: House) -> None:
    client = house.stack.client("dynamodb")
    client.restore_table_to_point_in_time(
        SourceTableName="it-incidents",
        TargetTableName="it-incidents-restored",
        UseLatestRestorableTime=True,
    )
    there = client.describe_table(TableName="it-incidents-restored")["Table"]
    of = there["RestoreSummary"]["RestoreDateTime"].isoformat()
    done = having(house).run("restore", "--at", of, "--table", "incidents", "--yes")
    assert done.exit_code == 0, done.output
    assert "Going on with it-incidents-restored" in done.stderr


def test_the_window_across_regions_is_that_of_the_region_with_the_tables(house: House) -> None:
    opened = (EARLIEST, EARLIEST + timedelta(days=1))
    there = stack_of(house, alerts=opened, incidents=opened, state=opened)
    here = stack_of(house)

    def connect(_: str, region: str | None, __: str | None) -> Stack:
        return there if region == "us-east-1" else here

    words = ["restore", "--at", LATEST.isoformat(), "--source-region", "us-east-1", "--yes"]
    done = CliRunner().invoke(cli, words, obj=connect)
    assert done.exit_code == 1
    assert "it-alerts can be restored as of 2026-11-01 09:30:00 to 2026-11-02 09:30" in done.stderr
    assert copies(house) == []

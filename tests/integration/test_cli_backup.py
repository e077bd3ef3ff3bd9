"""``responder backup`` and ``responder restore`` on moto: what was kept comes back, and no more."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from integration.backups import SECRET, House, house_of_backups
from responder.clock import utc_now
from responder.policy.matching import Matcher
from responder.policy.silence import Silence
from responder.ports import Table
from responder.protocols import silences
from responder_cli.aws import Stack
from unit.cli.kept import KEY, card, episode, head, pointer
from unit.cli.stacks import Client, refusal

BACKUP = "backup"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path) as house:
        for one in (head(1), episode(1), card(1), pointer(1)):
            house.put(Table.INCIDENTS, dict(one.raw))
        for number in range(16):
            raw = {"alert_id": {"S": f"a{number}"}, "version": {"N": "1"}, "x": {"N": "0.5"}}
            house.put(Table.ALERTS, raw)
        now = utc_now()
        silenced = Silence(
            id="s1",
            matchers=(Matcher.parse("service=checkout"),),
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            comment="new release",
            author="anna",
        )
        silences.add(house.stack.store(Table.STATE), silenced, now)
        yield house


def keep(house: House, place: Path) -> Any:
    done = house.run(BACKUP, "--directory", str(place), "--json")
    assert done.exit_code in (0, 1), done.output
    return json.loads(done.stdout)


def restored(house: House, place: object, *words: str) -> Any:
    done = house.run("restore", str(place), *words, "--yes", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["tables"]


def everything(house: House) -> dict[Table, Any]:
    return {table: house.items(table) for table in Table}


def test_what_was_lost_comes_back_as_it_was(house: House, tmp_path: Path) -> None:
    before = everything(house)
    keep(house, tmp_path / BACKUP)
    for table in Table:
        house.lose(table)
    told = restored(house, tmp_path / BACKUP)
    assert everything(house) == before
    assert {name: one["written"] for name, one in told.items()} == {
        "alerts": 16,
        "incidents": 4,
        "state": 2,
    }
    again = restored(house, tmp_path / BACKUP)
    assert {name: one["there"] for name, one in again.items()} == {
        name: one["written"] for name, one in told.items()
    }


def test_what_the_stack_has_stays_as_it_is(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    newer = dict(card(1, ts="9.9").raw)
    house.put(Table.INCIDENTS, newer)
    house.lose(Table.ALERTS)
    restored(house, tmp_path / BACKUP)
    assert house.items(Table.INCIDENTS)[f"card#{KEY}.1"] == newer
    assert len(house.items(Table.ALERTS)) == 16


def test_only_the_tables_that_are_named(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    for table in Table:
        house.lose(table)
    assert set(restored(house, tmp_path / BACKUP, "--table", "incidents")) == {"incidents"}
    assert len(house.items(Table.INCIDENTS)) == 4
    assert not house.items(Table.ALERTS)


def test_a_backup_has_what_operators_decided_and_no_secret(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    decided = json.loads((tmp_path / BACKUP / "operators.json").read_text())
    assert [one["comment"] for one in decided["silences"]] == ["new release"]
    assert set(decided["sources"]) == {"grafana", "old"}
    assert decided["mappings"] == {"shopmon": {}}
    stack = json.loads((tmp_path / BACKUP / "stack.json").read_text())
    assert stack["parameters"] == {"SlackChannel": "#incidents"}
    files = [path for path in (tmp_path / BACKUP).rglob("*") if path.is_file()]
    assert {"runbooks/disk.md", "code/it-responder-7.zip", "template.yaml"} <= {
        str(path.relative_to(tmp_path / BACKUP)) for path in files
    }
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_backup_says_how_this_stack_gets_it_back(house: House, tmp_path: Path) -> None:
    place = tmp_path / "of today"
    told = house.run(BACKUP, "--directory", str(place)).stdout
    assert f"scripts/responder restore '{place}' --stack it\n" in told


def after_a_rollback(house: House, code: str) -> None:
    """The live versions use layers that the deployment before the rollback has deleted."""

    def gone(Arn: str) -> None:
        raise refusal(code)

    real = house.stack.client("lambda")
    house.stack._clients["lambda"] = Client(
        {"get_function": real.get_function(), "get_layer_version_by_arn": gone}
    )


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_layer_that_a_deployment_deleted_is_missing_from_a_backup_that_restores_all_the_same(
    house: House, tmp_path: Path, code: str
) -> None:
    after_a_rollback(house, code)
    before = everything(house)
    done = house.run(BACKUP, "--directory", str(tmp_path / BACKUP), "--json")
    assert done.exit_code == 1
    assert "code/it-responder-7.zip" in done.stderr
    manifest = json.loads((tmp_path / BACKUP / "manifest.json").read_text())
    assert code in manifest["missing"]["code/it-responder-7.zip"]
    assert (tmp_path / BACKUP / "code" / "AnalysisFunction.zip").exists()
    assert not (tmp_path / BACKUP / "code" / "it-responder-7.zip").exists()
    for table in Table:
        house.lose(table)
    restored(house, tmp_path / BACKUP)
    assert everything(house) == before


def test_a_layer_that_lambda_cannot_give_just_now_ends_the_backup(
    house: House, tmp_path: Path
) -> None:
    after_a_rollback(house, "TooManyRequestsException")
    done = house.run(BACKUP, "--directory", str(tmp_path / BACKUP))
    assert (done.exit_code, "TooManyRequestsException" in done.stderr) == (3, True)
    assert not (tmp_path / BACKUP / "manifest.json").exists()


def test_a_dry_run_and_a_no_write_nothing(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    house.lose(Table.INCIDENTS)
    dry = house.run("restore", str(tmp_path / BACKUP), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert dry.stdout.splitlines()[2].split()[:3] == ["incidents", "4", "0"]
    assert house.run("restore", str(tmp_path / BACKUP), answer="n\n").exit_code == 1
    assert not house.items(Table.INCIDENTS)


def test_what_stays_away_is_named(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    house.lose(Table.INCIDENTS)
    place = tmp_path / "unposted"
    house.put(Table.INCIDENTS, dict(head(2).raw))
    house.put(Table.INCIDENTS, dict(episode(2).raw))
    keep(house, place)
    house.lose(Table.INCIDENTS)
    told = house.run("restore", str(place), "--dry-run").stdout
    assert f"stays away (had no card yet): {KEY}.2 disk full" in told


def longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("tables/incidents.jsonl.gz", longer),
        ("manifest.json", Path.unlink),
        ("manifest.json", cut_off),
    ],
)
def test_what_is_spoilt_or_not_whole_restores_nothing(
    house: House, tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    keep(house, tmp_path / BACKUP)
    house.lose(Table.ALERTS)
    spoil(tmp_path / BACKUP / name)
    done = house.run("restore", str(tmp_path / BACKUP), "--yes")
    *_, line = done.stderr.splitlines()
    assert (done.exit_code, name in line) == (1, True)
    assert not house.items(Table.ALERTS)


def test_two_backups_never_share_a_directory(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    assert house.run(BACKUP, "--directory", str(tmp_path / BACKUP)).exit_code == 2


def test_a_stack_without_exports_keeps_its_tables_in_the_bucket(house: House) -> None:
    done = house.run(BACKUP, "--bucket", "backups", "--json")
    place = json.loads(done.stdout)["place"]
    assert place.startswith("s3://backups/backups/it/")
    before = everything(house)
    for table in Table:
        house.lose(table)
    restored(house, place)
    assert everything(house) == before


class Killed(BaseException):
    """The process dies."""


class Dying:
    """DynamoDB for a process that dies at a write, before it or after."""

    def __init__(self, real: Any, at: int, *, after: bool) -> None:
        self._real, self._left, self._after = real, at, after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name not in ("put_item", "transact_write_items"):
            return real

        def write(**options: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._after:
                real(**options)
            if self._left <= 0:
                raise Killed
            return real(**options)

        return write


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 15])
def test_killed_anywhere_the_next_run_ends_the_work(
    house: House, tmp_path: Path, at: int, after: bool
) -> None:
    before = everything(house)
    keep(house, tmp_path / BACKUP)
    for table in Table:
        house.lose(table)
    real = house.stack
    dying = Dying(real.client("dynamodb"), at, after=after)
    clients = {"dynamodb": dying, "cloudformation": real.client("cloudformation")}
    house.stack = Stack("it", clients.__getitem__)
    with pytest.raises(Killed):
        house.run("restore", str(tmp_path / BACKUP), "--yes")
    house.stack = real
    heads = [name for name in house.items(Table.INCIDENTS) if name.startswith("head#")]
    # An alert that comes now finds a problem with its incident and card, or none.
    assert not heads or len(house.items(Table.INCIDENTS)) >= 3
    restored(house, tmp_path / BACKUP)
    assert everything(house) == before


class Racing:
    """DynamoDB on which the stack opens the very incident between the look and the write."""

    def __init__(self, real: Any, house: House) -> None:
        self._real, self._house = real, house

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name != "transact_write_items":
            return real

        def write(**options: Any) -> Any:
            self._house.put(Table.INCIDENTS, dict(head(1).raw))
            return real(**options)

        return write


def test_what_the_stack_writes_first_stays_and_is_told(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    house.lose(Table.INCIDENTS)
    real = house.stack
    clients = {"cloudformation": real.client("cloudformation")}
    clients["dynamodb"] = Racing(real.client("dynamodb"), House(real))
    house.stack = Stack("it", clients.__getitem__)
    done = house.run("restore", str(tmp_path / BACKUP), "--table", "incidents", "--yes")
    assert done.exit_code == 1
    assert "3 did not come back" in done.stderr
    assert f"incident#{KEY}.1" not in House(real).items(Table.INCIDENTS)


def test_another_refusal_ends_the_restore(house: House, tmp_path: Path) -> None:
    keep(house, tmp_path / BACKUP)
    house.stack.client("dynamodb").delete_table(TableName="it-alerts")
    done = house.run("restore", str(tmp_path / BACKUP), "--yes")
    assert done.exit_code == 3
    with pytest.raises(ClientError):
        house.items(Table.ALERTS)

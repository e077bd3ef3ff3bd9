"""``responder restore --at`` reads and deletes its own copies, and no table of anybody else's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from integration.backups import ACCOUNT, REGION, House, house_of_backups
from responder.clock import to_utc
from responder.ports import Table
from responder_cli.aws import Stack
from unit.cli.kept import card, episode, head, pointer

KEPT = (head(1), episode(1), card(1), pointer(1))
COPY = "it-incidents-restored"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path, on_aws=True) as house:
        client = house.stack.client("dynamodb")
        for name in ("it-incidents", "it-state"):
            client.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        for one in KEPT:
            house.put(Table.INCIDENTS, dict(one.raw))
        yield house


def restored(house: House, at: str, *words: str, answer: str = "") -> Result:
    return house.run("restore", "--at", at, "--table", "incidents", *words, answer=answer)


def copies(house: House) -> list[str]:
    names = house.stack.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.endswith("-restored")]


def made(house: House, name: str, of: str = "it-incidents") -> str:
    """A copy that is there already; the moment that it is of."""
    client = house.stack.client("dynamodb")
    client.restore_table_to_point_in_time(
        SourceTableName=of, TargetTableName=name, UseLatestRestorableTime=True
    )
    summary = client.describe_table(TableName=name)["Table"]["RestoreSummary"]
    return to_utc(summary["RestoreDateTime"]).isoformat()


def test_what_was_lost_comes_back_by_a_copy_that_goes_afterwards(house: House) -> None:
    done = restored(losing(house), "latest", "--yes")
    assert done.exit_code == 0, done.output
    assert set(house.items(Table.INCIDENTS)) == {one.key.id for one in KEPT}
    assert copies(house) == []


class Losing:
    """DynamoDB whose items are lost as soon as their table is copied."""

    def __init__(self, real: Any, house: House) -> None:
        self._real, self._house = real, house

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def restore_table_to_point_in_time(self, **options: Any) -> Any:
        answer = self._real.restore_table_to_point_in_time(**options)
        self._house.lose(Table.INCIDENTS)
        return answer


def losing(house: House) -> House:
    real = house.stack
    clients = {
        "dynamodb": Losing(real.client("dynamodb"), house),
        "cloudformation": real.client("cloudformation"),
    }
    return House(Stack("it", clients.__getitem__, on_aws=True))


def test_a_copy_of_that_moment_is_gone_on_with_and_left_to_who_made_it(house: House) -> None:
    of = made(house, COPY)
    house.lose(Table.INCIDENTS)
    done = restored(house, of, "--yes")
    assert done.exit_code == 0, done.output
    assert f"Going on with {COPY}" in done.stderr
    assert set(house.items(Table.INCIDENTS)) == {one.key.id for one in KEPT}
    assert copies(house) == [COPY]
    assert f"aws dynamodb delete-table --table-name {COPY}" in done.stderr


@pytest.mark.parametrize("at", ["latest", "2026-11-21T13:00"])
def test_a_copy_of_another_moment_is_refused_and_its_own_told(house: House, at: str) -> None:
    of = made(house, COPY)
    done = restored(house, at, "--yes")
    assert done.exit_code == 1
    assert f"{COPY} already, of {of}" in done.stderr
    assert copies(house) == [COPY]


def somebodys(house: House) -> None:
    house.stack.client("dynamodb").create_table(
        TableName=COPY,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


def of_another_table(house: House) -> None:
    made(house, COPY, "it-state")


@pytest.mark.parametrize("make", [somebodys, of_another_table])
def test_a_table_that_is_no_copy_of_ours_is_refused_and_stays(house: House, make: Any) -> None:
    make(house)
    done = house.run("restore", "--at", "latest", "--yes")
    assert done.exit_code == 1
    assert f"{COPY} that is no copy of it-incidents" in done.stderr
    # Nor were the other tables' copies begun.
    assert copies(house) == [COPY]


def test_a_copy_across_regions_is_of_the_region_that_was_named(house: House) -> None:
    of = made(house, COPY)
    done = restored(house, of, "--source-region", "us-east-1", "--yes")
    assert done.exit_code == 1
    assert "is no copy of" in done.stderr
    described = house.stack.client("dynamodb").describe_table(TableName=COPY)["Table"]
    source = described["RestoreSummary"]["SourceTableArn"]
    assert source == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/it-incidents"


def test_the_question_says_that_the_copies_go_and_a_no_makes_none(house: House) -> None:
    done = restored(house, "latest", answer="n\n")
    assert done.exit_code == 1
    assert "which are deleted when their items are back?" in done.stderr
    assert copies(house) == []


def test_a_no_to_writing_names_the_copy_that_is_left(house: House) -> None:
    done = restored(losing(house), "latest", answer="y\nn\n")
    assert done.exit_code == 1
    assert f"{COPY} stays, and costs" in done.stderr
    assert not house.items(Table.INCIDENTS)
    assert copies(house) == [COPY]


def test_what_is_to_be_kept_stays_and_is_named(house: House) -> None:
    house.stack.region = REGION
    done = restored(house, "latest", "--keep", "--yes")
    assert done.exit_code == 0, done.output
    deleted = f"aws dynamodb delete-table --table-name {COPY} --region {REGION}\n"
    assert f"{COPY} stays, and costs. Needed no more: {deleted}" in done.stderr
    assert copies(house) == [COPY]

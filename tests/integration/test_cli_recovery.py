"""What only AWS does for a backup and a restore: exports, and copies of an earlier moment."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from integration.backups import ACCOUNT, REGION, House, house_of_backups
from responder.clock import utc_now
from responder.ports import Table
from responder_cli.backup import taking
from responder_cli.backup.reading import Then
from responder_cli.backup.vaults import Bucket
from unit.cli.kept import card, episode, head, pointer
from unit.cli.stacks import Client

MOMENT = datetime(2026, 11, 21, 14, tzinfo=UTC)
KEPT = (head(1), episode(1), card(1), pointer(1))
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path, on_aws=True) as house:
        client = house.stack.client("dynamodb")
        for table in taking.TABLES:
            client.update_continuous_backups(
                TableName=house.stack.table(table.value),
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        for one in KEPT:
            house.put(Table.INCIDENTS, dict(one.raw))
        yield house


def test_on_aws_dynamodb_exports_to_a_bucket_of_this_account(house: House) -> None:
    done = house.run("backup", "--bucket", "backups", "--wait", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["exports"] == dict.fromkeys(("alerts", "incidents", "state"), "COMPLETED")
    assert all(one["enabled"] for one in told["recovery"].values())
    prefix = told["place"].removeprefix("s3://backups/")
    listed = house.stack.client("s3").list_objects_v2(Bucket="backups", Prefix=prefix)
    names = [one["Key"].removeprefix(f"{prefix}/") for one in listed["Contents"]]
    assert sum(name.startswith("tables/incidents/AWSDynamoDB/") for name in names) == 1
    assert {"manifest.json", "stack.json", "operators.json"} <= set(names)


def test_an_export_is_asked_for_with_what_keeps_it_from_strangers(house: House) -> None:
    client = house.stack.client("dynamodb")
    with Stubber(client) as stubbed:
        for table in taking.TABLES:
            name = f"it-{table.value}"
            arn = f"{TABLE_ARN}/{name}"
            stubbed.add_response(
                "describe_table", {"Table": {"TableArn": arn}}, {"TableName": name}
            )
            stubbed.add_response(
                "export_table_to_point_in_time",
                {"ExportDescription": {"ExportArn": f"{arn}/export/01"}},
                {
                    "TableArn": arn,
                    "S3Bucket": "backups",
                    "S3BucketOwner": ACCOUNT,
                    "S3Prefix": ANY,
                },
            )
        vault = Bucket(house.stack.client("s3"), "backups", "backups/it/now", ACCOUNT)
        found = [taking._export(house.stack, table, vault)["export"] for table in taking.TABLES]
        stubbed.assert_no_pending_responses()
    assert found[0] == f"{TABLE_ARN}/it-alerts/export/01"


def test_a_strangers_bucket_of_that_name_is_refused_by_s3() -> None:
    client = Client({"put_object": {}})
    Bucket(client, "backups", "backups/it/now", ACCOUNT).put("stack.json", b"{}")
    (put,) = client.asked("put_object")
    assert put["ExpectedBucketOwner"] == ACCOUNT
    assert put["Key"] == "backups/it/now/stack.json"


def exported(house: House, prefix: str, *, spoilt: bool = False) -> None:
    """Files as DynamoDB's exports are documented, and a manifest of ours that names them."""
    s3 = house.stack.client("s3")
    tables = {}
    for table in taking.TABLES:
        raws = [dict(one.raw) for one in KEPT] if table is Table.INCIDENTS else []
        later = {"N": str(int((utc_now() + timedelta(days=1)).timestamp()))}
        lines = [json.dumps({"Item": {**raw, "ttl": later}}) for raw in raws]
        body = gzip.compress("\n".join(lines).encode())
        root = f"{prefix}/tables/{table.value}/AWSDynamoDB/01-ab"
        digest = hashlib.md5(b"other" if spoilt else body).digest()  # noqa: S324 - as DynamoDB's
        told = {
            "itemCount": len(lines),
            "md5Checksum": base64.b64encode(digest).decode(),
            "dataFileS3Key": f"{root}/data/x.json.gz",
        }
        s3.put_object(Bucket="backups", Key=f"{root}/data/x.json.gz", Body=body)
        s3.put_object(
            Bucket="backups", Key=f"{root}/manifest-files.json", Body=json.dumps(told) + "\n"
        )
        tables[table.value] = {"export": f"{TABLE_ARN}/it-{table.value}/export/01-ab"}
    manifest = {"format": 1, "stack": "it", "taken_at": "2026-11-21", "tables": tables}
    s3.put_object(Bucket="backups", Key=f"{prefix}/manifest.json", Body=json.dumps(manifest))


def test_dynamodbs_export_comes_back(house: House) -> None:
    exported(house, "backups/it/now")
    house.lose(Table.INCIDENTS)
    done = house.run("restore", "s3://backups/backups/it/now", "--yes")
    assert done.exit_code == 0, done.output
    assert set(house.items(Table.INCIDENTS)) == {one.key.id for one in KEPT}


def test_an_export_that_is_spoilt_or_still_under_way_restores_nothing(house: House) -> None:
    exported(house, "spoilt", spoilt=True)
    house.lose(Table.INCIDENTS)
    done = house.run("restore", "s3://backups/spoilt", "--yes")
    assert done.exit_code == 1
    assert "is not what was written" in done.stderr
    running = json.loads(house.run("backup", "--bucket", "backups", "--json").stdout)["place"]
    done = house.run("restore", running, "--yes")
    assert done.exit_code == 1
    assert "manifest-files.json is not there" in done.stderr
    assert not house.items(Table.INCIDENTS)


def test_a_dry_run_makes_no_copies_and_tells_what_there_is(house: House) -> None:
    done = house.run("restore", "--at", "latest", "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["recovery"]["incidents"]["enabled"] is True
    names = house.stack.client("dynamodb").list_tables()["TableNames"]
    assert not [name for name in names if name.endswith("-restored")]


def restorable(earliest: datetime, latest: datetime) -> dict[str, Any]:
    """What DynamoDB says of a table with point-in-time recovery."""
    recovery = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "EarliestRestorableDateTime": earliest,
        "LatestRestorableDateTime": latest,
    }
    backups = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
    return {"ContinuousBackupsDescription": backups}


@pytest.mark.parametrize(
    ("region", "moment", "asked"),
    [
        ("", MOMENT, {"SourceTableName": "it-state", "RestoreDateTime": MOMENT}),
        ("", None, {"SourceTableName": "it-state", "UseLatestRestorableTime": True}),
        (
            "us-east-1",
            None,
            {
                "SourceTableArn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/it-state",
                "UseLatestRestorableTime": True,
            },
        ),
    ],
)
def test_a_copy_is_asked_for_and_waited_for(
    house: House, region: str, moment: datetime | None, asked: Mapping[str, Any]
) -> None:
    copy = {"TableName": "it-state-restored"}
    waits: list[float] = []
    client = house.stack.client("dynamodb")
    with Stubber(client) as stubbed:
        stubbed.add_client_error("describe_table", "ResourceNotFoundException", "", 400, None, copy)
        stubbed.add_response(
            "describe_continuous_backups",
            restorable(MOMENT, MOMENT),
            {"TableName": "it-state"},
        )
        stubbed.add_response(
            "restore_table_to_point_in_time",
            {"TableDescription": {}},
            {"TargetTableName": "it-state-restored", **asked},
        )
        for status in ("CREATING", "CREATING", "ACTIVE"):
            stubbed.add_response("describe_table", {"Table": {"TableStatus": status}}, copy)
        Then(house.stack, (Table.STATE,), moment, region, client, waits.append).prepare()
        stubbed.assert_no_pending_responses()
    assert len(waits) == 2

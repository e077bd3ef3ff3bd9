"""A backup's files lie where they belong, whatever the runbooks in their bucket are called."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from integration.backups import House, house_of_backups
from responder_cli.backup.vaults import Folder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of_backups(tmp_path) as house:
        yield house


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("where", ["directory", "bucket"])
def test_a_folder_of_the_console_is_no_runbook(house: House, tmp_path: Path, where: str) -> None:
    s3 = house.stack.client("s3")
    s3.put_object(Bucket="runbooks", Key="db/", Body=b"")
    s3.put_object(Bucket="runbooks", Key="db/disk.md", Body=b"# Disk")
    place = {"directory": str(tmp_path / "kept"), "bucket": "backups"}[where]
    done = house.run("backup", f"--{where}", place)
    assert "Kept in" in done.stdout, done.output
    if where == "directory":
        assert {"runbooks/db/disk.md", "manifest.json"} <= files(tmp_path / "kept")
        return
    listed = s3.list_objects_v2(Bucket="backups")["Contents"]
    names = {one["Key"].split("/", 3)[3] for one in listed}
    assert {"runbooks/db/disk.md", "manifest.json"} <= names
    assert "runbooks/db/" not in names


@pytest.mark.parametrize("key", ["../../escaped.md", "../stack-of-mine.json", "db/../../../x.md"])
def test_a_key_that_leads_out_of_the_runbooks_is_refused(
    house: House, tmp_path: Path, key: str
) -> None:
    house.stack.client("s3").put_object(Bucket="runbooks", Key=key, Body=b"# x")
    before = files(tmp_path)
    done = house.run("backup", "--directory", str(tmp_path / "kept" / "here"))
    assert done.exit_code == 1
    assert f"runbooks/{key}" in done.stderr
    name = os.path.basename(key)
    assert not [one for one in files(tmp_path) - before if one.endswith(name)]


@pytest.mark.parametrize("name", ["../secret", "tables/../../secret", "/etc/hostname"])
def test_a_manifest_names_no_file_outside_of_its_backup(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    root = tmp_path / "kept"
    (root / "tables").mkdir(parents=True)
    with pytest.raises(click.ClickException, match="elsewhere"):
        Folder(root).get(name)

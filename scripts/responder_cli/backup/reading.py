"""The items of a backup, wherever it is: our files, DynamoDB's exports, or tables of then.

Point-in-time recovery makes tables of other names, which nobody reads; they are read here, and
those that this run had made are deleted when their items are back.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import click
from botocore.exceptions import ClientError

from responder.clock import to_utc
from responder.ports import Table
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.backup import taking
from responder_cli.backup.vaults import Vault
from responder_cli.mending import aws

#: What is added to a table's name for its copy of an earlier moment.
RESTORED = "-restored"
POLL_SECONDS = 15.0
Wait = Callable[[float], None]


class Source(Protocol):
    """What a restore reads."""

    @property
    def said(self) -> str:
        """Where it is, and of when, for a person."""

    def prepare(self) -> None:
        """Whatever takes time, or can fail, before anything is written."""

    def items(self, table: Table) -> Iterator[Mapping[str, Any]]:
        """The items of a table, as DynamoDB writes them."""

    def tidy(self, *, keep: bool) -> None:
        """Delete what is needed no more, unless it is to be kept; tell what stays."""


@dataclass
class Kept:
    """A backup that ``taking`` made."""

    vault: Vault
    _manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """Its place and time."""
        manifest = self._known()
        return f"{self.vault.place} (stack {manifest['stack']}, taken {manifest['taken_at']})"

    def prepare(self) -> None:
        """Every file is there, and what it was. Raises ClickException."""
        for table in taking.TABLES:
            for _ in self._bodies(table):
                pass

    def items(self, table: Table) -> Iterator[Mapping[str, Any]]:
        """Line by line."""
        for body in self._bodies(table):
            for line in gzip.decompress(body).splitlines():
                yield json.loads(line)["Item"]

    def tidy(self, *, keep: bool) -> None:
        """A backup stays."""

    def _known(self) -> dict[str, Any]:
        if not self._manifest:
            manifest = self._read_manifest()
            if manifest.get("format") != taking.FORMAT:
                raise click.ClickException(
                    f"{self.vault.place} has the format {manifest.get('format')}; this release"
                    f" reads {taking.FORMAT}."
                )
            if not manifest.keys() >= {"stack", "taken_at", "tables"}:
                raise self._no_backup()
            self._manifest = manifest
        return self._manifest

    def _read_manifest(self) -> dict[str, Any]:
        try:
            manifest = json.loads(self.vault.get(taking.MANIFEST))
        except ValueError:
            manifest = None
        if isinstance(manifest, dict):
            return manifest
        raise self._no_backup()

    def _bodies(self, table: Table) -> Iterator[bytes]:
        kept = self._known()["tables"][table.value]
        if name := kept.get("file"):
            body = self.vault.get(name)
            if hashlib.sha256(body).hexdigest() != kept["sha256"]:
                raise self._spoilt(name)
            yield body
        else:
            yield from self._exported(f"tables/{table.value}", kept["export"].rpartition("/")[2])

    def _exported(self, prefix: str, export: str) -> Iterator[bytes]:
        """The files that DynamoDB's own manifest names.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
        """
        root = f"{prefix}/AWSDynamoDB/{export}"
        for line in self.vault.get(f"{root}/manifest-files.json").splitlines():
            told = json.loads(line)
            name = f"{root}/data/{told['dataFileS3Key'].rpartition('/')[2]}"
            body = self.vault.get(name)
            digest = hashlib.md5(body, usedforsecurity=False).digest()
            if base64.b64encode(digest).decode() != told["md5Checksum"]:
                raise self._spoilt(name)
            yield body

    def _no_backup(self) -> click.ClickException:
        return click.ClickException(
            f"{self.vault.place} is no whole backup: {taking.MANIFEST} is cut off, or not ours."
        )

    def _spoilt(self, name: str) -> click.ClickException:
        return click.ClickException(
            f"{self.vault.place}/{name} is not what was written; nothing was restored."
        )


@dataclass
class Then:
    """The tables as they were at a moment (None: the latest that there is), of this or a region.

    ``origin`` is DynamoDB's client of the region that they are in. Interrupted, it goes on with the
    copies of that moment that there are. What it has not begun it does not delete: somebody may
    have kept it.
    """

    stack: Stack
    tables: tuple[Table, ...]
    moment: datetime | None
    region: str
    origin: Any
    wait: Wait
    _begun: list[Table] = field(default_factory=list)
    _met: list[Table] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Which moment."""
        then = (
            f"as they were at {self.moment:{console.SECOND}} UTC"
            if self.moment
            else "as late as can be"
        )
        where = f" in {self.region}" if self.region else ""
        return f"the tables of {self.stack.name}{where} {then}"

    def prepare(self) -> None:
        """Have the copies made, all at once, and wait for them; hours, for large tables.

        Raises ClickException as ``check`` does.
        """
        missing = self.check()
        for table in self.tables:
            if table not in missing:
                console.warn(f"Going on with {self.copy(table)}, which is there already.")
                self._met.append(table)
        for table in missing:
            self._begin(table)
        for table in self.tables:
            while (self._described(table) or {}).get("TableStatus") != "ACTIVE":
                self.wait(POLL_SECONDS)

    def check(self) -> tuple[Table, ...]:
        """The tables that have no copy yet.

        Raises ClickException where a table of that name is no copy of that moment, or where
        DynamoDB can make none.
        """
        there = {table: found for table in self.tables if (found := self._described(table))}
        for table, found in there.items():
            self._check_copy(table, found)
        missing = tuple(table for table in self.tables if table not in there)
        told = {table: self._refusal(self.window(table)) for table in missing}
        if refused := [f"{self.stack.table(one.value)} {why}" for one, why in told.items() if why]:
            raise click.ClickException(f"Nothing was restored: {'; '.join(refused)}.")
        return missing

    def window(self, table: Table) -> dict[str, Any]:
        """What ``taking.recovery`` says of a table."""
        return taking.recovery(self.origin, self.stack.table(table.value))

    def _refusal(self, window: Mapping[str, Any]) -> str:
        """Why a copy of that moment cannot be made; empty where it can."""
        earliest, latest = window["earliest"], window["latest"]
        if not (window["enabled"] and earliest and latest):
            return "has no point-in-time recovery"
        if self.moment is None or earliest <= self.moment <= latest:
            return ""
        return (
            f"can be restored as of {earliest:{console.SECOND}} to {latest:{console.SECOND}} UTC,"
            f" not {self.moment:{console.SECOND}}"
        )

    def items(self, table: Table) -> Iterator[Mapping[str, Any]]:
        """The items of a copy."""
        return taking.scan(self.stack, self.copy(table))

    def tidy(self, *, keep: bool) -> None:
        """Delete the copies that this run began: they have what alerts said, and cost."""
        for table in () if keep else self._begun:
            self.stack.client("dynamodb").delete_table(TableName=self.copy(table))
        for table in (*self._met, *(self._begun if keep else ())):
            name = self.copy(table)
            deleted = aws(self.stack, f"dynamodb delete-table --table-name {name}")
            console.warn(f"{name} stays, and costs. Needed no more: {deleted}")

    def copy(self, table: Table) -> str:
        """The name of a copy."""
        return f"{self.stack.table(table.value)}{RESTORED}"

    def _begin(self, table: Table) -> None:
        name = self.stack.table(table.value)
        source = {"SourceTableName": name}
        if self.region:
            # Asked in the region of the copy, which names its source by ARN.
            account = self.stack.client("sts").get_caller_identity()
            partition = account["Arn"].split(":")[1]
            arn = f"arn:{partition}:dynamodb:{self.region}:{account['Account']}:table/{name}"
            source = {"SourceTableArn": arn}
        then = (
            {"RestoreDateTime": self.moment} if self.moment else {"UseLatestRestorableTime": True}
        )
        self.stack.client("dynamodb").restore_table_to_point_in_time(
            TargetTableName=self.copy(table), **source, **then
        )
        self._begun.append(table)

    def _described(self, table: Table) -> dict[str, Any] | None:
        try:
            answer = self.stack.client("dynamodb").describe_table(TableName=self.copy(table))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return None
        return dict(answer["Table"])

    def _check_copy(self, table: Table, there: Mapping[str, Any]) -> None:
        """A copy of an earlier run is gone on with where it is of this table and of that moment."""
        name, source = self.copy(table), there.get("RestoreSummary", {})
        if not self._is_source(table, there, source.get("SourceTableArn", "")):
            raise click.ClickException(
                f"There is a table {name} that is no copy of {self.stack.table(table.value)}:"
                " nothing was restored. Export or rename what is in it, and delete it."
            )
        of = to_utc(source["RestoreDateTime"])
        if of != self.moment:
            raise click.ClickException(
                f"There is {name} already, of {of.isoformat()}: give that time with --at, or"
                " delete the table."
            )

    def _is_source(self, table: Table, there: Mapping[str, Any], source: str) -> bool:
        """Whether a copy was made of our table, in the region that is meant."""
        parts = there["TableArn"].split(":")
        parts[3] = self.region or parts[3]
        return source == ":".join([*parts[:5], f"table/{self.stack.table(table.value)}"])

"""Where a backup lies, as files with names: a directory of this machine, or a prefix of a bucket.

``taking`` writes it, ``reading`` reads it. Nothing is ever written over.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import click
from botocore.exceptions import ClientError

from responder_cli.aws import Stack

#: A backup has what alerts said, which may be personal data: nobody but the operator reads it.
FILE_MODE, DIRECTORY_MODE = 0o600, 0o700
SCHEME = "s3://"
_ABSENT = frozenset({"NoSuchKey", "404"})


class Vault(Protocol):
    """Named bytes, and the place that a person knows them by."""

    @property
    def place(self) -> str:
        """What ``restore`` is told."""

    def put(self, name: str, body: bytes) -> None:
        """Keep a file."""

    def get(self, name: str) -> bytes:
        """A file. Raises ClickException, naming it, where it is not there."""


@dataclass(frozen=True)
class Folder:
    """A directory, made when the first file is put there."""

    root: Path

    @property
    def place(self) -> str:
        """Its path."""
        return str(self.root)

    def put(self, name: str, body: bytes) -> None:
        """Keep a file. Raises ClickException where there is one of that name, or no room."""
        path = self._inside(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error

    def get(self, name: str) -> bytes:
        """A file. Raises ClickException."""
        path = self._inside(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error

    def _inside(self, name: str) -> Path:
        """Where a file is; names are keys of objects, and some look like a way out of here."""
        given = PurePosixPath(name)
        if given.is_absolute() or ".." in given.parts:
            raise click.ClickException(f"{name!r} would lie elsewhere than under {self.place}")
        return self.root / given


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket; S3 refuses to write when the bucket is not ``owner``'s.

    Names are taken first come, first served: a stranger may own the name that we ask for.
    """

    client: Any
    name: str
    prefix: str
    owner: str = ""

    @property
    def place(self) -> str:
        """Its address."""
        return f"{SCHEME}{self.name}/{self.prefix}"

    def put(self, name: str, body: bytes) -> None:
        """Keep an object."""
        self.client.put_object(
            Bucket=self.name,
            ExpectedBucketOwner=self.owner,
            Key=f"{self.prefix}/{name}",
            Body=body,
        )

    def get(self, name: str) -> bytes:
        """An object. Raises ClickException where there is none."""
        try:
            answer = self.client.get_object(Bucket=self.name, Key=f"{self.prefix}/{name}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            raise click.ClickException(f"{self.place}/{name} is not there") from error
        return bytes(answer["Body"].read())


def known(stack: Stack, place: str) -> Vault:
    """The vault of a place as ``place`` gives it."""
    if not place.startswith(SCHEME):
        return Folder(Path(place))
    name, _, prefix = place.removeprefix(SCHEME).partition("/")
    return Bucket(stack.client("s3"), name, prefix.strip("/"))

"""``ports.Shelf`` on an S3 bucket: its Markdown files, each fetched once per change."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Reason, Retryable
from responder.ports import RunbookFile, Shelved

SUFFIX = ".md"
#: What is read: some hundred pages. An alert finds its passages among them within some ms, and a
#: change is indexed within half a second.
MAX_FILES = 200
MAX_FILE_BYTES = 100_000
MAX_BYTES = 500_000
#: One page of a listing:
#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
MAX_OBJECTS = 1_000
#: Files fetched at once; the client has ten connections.
_AT_ONCE = 8
#: Seconds for all of them together: an analysis waits for it.
LOAD_SECONDS = 4.0


class S3(Protocol):
    """What is used of S3's client."""

    def list_objects_v2(self, *, Bucket: str, MaxKeys: int) -> Any:  # noqa: ANN401
        """The bucket's objects."""

    def get_object(self, *, Bucket: str, Key: str, IfMatch: str) -> Any:  # noqa: ANN401
        """One object, as long as it is that version."""


class Listed(NamedTuple):
    """A file as the listing names it."""

    name: str
    etag: str
    size: int
    changed_at: datetime


class S3Shelf:
    """The Markdown files of one bucket."""

    def __init__(self, connect: Callable[[], S3], bucket: str) -> None:
        """``connect`` is called at the first reading: no start of a function waits for a client."""
        self._connect = connect
        self._bucket = bucket
        self._client: S3 | None = None
        self._texts: dict[tuple[str, str], str] = {}

    def read(self) -> Shelved:
        """All files within the limits. Raises Retryable when S3 does not answer in full."""
        try:
            if self._client is None:
                self._client = self._connect()
            answer = self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=MAX_OBJECTS)
            taken, left_out = chosen(listed(answer.get("Contents", [])))
            if answer.get("IsTruncated"):
                left_out.append(f"what follows the first {MAX_OBJECTS} objects")
            self._fetch(self._client, taken)
        except (ClientError, BotoCoreError) as error:
            raise _trouble(error) from error
        files = [
            RunbookFile(one.name, self._texts[one.name, one.etag], one.changed_at) for one in taken
        ]
        return Shelved(files, left_out)

    def _fetch(self, client: S3, taken: Iterable[Listed]) -> None:
        """Fetch what is new. What came before a failure is kept for the next time."""
        wanted = {(one.name, one.etag) for one in taken}
        self._texts = {known: text for known, text in self._texts.items() if known in wanted}
        missing = sorted(wanted - self._texts.keys())
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            fetched = [pool.submit(self._get, client, *one) for one in missing]
            done, late = wait(fetched, LOAD_SECONDS)
            for one in done:
                one.result()
            if late:
                raise Retryable(Reason.TIMEOUT, f"S3: {len(late)} runbooks not fetched in time")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _get(self, client: S3, name: str, etag: str) -> None:
        body = client.get_object(Bucket=self._bucket, Key=name, IfMatch=etag)["Body"]
        self._texts[name, etag] = body.read().decode(errors="replace")


def listed(contents: Iterable[Any]) -> list[Listed]:
    """The Markdown files of a listing, in the order of their names."""
    found = [
        Listed(one["Key"], one["ETag"], one["Size"], one["LastModified"])
        for one in contents
        if one["Key"].lower().endswith(SUFFIX)
    ]
    return sorted(found)


def chosen(files: Iterable[Listed]) -> tuple[list[Listed], list[str]]:
    """The files within the limits, and the names of the others."""
    taken: list[Listed] = []
    left_out: list[str] = []
    room = MAX_BYTES
    for one in files:
        if len(taken) == MAX_FILES or one.size > min(MAX_FILE_BYTES, room):
            left_out.append(one.name)
            continue
        taken.append(one)
        room -= one.size
    return taken, left_out


def _trouble(error: ClientError | BotoCoreError) -> Retryable:
    said = error.response["Error"]["Code"] if isinstance(error, ClientError) else repr(error)
    return Retryable(Reason.UNAVAILABLE, f"S3: {said}")

"""The shelf of runbooks on moto's S3: what is fetched, what is left out, and what fails how."""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from moto_aws import moto_aws
from responder.adapters import runbooks
from responder.adapters.runbooks import S3Shelf
from responder.errors import Reason, Retryable

BUCKET = "it-runbooks"


class Counting:
    """The client, counting what is fetched; ``error`` is raised for the keys in ``fails``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.fetched: list[str] = []
        self.fails: set[str] = set()
        self.error: Exception = EndpointConnectionError(endpoint_url="it")
        self.lists = True

    def list_objects_v2(self, **asked: Any) -> Any:
        if not self.lists:
            raise self.error
        return self._client.list_objects_v2(**asked)

    def get_object(self, **asked: Any) -> Any:
        if asked["Key"] in self.fails:
            raise self.error
        self.fetched.append(asked["Key"])
        return self._client.get_object(**asked)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_aws(monkeypatch):
        made = boto3.client("s3")
        made.create_bucket(Bucket=BUCKET)
        yield made


@pytest.fixture
def counting(client: Any) -> Counting:
    return Counting(client)


@pytest.fixture
def shelf(counting: Counting) -> S3Shelf:
    return S3Shelf(lambda: counting, BUCKET)


def put(client: Any, *names: str, text: str | bytes = "# A\ntext") -> None:
    for name in names:
        client.put_object(Bucket=BUCKET, Key=name, Body=text)


def names(shelf: S3Shelf) -> list[str]:
    return [file.name for file in shelf.read().files]


def test_all_markdown_files_are_read_in_the_order_of_their_names(
    client: Any, shelf: S3Shelf
) -> None:
    put(client, "team/b.md", text="# B\nüber")
    put(client, "a.MD", text=b"\xff broken")
    put(client, "picture.png", "notes.md.bak")
    files, left_out = shelf.read()
    assert [(file.name, file.text) for file in files] == [
        ("a.MD", "\ufffd broken"),
        ("team/b.md", "# B\nüber"),
    ]
    assert all(file.changed_at.tzinfo for file in files)
    assert left_out == []


def test_an_empty_bucket_is_no_trouble(shelf: S3Shelf) -> None:
    assert shelf.read() == ([], [])


def test_only_what_has_changed_is_fetched_again(
    client: Any, shelf: S3Shelf, counting: Counting
) -> None:
    put(client, "a.md", "b.md")
    shelf.read()
    put(client, "b.md", text="# B\nnew")
    put(client, "c.md")
    client.delete_object(Bucket=BUCKET, Key="a.md")
    counting.fetched.clear()
    assert [file.text for file in shelf.read().files] == ["# B\nnew", "# A\ntext"]
    assert sorted(counting.fetched) == ["b.md", "c.md"]


def test_a_bucket_is_not_opened_before_somebody_reads(client: Any) -> None:
    def refuse() -> Any:
        raise AssertionError("opened")

    S3Shelf(refuse, BUCKET)


@pytest.mark.parametrize(
    ("limit", "value", "read"),
    [("MAX_FILES", 2, ["a.md", "b.md"]), ("MAX_FILE_BYTES", 10, ["a.md", "c.md"]),
     ("MAX_BYTES", 12, ["a.md", "c.md"])],
)  # fmt: skip
def test_what_is_beyond_a_limit_is_named(
    client: Any, shelf: S3Shelf, monkeypatch: pytest.MonkeyPatch, limit: str, value: int,
    read: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(runbooks, limit, value)
    put(client, "a.md", "c.md", text="12345")
    put(client, "b.md", text="x" * 11)
    files, left_out = shelf.read()
    assert [file.name for file in files] == read
    assert sorted([*read, *left_out]) == ["a.md", "b.md", "c.md"]


def test_more_objects_than_one_listing_shows_are_said_to_be_there(
    client: Any, shelf: S3Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbooks, "MAX_OBJECTS", 2)
    put(client, "a.md", "b.md", "c.md")
    files, left_out = shelf.read()
    assert len(files) == 2
    assert left_out == ["what follows the first 2 objects"]


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="it"),
        EndpointConnectionError(endpoint_url="it"),
        ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2"),
    ],
)
@pytest.mark.parametrize("lists", [True, False])
def test_what_fails_may_be_tried_again_and_what_came_before_is_kept(
    client: Any, shelf: S3Shelf, counting: Counting, error: Exception, lists: bool
) -> None:
    put(client, "a.md", "b.md")
    counting.error, counting.fails, counting.lists = error, {"b.md"}, lists
    with pytest.raises(Retryable) as raised:
        shelf.read()
    assert raised.value.reason is Reason.UNAVAILABLE
    counting.fails, counting.lists = set(), True
    assert names(shelf) == ["a.md", "b.md"]
    assert sorted(counting.fetched) == ["a.md", "b.md"]


def test_a_bucket_that_is_not_there_may_come(counting: Counting) -> None:
    with pytest.raises(Retryable, match="NoSuchBucket"):
        S3Shelf(lambda: counting, "it-another").read()


def test_a_file_that_changes_between_list_and_fetch_is_read_the_next_time(
    client: Any, counting: Counting, shelf: S3Shelf
) -> None:
    put(client, "a.md", text="old")
    listing = client.list_objects_v2(Bucket=BUCKET)
    put(client, "a.md", text="new")
    counting.list_objects_v2 = lambda **_: listing  # type: ignore[method-assign]
    with pytest.raises(Retryable, match="PreconditionFailed"):
        shelf.read()


def test_slow_files_keep_nobody_longer_than_the_limit(
    client: Any, counting: Counting, shelf: S3Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(client, "a.md")
    monkeypatch.setattr(runbooks, "LOAD_SECONDS", 0.01)
    released = threading.Event()

    def slow(**asked: Any) -> Any:
        released.wait(30)
        return client.get_object(**asked)

    counting.get_object = slow  # type: ignore[method-assign]
    try:
        with pytest.raises(Retryable, match="1 runbooks not fetched in time"):
            shelf.read()
    finally:
        released.set()

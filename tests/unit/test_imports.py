"""What the start of each function may import: the hot path pays only for what it uses."""

from typing import NamedTuple

import pytest
from bench import imports


class Most(NamedTuple):
    """What a start may bring in; a few in a hundred above what it does."""

    modules: int
    source_bytes: int
    folders: int


# A bare boto3 client brings 331 modules of 5.4 MB, and lists 941 folders. What is added on purpose
# raises these; `make bench` shows what it costs.
MOST = {
    "reception": Most(450, 7_000_000, 75),
    "analysis": Most(550, 7_550_000, 85),
    "distribution": Most(530, 8_150_000, 85),
    "hook": Most(345, 5_600_000, 50),
    "heartbeat": Most(450, 7_000_000, 75),
}


@pytest.mark.parametrize("function", imports.FUNCTIONS)
def test_a_start_brings_in_no_more_than_it_did(function: str) -> None:
    start, most = imports.function(function), MOST[function]
    assert len(start.modules) <= most.modules
    assert start.code_bytes <= most.source_bytes
    assert start.folders <= most.folders


def test_what_is_counted_is_seen() -> None:
    """The bare client lists the folders of all services; anthropic has thousands of files."""
    assert imports.unit().folders > max(most.folders for most in MOST.values())
    start, most = imports.function("analysis", also="anthropic"), MOST["analysis"]
    assert len(start.modules) > most.modules
    assert start.code_bytes > most.source_bytes


@pytest.mark.parametrize(
    ("function", "watched"),
    [
        ("reception", ()),
        # Claude's SDK is imported when a call is due, never at the start.
        ("analysis", ()),
        # That slack_sdk is seen here shows that the probe would see it elsewhere.
        ("distribution", ("slack_sdk",)),
        ("hook", ()),
        ("heartbeat", ()),
    ],
)
def test_a_function_starts_with_no_more_sdks_than_it_needs(
    function: str, watched: tuple[str, ...]
) -> None:
    start = imports.function(function)
    assert "app" in start.modules
    assert start.watched == watched


def test_the_probe_sees_anthropic() -> None:
    assert imports.function("analysis", also="anthropic").watched == ("anthropic",)


def test_reception_starts_without_incidents_analyses_and_the_readers_of_tools() -> None:
    modules = imports.function("reception").modules
    assert "responder.intake.reception" in modules
    needless = ("responder.incident", "responder.analysis", "responder.intake.tools")
    assert not [name for name in modules if name.startswith(needless)]


@pytest.mark.parametrize("function", ["reception", "analysis", "distribution", "heartbeat"])
def test_a_start_takes_botocore_without_boto3(function: str) -> None:
    modules = imports.function(function).modules
    assert "botocore.client" in modules
    assert not [name for name in modules if name.startswith(("boto3", "s3transfer"))]

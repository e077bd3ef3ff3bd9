"""What the start of each function may import: the hot path pays only for what it uses."""

import pytest
from bench import imports


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
    needless = ("responder.incident", "responder.analysis.verdict", "responder.intake.tools")
    assert not [name for name in modules if name.startswith(needless)]

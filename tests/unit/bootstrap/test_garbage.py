"""What a function's start made is not looked through for garbage: it is there to stay."""

import pytest
from bench import imports

LOOK = "import gc; assert gc.get_freeze_count() > 10_000"


@pytest.mark.parametrize("function", ["reception", "analysis", "distribution"])
def test_the_collector_leaves_alone_what_the_start_made(function: str) -> None:
    imports.function(function, then=LOOK)

"""Times as operators write them."""

from datetime import timedelta

import pytest

from responder.clock import span_of


@pytest.mark.parametrize(
    ("written", "lasts"),
    [
        ("30m", timedelta(minutes=30)),
        ("1d12h30m", timedelta(days=1, hours=12, minutes=30)),
        ("999999d", timedelta(days=999_999)),
        ("1000000d", timedelta(0)),
        ("30m1d", timedelta(0)),
        ("30", timedelta(0)),
        ("", timedelta(0)),
    ],
)
def test_a_written_time_is_as_long_as_it_says_and_what_is_none_is_nothing(
    written: str, lasts: timedelta
) -> None:
    assert span_of(written) == lasts

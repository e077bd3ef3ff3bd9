"""Logs are billed by the byte, and most alerts are repeats of what is known."""

import pytest
from bench.load.handlers import repeat_log

#: Of all three functions together, metrics included.
MOST_BYTES = 2_048


@pytest.fixture(scope="module")
def written() -> dict[str, float]:
    return repeat_log()


@pytest.mark.parametrize("how", ["alone", "in a batch of ten"])
def test_a_repeat_writes_no_more_than_two_kilobytes(written: dict[str, float], how: str) -> None:
    assert 0 < written[how] <= MOST_BYTES


def test_a_batch_writes_its_metrics_once(written: dict[str, float]) -> None:
    assert written["in a batch of ten"] < 0.75 * written["alone"]

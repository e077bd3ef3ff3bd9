"""The protocols hold under the faults of seeded schedules, and planted bugs are found.

``make e2e`` runs ten thousand, and three hundred over the real adapters.
"""

import pytest

from faults.plants import PLANTS, planted
from faults.run import failures

SEEDS = 500
CHUNK = 50
#: The rarest of them is found by one seed in a hundred.
PLANT_SEEDS = 1000


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_is_lost_or_doubled_whatever_fails(first: int) -> None:
    for seed in range(first, first + CHUNK):
        wrong, campaign = failures(seed)
        assert not wrong, "\n".join([f"seed {seed}", *wrong, *campaign.world.history])


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_bug_is_found(name: str) -> None:
    with planted(name):
        found = next((seed for seed in range(PLANT_SEEDS) if failures(seed)[0]), None)
    assert found is not None, f"{name} was not found in {PLANT_SEEDS} seeds"

"""The real adapters hold under the faults of a few seeded schedules; their planted bugs are found.

``python -m bench.faults --on moto`` runs many more.
"""

import pytest

from faults.plants import WIRE_PLANTS, planted
from faults.run import failures
from faults.wire import on_moto

SEEDS = 6
#: Both are found by one seed in ten, or more.
PLANT_SEEDS = 60


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_or_doubled_with_the_real_adapters(seed: int) -> None:
    wrong, campaign = failures(seed, on_moto)
    assert not wrong, "\n".join([f"seed {seed}", *wrong, *campaign.world.history])


@pytest.mark.parametrize("name", sorted(WIRE_PLANTS))
def test_a_bug_that_is_planted_in_an_adapter_is_found(name: str) -> None:
    with planted(name):
        found = next((seed for seed in range(PLANT_SEEDS) if failures(seed, on_moto)[0]), None)
    assert found is not None, f"{name} was not found in {PLANT_SEEDS} seeds"


def test_a_seed_replays_exactly() -> None:
    first, second = (failures(2, on_moto)[1].world.history for _ in range(2))
    assert first == second
    assert first

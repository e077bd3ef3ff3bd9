"""The real adapters hold under the faults of a few seeded schedules; their planted bugs are found.

``python -m bench.faults --on moto`` runs many more.
"""

import pytest

from faults.plants import planted
from faults.run import failures
from faults.wire import on_moto

SEEDS = 4
#: Where to begin to look, as a seed takes seconds here. The other plant of the wire takes more
#: seeds than there is time for: the command looks for it.
FROM = {"keep_an_id_under_the_key": 3}
PLANT_SEEDS = 10


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_or_doubled_with_the_real_adapters(seed: int) -> None:
    wrong, campaign = failures(seed, on_moto)
    assert not wrong, "\n".join([f"seed {seed}", *wrong, *campaign.world.history])
    assert campaign.store.alive()


@pytest.mark.parametrize("name", sorted(FROM))
def test_a_bug_that_is_planted_in_an_adapter_is_found(name: str) -> None:
    seeds = range(FROM[name], FROM[name] + PLANT_SEEDS)
    with planted(name):
        found = next((seed for seed in seeds if failures(seed, on_moto)[0]), None)
    assert found is not None, f"{name} was not found in {seeds}"


def test_a_seed_replays_exactly() -> None:
    first, second = (failures(0, on_moto)[1].world.history for _ in range(2))
    assert first == second
    assert first

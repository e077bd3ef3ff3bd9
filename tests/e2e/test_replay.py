"""10,000 alerts of 200 problems, 20 workers, the local Claude, the emulator's DynamoDB.

Figures are printed. ``tests/integration/test_replay.py`` is the same in memory, and smaller.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from bare_emulator import emulated
from e2e.replay import Replay, Size
from e2e.replay_services import Moody, Noon
from e2e.tables import connect, create_tables
from responder.adapters.dynamodb import DynamoStore
from responder.analysis.budget import Limits
from responder.ports import Write
from serving import serving

pytestmark = pytest.mark.e2e_long

SEED = 5
SIZE = Size(alerts=10_000, problems=200)


class WatchedTables(DynamoStore):
    """The real store; each write that stands tells ``watch``."""

    watch: Callable[[Sequence[Write]], None]

    def write(self, writes: Sequence[Write]) -> None:
        super().write(writes)
        self.watch(writes)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A DynamoDB client of an emulator that nothing is deployed on."""
    with emulated(tmp_path_factory) as emulator:
        yield connect(emulator)


def test_ten_thousand_alerts_cost_one_analysis_for_each_problem_and_tier(client: Any) -> None:
    claude = Moody(SEED)
    store = WatchedTables(client, create_tables(client), Noon()().timestamp)
    with serving(claude) as server:
        replay = Replay(store, server.url, SIZE, Limits(daily_usd=1_000), SEED)
        replay.run()
    replay.print_figures()

    replay.check_one_analysis_each()
    replay.check_the_books(claude.fates)
    assert claude.most_under_way == 1
    assert sum(one.count for one in replay.incidents()) == SIZE.alerts

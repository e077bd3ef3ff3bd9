"""What a campaign runs over: in memory here, by the real adapters in ``wire``."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from faults.claude import MemoryClaude
from faults.pipeline import LaneQueues
from faults.queues import MemoryQueues
from faults.slack import MemorySlack
from faults.store import MemoryStore
from faults.world import World
from responder.ports import Store


@dataclass(frozen=True)
class Services:
    """What the reckoning looks at; and the two ports of AWS as the functions have them."""

    store: MemoryStore
    queues: MemoryQueues
    slack: MemorySlack
    claude: MemoryClaude
    lane_store: Store
    lane_queues: LaneQueues


@contextmanager
def in_memory(world: World) -> Iterator[Services]:
    """Every service in memory."""
    store, queues = MemoryStore(world), MemoryQueues(world)
    slack, claude = MemorySlack(world), MemoryClaude(world, store)
    yield Services(store, queues, slack, claude, store, queues)

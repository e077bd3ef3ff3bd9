"""What the pipeline tells of itself: operators' sinks in memory, and telemetry that counts."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from faults.failing import throttled, unanswered
from faults.world import World
from responder.ports import OperatorNotice


class MemorySink:
    """A way to operators; remembers which incidents it was told of."""

    def __init__(self, world: World) -> None:
        """Nothing told."""
        self._world = world
        self.told: set[str] = set()
        self.ids: Counter[str] = Counter()

    def tell(self, notice: OperatorNotice) -> bool:
        """As ``ports.Sink``."""

        def act() -> None:
            document = notice.document
            self.ids[document["id"]] += 1
            self.told |= {document["incident"]["id"], *document["others"]["ids"]}

        self._world.effect("tell", act, refused=throttled, unanswered=unanswered, takes=1)
        return True


class Counting:
    """Telemetry that counts."""

    def __init__(self) -> None:
        """Nothing counted."""
        self.counts: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.warnings: dict[str, list[Mapping[str, object]]] = defaultdict(list)

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """As ``ports.Telemetry``."""
        self.counts[metric + (f":{reason}" if reason else "")] += 1

    def seconds(self, metric: str, value: float) -> None:
        """As ``ports.Telemetry``."""

    def info(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
        self.lines[message] += 1

    def warning(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
        self.lines[message] += 1
        self.warnings[message].append(fields)

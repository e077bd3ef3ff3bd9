"""What CloudWatch does by the clock, which the emulator does only on calls."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ministack.core.responses import _request_account_id, _request_region

#: AWS works by the minute; a person at a local stack should not wait for one.
PERIOD_SECONDS = 5.0

_log = logging.getLogger(__name__)


def start(tasks: Sequence[Callable[[], None]]) -> None:
    """Run ``tasks`` again and again, in a thread that ends with the process."""

    def loop() -> None:
        pause = threading.Event()
        while not pause.wait(PERIOD_SECONDS):
            for task in tasks:
                try:
                    task()
                except Exception:
                    _log.exception("background task %s", task.__name__)

    threading.Thread(target=loop, daemon=True, name="patches").start()


def scoped(store: Any) -> Iterator[tuple[str, Any]]:
    """Every entry of an emulator's store, with its account and region made the current ones."""
    for (account, region, name), value in list(store._data.items()):
        _request_account_id.set(account)
        _request_region.set(region)
        yield name, value

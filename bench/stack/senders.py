"""Who sends: as fast as the front door lets so many clients, or steadily whatever it answers."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.stack import CLIENTS
from e2e.pipeline import Pipeline, by_clients, wait_until

#: A slow answer holds up nobody: there is always a sender that is free.
SENDERS = 64
PATIENCE_SECONDS = 300


def throughput(pipeline: Pipeline, bodies: Sequence[bytes]) -> float:
    """Alerts a second, from the first request until the last card is posted."""
    posted = _cards(pipeline)
    begun = time.monotonic()
    answers = by_clients(CLIENTS, pipeline.post, bodies)
    refused = [answer for answer in answers if answer.status != 202]
    if refused:
        raise RuntimeError(f"{len(refused)} refused, such as {refused[0]}")
    wait_until(
        lambda: _cards(pipeline) - posted, lambda more: more >= len(bodies), PATIENCE_SECONDS
    )
    return len(bodies) / (time.monotonic() - begun)


def steadily(
    pipeline: Pipeline, rate: float, bodies: Sequence[Callable[[], bytes]]
) -> dict[str, float]:
    """When each alert was accepted, by its id; sent at times that were fixed beforehand."""
    begun = time.monotonic()

    def send(number: int) -> tuple[str, float]:
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        return pipeline.accept(bodies[number]()), time.time()

    with ThreadPoolExecutor(SENDERS) as pool:
        return dict(pool.map(send, range(len(bodies))))


def delays(pipeline: Pipeline, accepted: dict[str, float]) -> list[float]:
    """Seconds from each acceptance to the card, shortest first; every card must come."""
    pipeline.shown(list(accepted), PATIENCE_SECONDS)
    alerts, messages = pipeline.alerts(), pipeline.messages()
    return sorted(
        messages[alerts[alert_id].incident_id][0]["posted_at"] - at
        for alert_id, at in accepted.items()
    )


def _cards(pipeline: Pipeline) -> int:
    found: int = pipeline.slack()["calls"].get("chat.postMessage", 0)
    return found

"""The sample payloads of ``events/`` as the demo sends them: now, in a place of its own."""

import hashlib
from datetime import datetime

from responder_cli.inject import samples

NEVER = samples.NEVER


def read(sample: str, run: str, now: datetime) -> bytes:
    """The file ``sample`` of ``events/`` with its times moved to ``now`` and its place to ``run``.

    A fingerprint stays equal within a run, and differs between runs.
    """

    def own(value: str) -> str:
        return hashlib.sha256(f"{run}/{value}".encode()).hexdigest()[: len(value)]

    def here(_value: str) -> str:
        return run

    return samples.read(sample, now, {"fingerprint": own, "cluster": here, "environment": here})

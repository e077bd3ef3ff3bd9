"""What is replayed: a generated stream of Alertmanager's messages, and one that is written here.

The generated one is labelled data that may not be here (``SIGNATURE_DATA``). Both come at the rate
of a million alerts a month.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from bench.signatures import DATA

MONTH = timedelta(days=30)
A_MONTH = 1_000_000
_TIME = re.compile(r'"(startsAt|endsAt)": ?"(2[^"]*)"')


@dataclass(frozen=True)
class Message:
    """A request ``after`` the beginning, with so many alerts; ``texts`` of those that fire."""

    after: timedelta
    body: str
    alerts: int
    texts: tuple[str, ...]


def stream(alerts: int, start: datetime) -> list[Message]:
    """The beginning of the labelled stream; empty where it is not here."""
    path = DATA / "stream_0.jsonl.gz"
    return _paced(list(_read(path, alerts)), start) if path.exists() else []


def _read(path: Path, alerts: int) -> Iterator[tuple[datetime, dict[str, Any]]]:
    taken = 0
    with gzip.open(path, "rt") as lines:
        for line in lines:
            one = json.loads(line)
            yield datetime.fromisoformat(one["ts"]), one["webhook"]
            taken += len(one["webhook"]["alerts"])
            if taken >= alerts:
                return


def written(alerts: int, start: datetime) -> list[Message]:
    """A mix of our own: few problems make most alerts, on many hosts, with values, and they end."""
    rng = random.Random(1)  # noqa: S311 - the same mix each time
    names = ("DiskFull", "HighLatency", "ErrorRate", "CrashLooping", "QueueBacklog", "CertExpiry")
    services = [f"{word}-service" for word in _WORDS]
    problems = [(name, service) for service in services for name in names]
    rng.shuffle(problems)
    weights = [1 / (rank + 1) for rank in range(len(problems))]
    at, taken = datetime(2026, 1, 1, tzinfo=UTC), 0
    firing: set[tuple[str, str]] = set()
    messages = []
    while taken < alerts:
        at += timedelta(seconds=rng.expovariate(1 / 60))
        ((name, service),) = rng.choices(problems, weights)
        ends = (name, service) in firing and rng.random() < 0.3
        (firing.discard if ends else firing.add)((name, service))
        hosts = rng.sample(range(40), rng.choices((1, 2, 5, 12), (80, 10, 7, 3))[0])
        webhook = _webhook(name, service, hosts, at, ends=ends, rng=rng)
        messages.append((at, webhook))
        taken += len(hosts)
    return _paced(messages, start)


_WORDS = (
    "billing", "checkout", "search", "login", "catalog", "shipping", "pricing", "stock", "mail",
    "media", "profile", "review", "basket", "report", "invoice", "gateway", "session", "ledger",
    "archive", "metrics",
)  # fmt: skip


def _webhook(
    name: str, service: str, hosts: Sequence[int], at: datetime, *, ends: bool, rng: random.Random
) -> dict[str, Any]:
    status = "resolved" if ends else "firing"
    began = (at - timedelta(minutes=3 if ends else 0)).isoformat()
    group = {"alertname": name, "service": service, "environment": "prod"}
    alerts = [
        {
            "status": status,
            "labels": {**group, "severity": "warning", "instance": f"{service}-{host}:9100"},
            "annotations": {
                "summary": f"{name} of {service}",
                "description": f"{name} on {service}-{host}: value {rng.uniform(80, 99):.2f}",
            },
            "startsAt": began,
            "endsAt": at.isoformat() if ends else "0001-01-01T00:00:00Z",
            "fingerprint": f"{crc32(f'{name} {service} {host}'.encode()):016x}",
        }
        for host in hosts
    ]
    return {"version": "4", "groupKey": name, "status": status, "receiver": "r",
            "groupLabels": group, "commonLabels": group, "commonAnnotations": {},
            "externalURL": "http://alertmanager.example.net", "alerts": alerts}  # fmt: skip


def _paced(messages: list[tuple[datetime, dict[str, Any]]], start: datetime) -> list[Message]:
    """At the rate of a million a month, the alerts' own times as well."""
    first, last = messages[0][0], messages[-1][0]
    alerts = sum(len(webhook["alerts"]) for _, webhook in messages)
    pace = MONTH * (alerts / A_MONTH) / (last - first)

    def moved(found: re.Match[str]) -> str:
        at = start + (datetime.fromisoformat(found[2]) - first) * pace
        return f'"{found[1]}": "{at.isoformat()}"'

    return [
        Message(
            after=(at - first) * pace,
            body=_TIME.sub(moved, json.dumps(webhook)),
            alerts=len(webhook["alerts"]),
            texts=tuple(
                " ".join(one["annotations"].values())
                for one in webhook["alerts"]
                if one["status"] == "firing"
            ),
        )
        for at, webhook in messages
    ]

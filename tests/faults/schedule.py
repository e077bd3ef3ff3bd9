"""The alerts of one seed: what arrives, when, and as which problem."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from faults.world import START
from responder.alert import Alert, Severity, Status
from responder.protocols.episode import Arrival
from responder.signature import Signature


@dataclass(frozen=True)
class Sent:
    """An accepted alert and when it was accepted."""

    alert: Alert
    at: datetime


SEVERITIES = (Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.CRITICAL)


def schedule(rng: random.Random, start: datetime = START) -> list[Sent]:
    """A few problems with a few fingerprints that fire, repeat, resolve, move and arrive twice."""
    sent: list[Sent] = []
    for problem in range(rng.randint(1, 3)):
        for host in range(rng.randint(1, 3)):
            sent += _life(rng, problem, f"host{host}", start)
    for again in rng.sample(sent, rng.randint(0, min(3, len(sent)))):
        sent.append(Sent(again.alert, again.at + timedelta(seconds=rng.uniform(0, 90))))
    return sorted(sent, key=lambda one: one.at)


def _life(rng: random.Random, problem: int, host: str, start: datetime) -> list[Sent]:
    """One fingerprint's notifications: in event order, but they arrive in any."""
    sent = []
    moment = start + timedelta(seconds=rng.uniform(0, 60))
    severity = rng.choice(SEVERITIES)
    # Draws of its own: the schedules in which planted bugs were found stay as they are.
    changing = random.Random(f"{problem} {host} {moment}")
    signature = f"v1:p{problem}"
    # Scopes share a signature: the second one waits for the analysis that the first one asked for.
    scope = rng.choice(["a", "a", "b"])
    for _ in range(rng.randint(1, 4)):
        firing = rng.random() < 0.65
        if rng.random() < 0.1:
            signature = f"v1:p{problem}x"
        arrives = moment + timedelta(seconds=rng.choice([0, 0, 0, 5, 40]))
        # Alerts of one fingerprint may so wait in two queues.
        if changing.random() < 0.2:
            severity = changing.choice(SEVERITIES)
        # A resolve's text often gives another signature; it must go by its fingerprint.
        text = signature if firing else f"{signature}-ok"
        alert = _alert(f"p{problem}/{host}", firing, moment, arrives, severity, f"{text}|{scope}")
        sent.append(Sent(alert, arrives))
        moment += timedelta(seconds=rng.choice([1, 10, 60, 120, 240]))
    return sent


def _alert(
    fingerprint: str, firing: bool, at: datetime, arrives: datetime, severity: Severity, title: str
) -> Alert:
    status = Status.FIRING if firing else Status.RESOLVED
    return Alert(
        alert_id=f"{fingerprint}/{status}/{(at - START).total_seconds():.3f}",
        source="tool",
        fingerprint=fingerprint,
        title=title,
        severity=severity,
        status=status,
        event_at=at,
        received_at=arrives,
    )


def arrive(alert: Alert, trace: str) -> Arrival:
    """Identities read off the title, so that the harness tests protocols and not signatures."""
    signature, _, scope = alert.title.partition("|")
    signed = Signature(signature, str)
    return Arrival(alert, signed, f"{signature}.{scope}", signature, trace)

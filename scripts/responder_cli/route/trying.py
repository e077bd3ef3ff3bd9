"""What a file of routes does: to alerts, to incidents of a stack, and to the file's own tests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from responder.alert import Severity, Status
from responder.errors import Reason
from responder.incident import Destination, Incident
from responder.intake import parse
from responder.intake.errors import BadRequest
from responder.policy.matching import facts
from responder.policy.route import route
from responder.policy.routes import Expectation, Routes, routed
from responder.policy.window import quiet
from responder.protocols.identities import arrive
from responder_cli import console, incidents
from responder_cli.aws import Stack
from responder_cli.explain import CACHE_SHARING, CHANNELS, incident_of
from responder_cli.inject import samples

#: What a route without a channel leaves to the stack's parameters.
CONFIGURED = f"{CHANNELS.default}; CRITICAL: {CHANNELS.critical}"


@dataclass(frozen=True)
class Way:
    """Where one incident goes, and why; ``held`` says why it gets no card there, if so."""

    of: str
    title: str
    severity: str
    route: str
    why: str
    channel: str
    mentions: tuple[str, ...]
    held: bool
    held_for: str

    @property
    def place(self) -> str:
        """Its channel, and what keeps it from there."""
        return f"{self.channel}, held ({self.held_for})" if self.held else self.channel

    @property
    def words(self) -> str:
        """What people would notice of it."""
        return " ".join((self.place, *self.mentions))


@dataclass(frozen=True)
class Outcome:
    """What one of the file's own tests expected, and what came."""

    test: int
    facts: dict[str, str]
    passed: bool
    expected: str
    came: str
    why: str


def way(name: str, incident: Incident, routes: Routes, now: datetime) -> Way:
    """Where an incident would go if it opened now."""
    sent = routed(incident, None, routes)
    destination = sent.route or Destination()
    held_for = _held_for(destination, incident.severity, now)
    return Way(
        of=name,
        title=incident.title,
        severity=incident.severity.value,
        route=destination.route,
        why=_why(routes, facts(incident)),
        channel=route(sent, CHANNELS).channel,
        mentions=destination.mentions,
        held=bool(held_for),
        held_for=held_for,
    )


def sampled(routes: Routes) -> Iterator[tuple[str, Incident]]:
    """The incidents that the samples of ``events/`` open; what opens none is left out."""
    for name, file in samples.files().items():
        try:
            yield from _opened(name, file, routes)
        except BadRequest:
            continue


def from_files(files: Iterable[Path], routes: Routes) -> Iterator[tuple[str, Incident]]:
    """The incidents that an operator's files open. Raises ClickException for a refused one."""
    for file in files:
        try:
            yield from _opened(str(file), file, routes)
        except BadRequest as error:
            raise click.ClickException(f"{file}: {console.safe(str(error))}") from error


def stored(stack: Stack) -> Iterator[tuple[str, Incident]]:
    """The open incidents of a stack."""
    return ((one.incident_id, one) for one in incidents.opened(stack))


def run_tests(routes: Routes) -> list[Outcome]:
    """Every test of the file, in its order."""
    return [_outcome(number, one, routes) for number, one in enumerate(routes.tests, 1)]


def _outcome(number: int, expectation: Expectation, routes: Routes) -> Outcome:
    _, severity = routes.rating(expectation.facts) or ("", expectation.severity)
    seen = expectation.facts | {"severity": severity.value}
    found = routes.destination(seen)
    wanted = expectation.rated or expectation.severity
    held = bool(_held_for(found, severity, expectation.at))
    expected = f"{wanted} to {_words(expectation.channel, wanted, held=expectation.held)}"
    came = f"{severity} to {_words(found.channel, severity, held=held)}"
    return Outcome(
        test=number,
        facts=expectation.facts,
        passed=expected == came,
        expected=expected,
        came=came,
        why=_why(routes, seen),
    )


def _held_for(destination: Destination, severity: Severity, now: datetime | None) -> str:
    """Why it gets no card at that moment, or at any where none is said; empty where it does."""
    hold = quiet(destination, severity, now) if now else None
    if hold is not None:
        return hold.reason
    return Reason.BELOW_MINIMUM.value if destination.holds(severity) else ""


def _words(channel: str, severity: Severity, *, held: bool) -> str:
    configured = CHANNELS.critical if severity is Severity.CRITICAL else CHANNELS.default
    return f"{channel or configured}{', held' if held else ''}"


def _why(routes: Routes, seen: dict[str, str]) -> str:
    found = routes.find(seen)
    if found is None:
        return "no route matches"
    name, taken = found
    return f"{name}: {' '.join(taken.match) or 'matches everything'}"


def _opened(name: str, file: Path, routes: Routes) -> Iterator[tuple[str, Incident]]:
    for alert in parse(file.read_bytes(), {}, None):
        if alert.status is Status.FIRING:
            yield name, incident_of(arrive(routes.rated(alert), "", CACHE_SHARING))

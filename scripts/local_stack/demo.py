"""``make demo``: sample alerts in, Slack cards out, checked; ends by itself.

Uses the stack of a running ``make local``, or one of its own on unused ports. Exit status 0 says
that every card arrived as it should.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.console import Console

from local_stack import __main__ as local
from local_stack import demo_samples, demo_view, environment, layout, ports
from local_stack.children import ChildError
from local_stack.stack import Stack, running
from responder.delivery import words
from responder.incident import Incident, IncidentState
from responder_cli.aws import Stack as Deployed
from responder_cli.inject.follow import Way, look

#: One cold start of each function, with room for a busy machine.
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2
#: Of a pipe or a log, which has none of its own.
PIPE_WIDTH = 100


@dataclass(frozen=True)
class Step:
    """One alert of the story: what it shows, and how long it took to be accepted and shown."""

    title: str
    way: Way
    accepted_seconds: float
    shown_seconds: float | None


@dataclass(frozen=True)
class Shown:
    """An incident as the tables have it, and its card as the local Slack has it.

    ``is_current`` says that the card shows all of the incident.
    """

    incident: Incident
    message: dict[str, Any]
    is_current: bool

    def says(self, text: str) -> bool:
        """Whether a person reads ``text`` on the card."""
        return text in demo_view.plain_text(self.message)


def main() -> None:
    """Tell the story; the exit status says whether it went as told."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    started = time.monotonic()
    local.stop_on_signals()
    try:
        with _stack(partial(demo_view.progress, console, started)) as stack:
            good = Story(stack, console).tell()
            kept = not stack.processes
    except (ChildError, ports.PortError, DemoError) as error:
        demo_view.trouble(console, str(error))
        sys.exit(1)
    except local.Stop:
        demo_view.trouble(console, "Stopped.")
        sys.exit(1)
    if not kept:
        demo_view.keep(console)
    sys.exit(0 if good else 1)


class DemoError(Exception):
    """Something did not arrive; the message says what, and where to look."""


class Story:
    """One run of the demo against one stack."""

    def __init__(self, stack: Stack, console: Console) -> None:
        """Each run has a cluster of its own, so that a second run opens new incidents."""
        self._stack = stack
        self._deployed = Deployed(layout.STACK_NAME, stack.client)
        self._console = console
        self._run = datetime.now(UTC).strftime("demo-%H%M%S")

    def tell(self) -> bool:
        """Send, wait, show and check."""
        demo_view.page(self._console, self._stack.slack_url)
        fires = self._step("Checkout fires", "alertmanager/firing", _on_a_card)
        again = self._step("The same alert again", "alertmanager/firing_again_later", None)
        other = self._step("A nightly backup fails", "generic/firing", _on_a_card)
        ends = self._step("Checkout is resolved", "alertmanager/resolved", _resolved)
        cards = [self._shown(fires.way), self._shown(other.way)]
        demo_view.cards(self._console, [card.message for card in cards if card])
        steps = [self._timed(step) for step in (fires, again, other, ends)]
        demo_view.ways(self._console, steps, has_cold_starts=bool(self._stack.processes))
        incidents = [card.incident for card in cards if card]
        demo_view.costs(self._console, incidents, is_stand_in=bool(self._stack.claude_url))
        return demo_view.verdict(self._console, _expectations(*cards))

    def _step(self, title: str, sample: str, arrived: Callable[[Shown], bool] | None) -> Step:
        body = demo_samples.read(sample, self._run, datetime.now(UTC))
        begun = time.monotonic()
        answer = self._stack.send(body)
        accepted = time.monotonic() - begun
        if answer.status != 202:
            raise DemoError(f"{title}: refused with {answer.status}: {answer.text}")
        alert_id = answer.alert_ids[0]
        waited = self._until(alert_id, arrived) if arrived else None
        step = Step(title, look(self._deployed, alert_id), accepted, waited)
        demo_view.step(self._console, title, accepted, waited)
        return step

    def _until(self, alert_id: str, arrived: Callable[[Shown], bool]) -> float:
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE_SECONDS:
            shown = self._shown(look(self._deployed, alert_id))
            if shown and arrived(shown):
                return time.monotonic() - begun
            self._stack.check()
            time.sleep(POLL_SECONDS)
        raise DemoError(
            f"Alert {alert_id} did not reach Slack within {PATIENCE_SECONDS:.0f} s; "
            f"see {layout.LOCAL.name}/log and: scripts/responder health"
        )

    def _shown(self, way: Way) -> Shown | None:
        """The card of an alert's incident, None while there is none."""
        item = self._deployed.item("incidents", "id", f"incident#{way.incident_id}")
        card = self._deployed.item("incidents", "id", f"card#{way.incident_id}") or {}
        found = [m for m in self._stack.slack_messages() if way.card_ts and m["ts"] == way.card_ts]
        if not item or not found:
            return None
        incident = Incident.model_validate(item)
        return Shown(incident, found[0], int(card.get("shown") or 0) >= incident.revision)

    def _timed(self, step: Step) -> Step:
        """The step with the way as it is known at the end, analysis included."""
        return replace(step, way=look(self._deployed, step.way.alert_id))


def _on_a_card(shown: Shown) -> bool:
    awaited = shown.incident.analysis.is_fallback and not shown.incident.analysis.fallback_reason
    return not awaited and shown.is_current


def _resolved(shown: Shown) -> bool:
    return shown.incident.state is IncidentState.RESOLVED and shown.says("RESOLVED")


def _expectations(repeated: Shown | None, other: Shown | None) -> list[tuple[str, bool]]:
    if repeated is None or other is None:
        return [("both cards are still there", False)]
    return [
        ("one card counts both firings of checkout", repeated.incident.count == 2),
        ("and says so", repeated.says(words.times(repeated.incident))),
        ("the same card says that it is resolved", _resolved(repeated)),
        ("the other tool's problem has a card of its own", _other(repeated, other)),
        ("each card carries an analysis", _on_a_card(repeated) and _on_a_card(other)),
    ]


def _other(repeated: Shown, other: Shown) -> bool:
    return other.message["ts"] != repeated.message["ts"] and other.incident.count == 1


@contextmanager
def _stack(say: Callable[[str], None]) -> Iterator[Stack]:
    """The stack of ``make local`` where its cards can be read, else one of our own."""
    running_stack = environment.find(layout.LOCAL)
    if running_stack and running_stack.slack_url:
        say("Using the stack of make local")
        yield running_stack
        return
    given = {name: value for name, value in os.environ.items() if not name.startswith("SLACK_")}
    options = replace(
        local.chosen(given), directory=layout.LOCAL / "demo", ports=ports.Ports.unused(), say=say
    )
    with running(options) as stack:
        say("The stack runs")
        yield stack


if __name__ == "__main__":
    main()

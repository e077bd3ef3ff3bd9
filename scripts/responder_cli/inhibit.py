"""``responder inhibit show|check|test|apply|use``: causes that mute their symptoms, by rules."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from responder.alert import Severity
from responder.incident import Incident
from responder.policy.inhibition import Causes, Inhibitions
from responder.protocols import inhibiting
from responder.protocols.versions import INHIBITIONS
from responder_cli import console, documents, incidents
from responder_cli.aws import Stack
from responder_cli.documents import FILE, OBEYED
from responder_cli.options import (
    asks_where_it_acts,
    examples,
    json_anyway,
    json_option,
    on_stack,
    yes_option,
)

_EXAMPLE = """\b
A file of rules, with tests of its own:
  {"rules": [
    {"name": "node", "why": "the node explains its pods",
     "source": ["rule=NodeDown"],
     "target": ["rule=~Pod.*", "severity!=HIGH"],
     "equal": ["cluster", "label.node"]}],
   "tests": [
    {"cause": {"rule": "NodeDown", "label.node": "n1"},
     "symptom": {"rule": "PodDown", "label.node": "n1"}, "muted_by": "node"},
    {"cause": {"rule": "NodeDown", "label.node": "n1"},
     "symptom": {"rule": "PodDown", "label.node": "n2"}, "muted_by": ""}]}

Matchers and fields are those of responder silence add; a field that is absent is empty.
"""


@dataclass(frozen=True)
class Outcome:
    """What one of the file's own tests expected, and what came: the name of a rule, or nothing."""

    test: int
    passed: bool
    expected: str
    came: str


@dataclass(frozen=True)
class Muted:
    """One open incident that another one would mute."""

    incident_id: str
    title: str
    severity: str
    rule: str
    cause: str


@click.group(epilog=_EXAMPLE)
def inhibit() -> None:
    """Let an open cause mute its symptoms, by rules; the words are Alertmanager's.

    While an incident that a rule's source matches is open, those that its target matches get no
    card, where all fields of equal have the same values. What still fires when the cause is over
    appears within a minute. CRITICAL is never muted, and no incident by a younger one: what has a
    card already keeps it, so that no circle of rules mutes everything.
    """


@inhibit.command(epilog=examples("responder inhibit show", "responder inhibit show 2"))
@click.argument("version", required=False, type=click.IntRange(1))
@json_anyway
@on_stack
def show(stack: Stack, version: int | None) -> None:
    """Print the active rules, or those of an older version, as the JSON that `apply` takes."""
    console.as_json(documents.content(documents.load(stack, INHIBITIONS, version)))


@inhibit.command(
    epilog=examples("responder inhibit test rules.json", "responder inhibit test rules.json --json")
)
@click.argument("file", type=FILE)
@json_option
def test(file: Path, as_json: bool) -> None:
    """Run the tests in a file of rules; no stack is asked."""
    outcomes = _outcomes(documents.read(file, Inhibitions))
    if as_json:
        console.as_json([asdict(one) for one in outcomes])
    else:
        _tell(outcomes)
    if not all(one.passed for one in outcomes):
        click.get_current_context().exit(1)


@inhibit.command(
    epilog=examples(
        "responder inhibit check rules.json", "responder inhibit check rules.json --json"
    )
)
@click.argument("file", type=FILE)
@json_option
@on_stack
def check(stack: Stack, file: Path, as_json: bool) -> None:
    """Say what is wrong with a file of rules, or what it would mute of what is open now."""
    rules = documents.read(file, Inhibitions)
    opened = list(incidents.opened(stack))
    muted = _muted(rules, opened)
    outcomes = _outcomes(rules)
    if as_json:
        console.as_json([asdict(one) for one in muted])
    else:
        _tell(outcomes)
        _list(muted, len(opened))
    if failed := sum(not one.passed for one in outcomes):
        raise click.ClickException(f"{failed} of the file's own {len(outcomes)} tests failed")


@inhibit.command(
    epilog=examples("responder inhibit apply rules.json --stack mcp-incident-responder-prod")
)
@click.argument("file", type=FILE)
@yes_option
@on_stack
def apply(stack: Stack, file: Path, yes: bool) -> None:
    """Test a file of rules, show what it would mute, ask, and make it the next active version.

    What has a card keeps it. What is open already is a cause from its next alert on.
    """
    rules = documents.read(file, Inhibitions)
    outcomes = _outcomes(rules)
    _tell(outcomes)
    if not all(one.passed for one in outcomes):
        raise click.ClickException("Not applied: a test of the file fails.")
    active = documents.load(stack, INHIBITIONS, None)
    opened = list(incidents.opened(stack))
    _list(_muted(rules, opened), len(opened))
    if not yes:
        console.ask(f"Make these {len(rules.rules)} rules active on {stack.name}?")
    saved = documents.save(stack, INHIBITIONS, rules, active.number)
    console.say(f"Version {saved.number} is active; {OBEYED}.")


@inhibit.command(epilog=examples("responder inhibit use 2", "responder inhibit use 0"))
@click.argument("version", type=click.IntRange(0))
@on_stack
@asks_where_it_acts
def use(stack: Stack, version: int) -> None:
    """Go back to an older version of the rules; 0 is none at all."""
    documents.use(stack, INHIBITIONS, version)
    console.say(f"Version {version} is active; {OBEYED}.")


def _outcomes(rules: Inhibitions) -> list[Outcome]:
    came = [rules.between(one.cause, one.symptom) for one in rules.tests]
    return [
        Outcome(number, found == one.muted_by, one.muted_by, found)
        for number, (one, found) in enumerate(zip(rules.tests, came, strict=True), 1)
    ]


def _muted(rules: Inhibitions, opened: Sequence[Incident]) -> list[Muted]:
    lists: dict[str, Causes] = {}
    for incident in opened:
        for name, cause in inhibiting.causes_of(rules, incident).items():
            lists[name] = lists.get(name, Causes()).joined(cause)
    found = []
    for incident in opened:
        holds = (
            suspect.hold(lists.get(suspect.name, Causes()), incident)
            for suspect in rules.as_target(incident)
            if incident.severity is not Severity.CRITICAL
        )
        if hold := next(filter(None, holds), None):
            severity = incident.severity.value
            found.append(
                Muted(incident.incident_id, incident.title, severity, hold.silence_id, hold.subject)
            )
    return found


def _tell(outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        if not one.passed:
            expected, came = one.expected or "no rule", one.came or "no rule"
            console.say(f"Test {one.test} failed: {expected} should mute, {came} does")
    passed = sum(one.passed for one in outcomes)
    console.say(f"{passed} of {len(outcomes)} tests of the file pass.")


def _list(muted: Sequence[Muted], opened: int) -> None:
    console.say(f"Of {opened} open incidents these rules would mute {len(muted)}.")
    if muted:
        console.grid(
            ("severity", "title", "by rule", "while this is open"),
            [(one.severity, one.title, one.rule, one.cause) for one in muted],
        )

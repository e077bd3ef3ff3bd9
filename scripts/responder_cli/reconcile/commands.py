"""``responder reconcile``: prove that every accepted alert is somewhere, and once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.mending import command
from responder_cli.options import duration, examples, json_option, moment, on_stack
from responder_cli.reconcile.facts import Period
from responder_cli.reconcile.looking import Proof, prove
from responder_cli.reconcile.verdict import Kind, Problem, Where

EXIT_UNPROVED = 1
#: Problems that are told one by one; --json has all.
MOST_TOLD = 50
#: Where to look first; all other problems are of an incident.
_LOOK = {Kind.LOST: "logs", Kind.UNCOUNTED: "alerts show"}


@click.command(
    epilog=examples(
        "responder reconcile",
        "responder reconcile --since 24h",
        "responder reconcile --since 30m --wait 5m",
        "responder reconcile --since 2026-11-20T02:00 --until 2026-11-20T04:00 --json",
    )
)
@click.option("--since", "start", type=moment, default="1h", show_default=True,
              help="Accepted from then on: so long ago, or a date and time in UTC.")  # fmt: skip
@click.option("--until", "end", type=moment, help="Until when, likewise; else until now.")
@click.option("--wait", "patience", type=duration,
              help="Look again until nothing waits in a queue, for so long at most.")  # fmt: skip
@click.option("--slack-url", envvar="SLACK_URL", default="",
              help="The local Slack, to look at the cards themselves. Also SLACK_URL.")  # fmt: skip
@json_option
@on_stack
def reconcile(
    stack: Stack,
    start: datetime,
    end: datetime | None,
    patience: timedelta | None,
    slack_url: str,
    as_json: bool,
) -> None:
    """Prove that every accepted alert is shown, held, waiting or a dead letter, and once.

    What was accepted is known from reception's log and from the table's index by time; nothing is
    scanned. Counters of incidents are added up from the alerts, and cards compared with them. Dead
    letters are looked into, which hides them for some seconds. On AWS, Slack is not asked: what
    it shows is known from the tables.

    Exits 1 where an alert is nowhere or counted twice, where that cannot be seen (reception's log
    keeps 30 days, and must name what is recorded), or where something still waits after --wait.
    """
    until = end or utc_now()
    if start >= until:
        raise click.UsageError("--since must be before --until.")
    proof = prove(stack, Period(start, until, {}), slack_url, patience or timedelta(0))
    if as_json:
        console.as_json(document(stack, proof, start, until))
    else:
        _show(stack, proof, start, until)
    waits = patience is not None and not proof.drained
    if waits and not as_json:
        console.warn("Queues have not drained: some of it still waits.")
    if waits or not proof.proved:
        click.get_current_context().exit(EXIT_UNPROVED)


def document(stack: Stack, proof: Proof, start: datetime, end: datetime) -> dict[str, Any]:
    """The proof for a machine."""
    report, facts = proof.report, proof.facts
    return {
        "since": start,
        "until": end,
        "proved": proof.proved,
        "blind": report.blind,
        "alerts": len(report.places),
        **{where.value: report.number(where) for where in Where},
        "held_for": report.held,
        "incidents": report.incidents,
        "incidents_begun_before": report.older,
        "accepted_by_log": len(facts.accepted),
        "slack_read": facts.slack is not None,
        "problems": [
            {"kind": one.kind.value, "id": one.id, "what": one.what, "do": _do(stack, one)}
            for one in report.problems
        ],
    }


def _show(stack: Stack, proof: Proof, start: datetime, end: datetime) -> None:
    report = proof.report
    console.say(
        f"{len(report.places)} alerts accepted from {start:{console.MINUTE}} to "
        f"{end:{console.MINUTE}} UTC, in {report.incidents} incidents:"
    )
    console.fields((where.value, _amount(proof, where)) for where in Where)
    console.say(f"Compared: {', '.join(_compared(proof))}.")
    if report.problems:
        told = report.problems[:MOST_TOLD]
        rows = [(one.kind.value, one.id, one.what, _do(stack, one)) for one in told]
        console.grid(("problem", "alert or incident", "what", "look"), rows, copied=True)
    if len(report.problems) > MOST_TOLD:
        console.warn(f"{len(report.problems) - MOST_TOLD} more: --json")
    for said in report.blind:
        console.warn(said)
    if proof.proved and not report.places:
        console.say("Nothing was accepted in this time, as far as log and tables know.")
    elif proof.proved:
        console.say("Proved: none is lost, none counted twice.", style=console.STYLES["ok"])


def _amount(proof: Proof, where: Where) -> str:
    number = str(proof.report.number(where))
    if where is not Where.HELD or not proof.report.held:
        return number
    reasons = sorted(proof.report.held.items(), key=lambda one: -one[1])
    return f"{number} ({', '.join(f'{reason} {count}' for reason, count in reasons)})"


def _compared(proof: Proof) -> Iterator[str]:
    yield f"reception's log ({len(proof.facts.accepted)} accepted), tables, queues, dead letters"
    if proof.report.older:
        yield f"{proof.report.older} incidents that began earlier only as far as they were read"
    if proof.facts.slack is None:
        yield "cards by the tables, as Slack was not read"
    else:
        yield f"the local Slack ({len(proof.facts.slack)} cards)"


def _do(stack: Stack, problem: Problem) -> str:
    return command(stack, f"{_LOOK.get(problem.kind, 'incidents show')} {problem.id}")

"""``responder dlq reprocess``: the plan, the question, and what came of it.

The work is in ``plan`` and ``sending``.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import click
from rich.progress import Progress

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.dlq import sending
from responder_cli.dlq.letters import Selection
from responder_cli.dlq.looking import HOLD_SECONDS
from responder_cli.dlq.options import selecting
from responder_cli.dlq.places import ALL, Way, chosen, depth
from responder_cli.dlq.plan import Step, plan
from responder_cli.options import examples, json_option, on_stack, yes_option

EXIT_FAILED = 1


@click.command(
    epilog=examples(
        "responder dlq reprocess --dry-run",
        "responder dlq reprocess --queue all --yes",
        "responder dlq reprocess --queue all --reason not_in_channel",
        "responder dlq reprocess --queue distribution --reason too_old --rate 5",
        "responder dlq reprocess --queue all --since 2026-11-21T14:00",
    )
)
@selecting
@click.option("--rate", type=click.IntRange(1, sending.FASTEST_MOVE), default=50, show_default=True,
              help="Messages a second, at most.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be done, and end.")
@yes_option
@json_option
@on_stack
def reprocess(
    stack: Stack,
    queue: str,
    selection: Selection,
    rate: int,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send dead letters back to where they came from; shows the plan first and asks.

    Cards lie in two queues: CRITICAL ones in critical, the others in distribution. What lies in
    queues that were not named is told at the end.

    Nothing is deleted before its copy is safely in the target. An interrupted run is simply
    started again: what was sent twice is recognised by the pipeline and shown once.
    """
    steps = plan(stack, chosen(queue, stack.outputs), selection)
    if not as_json:
        _show_plan(steps)
    due = [step for step in steps if not step.empty]
    if dry_run or not due:
        if as_json:
            console.as_json([_step_json(step) for step in steps])
        _tell_of_others(stack, steps)
        return
    if not yes:
        console.ask(f"Send them back on {stack.name}?")
    outcomes = [_carry_out(stack, step, selection, rate) for step in due]
    if as_json:
        console.as_json([_outcome_json(outcome) for outcome in outcomes])
    else:
        _show_outcomes(outcomes)
    _tell_of_others(stack, steps)
    if not all(outcome.good for outcome in outcomes):
        click.get_current_context().exit(EXIT_FAILED)


def _show_plan(steps: list[Step]) -> None:
    console.grid(
        ("queue", "depth", "selected", "what would happen"),
        [
            (
                step.place.name,
                str(step.depth),
                "all" if step.matching is None else str(step.matching),
                "nothing to do" if step.empty else step.sentence,
            )
            for step in steps
        ],
    )


def _tell_of_others(stack: Stack, steps: Iterable[Step]) -> None:
    """Whoever mended a cause forgets the queue that nobody named, and CRITICAL has its own."""
    named = {step.place for step in steps}
    for place in chosen(ALL, stack.outputs):
        if place not in named and (left := depth(stack, stack.output(place.output)).total):
            console.warn(f"{place.name} still holds {left}: --queue {place.name}, or --queue all")


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "queue": step.place.name,
        "depth": step.depth,
        "selected": step.depth if step.matching is None else step.matching,
        "way": step.way.value,
    }


def _carry_out(stack: Stack, step: Step, selection: Selection, rate: int) -> sending.Outcome:
    with Progress(**console.progress_place()) as bar:
        task = bar.add_task(step.place.name, total=step.matching or step.depth)
        advance: Callable[[int], None] = lambda done: bar.update(task, completed=done)  # noqa: E731
        conduct = sending.Conduct(rate, time.sleep, utc_now, advance)
        if step.way is Way.MOVE:
            return sending.move(stack, step, conduct)
        return sending.send_back(stack, step, selection, conduct)


def _outcome_json(outcome: sending.Outcome) -> dict[str, Any]:
    return {
        "queue": outcome.place.name,
        "sent": outcome.sent,
        "sent_but_kept": outcome.sent_but_kept,
        "missing": outcome.missing,
        "failures": outcome.failures,
    }


def _show_outcomes(outcomes: list[sending.Outcome]) -> None:
    for outcome in outcomes:
        console.say(f"{outcome.place.name}: {outcome.sent} sent back")
        if outcome.sent_but_kept:
            console.warn(
                f"{outcome.sent_but_kept} of them could not be deleted here; sent again, they"
                " change nothing"
            )
        if outcome.missing:
            console.warn(
                f"{outcome.missing} of the plan were not handed out by SQS, or are held by somebody"
                f" else, who may be a run that was killed: start again in {HOLD_SECONDS} s"
            )
        for failure in outcome.failures:
            console.warn(f"left where it is: {failure}")

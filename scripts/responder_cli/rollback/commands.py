"""``responder rollback``."""

from collections.abc import Sequence

import click
from botocore.exceptions import BotoCoreError, ClientError

from responder.clock import utc_now
from responder_cli import console, problems
from responder_cli.aws import LIVE, Stack, words
from responder_cli.mending import command, doctor
from responder_cli.options import examples, json_option, on_stack, yes_option
from responder_cli.rollback import canaries, versions
from responder_cli.rollback.canaries import Canary
from responder_cli.rollback.versions import Function, Move

OLDER = (
    "Deploy the older commit instead: git checkout COMMIT && "
    "scripts/responder deploy --environment ENVIRONMENT"
)


@click.command(
    epilog=examples(
        "responder rollback --dry-run",
        "responder rollback --stack mcp-incident-responder-staging",
        "responder rollback --undo",
    )
)
@click.option("--dry-run", is_flag=True, help="Show what would be moved, and end.")
@click.option("--undo", is_flag=True, help="Forward again: each function to its newest version.")
@click.option("--untried", is_flag=True, help="Do not try the versions before they get traffic.")
@yes_option
@json_option
@on_stack
def rollback(
    stack: Stack, dry_run: bool, undo: bool, untried: bool, yes: bool, as_json: bool
) -> None:
    """Give the traffic back to what the functions were before the last deployment.

    While a canary is under way, it is stopped and CodeDeploy gives all traffic back. Otherwise the
    alias `live` of each function that the last deployment changed moves to the version before, but
    to none that a canary had to undo. It shows which, tries them with the check of new versions,
    and asks. Variables and memory go back
    with the code; queues, tables, alarms and secrets do not.
    """
    running = list(canaries.under_way(stack))
    if running:
        _stop(stack, running, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    functions = versions.read(stack, _undone(stack))
    moves = versions.forward(functions) if undo else versions.back(functions)
    if not as_json:
        _show(functions, moves)
        _tell_of_undone(functions)
    _refuse_the_impossible(moves)
    if not moves:
        raise click.ClickException("There is nothing to move.")
    if not dry_run:
        if not untried:
            _try(stack, moves)
        if not yes:
            console.ask(f"Move {len(moves)} aliases of {stack.name}?")
        for move in moves:
            versions.carry_out(stack, move)
    if as_json:
        console.as_json([_line(one, moved=not dry_run) for one in moves])
    elif not dry_run:
        look = f"{command(stack, 'health')}; {command(stack, 'tail --errors')}"
        console.say(f"Moved. Look whether it helped: {look}")
        undone = command(stack, "rollback --undo")
        console.say(f"Undo it: {undone}. The next deployment ends it, too.")


def _undone(stack: Stack) -> dict[str, set[int]]:
    try:
        return canaries.undone(stack, utc_now())
    except (BotoCoreError, ClientError) as error:
        why = words(error)
    except problems.Unreadable as error:
        why = str(error)
    console.warn(console.safe(f"Nobody can say which versions CodeDeploy has undone: {why}"))
    return {}


def _stop(
    stack: Stack, running: Sequence[Canary], *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    if not as_json:
        console.grid(("deployment", "of"), [(one.deployment, one.group) for one in running])
    if not dry_run:
        if not yes:
            console.ask(f"Stop {len(running)} canaries of {stack.name}?")
        for one in running:
            canaries.stop(stack, one)
    if as_json:
        console.as_json([{"deployment": one.deployment, "stopped": not dry_run} for one in running])
    elif not dry_run:
        console.say("Stopped: all traffic goes to the version before. CloudFormation undoes the")
        console.say(f"update by itself; wait for UPDATE_ROLLBACK_COMPLETE: {doctor(stack)}")


def _show(functions: Sequence[Function], moves: Sequence[Move]) -> None:
    to = {one.function.short: one.to for one in moves}
    console.grid(
        ("function", "live", "published (UTC)", "moves to"),
        [
            (
                one.short,
                str(one.live),
                f"{one.published_at:{console.MINUTE}}" if one.published_at else "",
                str(to[one.short] or "nothing: not kept") if one.short in to else "stays",
            )
            for one in functions
        ],
    )


def _tell_of_undone(functions: Sequence[Function]) -> None:
    """Who sees that the last deployment was undone already may want nothing moved."""
    for one in functions:
        kept = {version.number for version in one.versions}
        if newer := sorted(number for number in one.undone & kept if number > (one.before or 0)):
            numbers = ", ".join(map(str, newer))
            console.say(f"CodeDeploy has undone version {numbers} of {one.short} already.")


def _refuse_the_impossible(moves: Sequence[Move]) -> None:
    """All or none: versions of one deployment belong together."""
    lacking = [one.function.short for one in moves if one.to is None]
    if lacking:
        raise click.ClickException(f"No earlier version of {', '.join(lacking)} is kept. {OLDER}")
    split = [one.function.short for one in moves if one.function.canary is not None]
    if split:
        raise click.ClickException(
            f"The alias {LIVE} of {', '.join(split)} is split between versions, and no deployment "
            "is under way: look at CodeDeploy first."
        )


def _try(stack: Stack, moves: Sequence[Move]) -> None:
    for move in moves:
        if why := versions.refusal_of(stack, move):
            raise click.ClickException(console.safe(f"{why}. Nothing was moved."))


def _line(move: Move, *, moved: bool) -> dict[str, object]:
    return {
        "function": move.function.short,
        "from": move.function.live,
        "to": move.to,
        "moved": moved,
    }

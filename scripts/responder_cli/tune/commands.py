"""``responder tune memory FUNCTION``."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from responder_cli import console
from responder_cli.aws import LIVE, Stack
from responder_cli.options import examples, json_option, on_stack, yes_option
from responder_cli.tune.measuring import Failed, Measured, Way, measure
from responder_cli.tune.proposing import Size, judged, proposal

#: What people call them, the template's name, the parameter, and what a check of it does.
FUNCTIONS = {
    "reception": ("AlertReceptionFunction", "ReceptionMemory",
                  "puts a synthetic alert on the processing queue"),
    "analysis": ("AnalysisFunction", "AnalysisMemory", "only reads"),
    "distribution": ("DistributionFunction", "DistributionMemory",
                     "posts a line to the test channel"),
}  # fmt: skip
#: 1769 MB is one whole processor.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
USUAL_SIZES = "256,512,1024,1769"
SMALLEST, LARGEST = 128, 10_240
BAR = 30


def sizes_of(text: str) -> tuple[int, ...]:
    """A type of click: sizes in MB by comma."""
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise click.BadParameter("write it like 256,512,1024") from None
    if not all(SMALLEST <= one <= LARGEST for one in found):
        raise click.BadParameter(f"Lambda takes {SMALLEST} to {LARGEST} MB")
    return found


@click.group(epilog=examples("responder tune memory analysis --dry-run"))
def tune() -> None:
    """Measure before you change what a function is given."""


@tune.command(
    epilog=examples(
        "responder tune memory analysis --dry-run",
        "responder tune memory distribution --sizes 256,512,1024 --times 10 --json",
    )
)
@click.argument("function", type=click.Choice(list(FUNCTIONS)), metavar="FUNCTION")
@click.option("--sizes", type=sizes_of, default=USUAL_SIZES, show_default=True, help="MB.")
@click.option("--times", type=click.IntRange(1, 100), default=5, show_default=True,
              help="Warm runs at each size, beside a cold one.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be run, and end.")
@yes_option
@json_option
@on_stack
def memory(
    stack: Stack,
    function: str,
    sizes: tuple[int, ...],
    times: int,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Cost against duration of FUNCTION (reception, analysis, distribution) by its memory.

    A copy of the live version runs the check that every new version has to pass, at each size; the
    function itself is not touched. It measures starting and the round trips of the check, not
    Claude's or Slack's answers. The proposal is yours to apply, in samconfig.toml.
    """
    short, parameter, effect = FUNCTIONS[function]
    live = stack.client("lambda").get_function_configuration(
        FunctionName=stack.function(short), Qualifier=LIVE
    )
    way = Way(short, sizes, times)
    runs = len(sizes) * (times + 1)
    click.echo(
        f"{way.copy(stack)} is made, run {runs} times and deleted; each run {effect}. "
        f"{short} has {live['MemorySize']} MB.",
        err=True,
    )
    if dry_run:
        if as_json:
            console.as_json({"now": live["MemorySize"], "proposal": None, "sizes": []})
        return
    if not yes:
        console.ask(f"Measure on {stack.name}?")
    architecture = live["Architectures"][0]
    found = [judged(one, architecture) for one in _measured(stack, way, runs)]
    best = proposal(found)
    if as_json:
        line = {"now": live["MemorySize"], "proposal": best.size if best else None}
        console.as_json({**line, "sizes": [asdict(one) for one in found]})
        return
    _chart(found)
    console.say(_sentence(best, int(live["MemorySize"]), parameter))


def _measured(stack: Stack, way: Way, runs: int) -> list[Measured]:
    with console.progress("runs", runs) as advance:
        try:
            return list(measure(stack, way, advance))
        except Failed as error:
            raise click.ClickException(console.safe(str(error))) from error


def _chart(found: Sequence[Size]) -> None:
    slowest = max(one.warm for one in found)
    dearest = max(one.usd_per_million for one in found)
    console.grid(
        ("MB", "cold ms", "warm ms", "slowest ms", "used MB", "$ a million", "warm", "cost"),
        [
            (
                f"{one.size}",
                f"{one.cold:.0f}",
                f"{one.warm:.1f}",
                f"{one.slowest:.1f}",
                f"{one.used}" if one.is_roomy else f"{one.used} (too much)",
                f"{one.usd_per_million:.2f}",
                _bar(one.warm, slowest),
                _bar(one.usd_per_million, dearest),
            )
            for one in found
        ],
    )


def _bar(value: float, most: float) -> str:
    return "█" * max(1, round(BAR * value / most)) if most else ""


def _sentence(best: Size | None, now: int, parameter: str) -> str:
    if best is None:
        return "All of them are too small: try larger ones."
    if best.size == now:
        return f"Leave it at {now} MB."
    return (
        f"Proposed: {best.size} MB instead of {now}. "
        f'Put "{parameter}={best.size}" into samconfig.toml and deploy.'
    )

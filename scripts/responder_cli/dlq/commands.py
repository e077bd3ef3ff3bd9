"""``responder dlq``: options, tables and questions; the work is elsewhere."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.dlq import discarding, looking, sending
from responder_cli.dlq.discarding import Exported
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.places import ALIASES, ALL, NAMES, Place, Way, chosen, depth
from responder_cli.dlq.plan import Step, plan
from responder_cli.options import Command, examples, json_option, on_stack, yes_option

EXIT_FAILED = 1


class QueueName(click.Choice[str]):
    """A queue by its name, or by another word for it."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        """The name."""
        return super().convert(ALIASES.get(value, value), param, ctx)


@click.group()
def dlq() -> None:
    """Dead letters: what gave up, why, and sending it back or discarding it.

    Queues: processing, analysis, distribution, critical (messages that gave up on the way of an
    alert), and sns, rule, async (events that never reached reception).
    """


@dlq.command(
    "list",
    epilog=examples(
        "responder dlq list", "responder dlq list --json | jq '.[] | select(.depth > 0)'"
    ),
)
@json_option
@on_stack
def list_letters(stack: Stack, as_json: bool) -> None:
    """Depth, age and reasons of every dead-letter and failure queue."""
    surveys = [looking.survey(stack, place) for place in chosen(ALL, stack.outputs)]
    now = utc_now()
    if as_json:
        console.as_json(
            [
                {
                    "queue": survey.place.name,
                    "depth": survey.depth.total,
                    "looked_at": survey.looked_at,
                    "oldest": survey.oldest,
                    "reasons": survey.reasons,
                }
                for survey in surveys
            ]
        )
        return
    console.grid(
        ("queue", "depth", "oldest", "reasons"),
        [
            (
                survey.place.name,
                str(survey.depth.total),
                _age(survey.oldest, now),
                _reasons(survey),
            )
            for survey in surveys
        ],
    )


def _age(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "-"
    minutes, seconds = divmod(max(0, int((now - moment).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _reasons(survey: looking.Survey) -> str:
    words = ", ".join(f"{reason} {count}" for reason, count in survey.reasons.items()) or "-"
    partly = survey.looked_at and survey.looked_at < survey.depth.total
    return f"{words} (of {survey.looked_at} looked at)" if partly else words


@dlq.command(
    epilog=examples("responder dlq show", "responder dlq show --queue distribution --limit 3 --raw")
)
@click.option("--queue", type=QueueName(NAMES), default="processing", show_default=True)
@click.option("--limit", type=click.IntRange(1, looking.LOOKED_AT), default=10, show_default=True)
@click.option("--raw", is_flag=True, help="The whole body, which may hold personal data.")
@json_option
@on_stack
def show(stack: Stack, queue: str, limit: int, raw: bool, as_json: bool) -> None:
    """What lies in one queue: reason, function, trace, receives, and the body without contents.

    A card that Slack does not show is told with the words that its channel would have read.

    Looking hides the messages for some seconds and makes them visible again.
    """
    place = chosen(queue, stack.outputs)[0]
    with looking.held(stack, stack.output(place.output), limit) as letters:
        pages = [_page(letter, raw) for letter in letters]
    if as_json:
        console.as_json(pages)
        return
    if not pages:
        console.say(f"The {queue} dead-letter queue answers with no messages.")
    for page in pages:
        console.fields(row for name, value in page.items() for row in _rows(name, value))
        console.say()


def _rows(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A field, a row a line: the words of a card are several."""
    lines = console.flat("-" if value in (None, "") else value).splitlines()
    yield from zip((name, *[""] * len(lines)), lines, strict=False)


def _page(letter: Letter, raw: bool) -> dict[str, Any]:
    card = letter.attribute("card")
    return {
        "message": letter.message_id,
        "reason": letter.reason,
        "detail": letter.attribute("detail"),
        "function": letter.attribute("function"),
        "version": letter.attribute("version"),
        "trace": letter.attribute("trace"),
        "sent": letter.sent_at,
        "receives": letter.receives,
        **letter.about,
        "body": letter.content if raw else letter.redacted(),
        **({"card": card} if card else {}),
    }


def selecting(command: Command) -> Command:
    """Give a command the options that say which letters of which queue are meant."""

    @click.option("--queue", type=QueueName([*NAMES, ALL]), default="processing",
                  show_default=True)  # fmt: skip
    @click.option("--reason", "reasons", multiple=True, help="Only these reasons (repeatable).")
    @click.option("--source", "sources", multiple=True, help="Only these tools (repeatable).")
    @click.option("--signature", "signatures", multiple=True, help="Only these signatures.")
    @click.option("--id", "ids", multiple=True, help="Only these message, alert or incident ids.")
    @wraps(command)
    def wrapped(
        *args: object,
        reasons: tuple[str, ...],
        sources: tuple[str, ...],
        signatures: tuple[str, ...],
        ids: tuple[str, ...],
        **options: object,
    ) -> Any:  # noqa: ANN401 - what the command returns
        selection = Selection(reasons, sources, signatures, ids)
        return command(*args, selection=selection, **options)

    return wrapped


@dlq.command(
    epilog=examples(
        "responder dlq reprocess --dry-run",
        "responder dlq reprocess --queue all --yes",
        "responder dlq reprocess --queue all --reason not_in_channel",
        "responder dlq reprocess --queue distribution --reason too_old --rate 5",
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
        console.ask("Go on?")
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
    with Progress(console=console.progress_console(), transient=True) as bar:
        task = bar.add_task(step.place.name, total=step.matching or step.depth)
        advance: Callable[[int], None] = lambda done: bar.update(task, completed=done)  # noqa: E731
        conduct = sending.Conduct(rate, time.sleep, utc_now, advance)
        if step.way is Way.MOVE:
            return sending.move(stack, step.place, conduct)
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
                " else: start again"
            )
        for failure in outcome.failures:
            console.warn(f"left where it is: {failure}")


@dlq.command(
    epilog=examples(
        "responder dlq discard --reason unreadable",
        "responder dlq discard --queue distribution --id MESSAGE --export letters.jsonl",
        "responder dlq discard --queue all --all --yes",
    )
)
@selecting
@click.option("--all", "everything", is_flag=True, help="Every letter, where nothing selects.")
@click.option("--export", "file", type=click.Path(path_type=Path),
              help="A new file; else dead-letters-TIME.jsonl in this directory.")  # fmt: skip
@yes_option
@json_option
@on_stack
def discard(
    stack: Stack,
    queue: str,
    selection: Selection,
    everything: bool,
    file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write dead letters that nobody can use to a file, ask, and delete them.

    The file is the only copy left: one JSON document a line, with body, attributes and times.
    Nothing is deleted that is not in it; whoever says no keeps it all the same. Interrupted, start
    it again.
    """
    if selection.everything is not everything:
        raise click.UsageError("Say which letters: --reason, --source, --signature, --id or --all.")
    path = file or Path(f"dead-letters-{utc_now():%Y%m%dT%H%M%SZ}.jsonl")
    exported = _exported(stack, chosen(queue, stack.outputs), selection, path)
    if not as_json:
        _show_exported(exported)
    due = [one for one in exported if one.ids]
    if due and not yes:
        console.ask(f"They are written to {path}. Delete them from their queues?")
    for one in due:
        discarding.delete(stack, one)
    if as_json:
        console.as_json([_exported_json(one, path) for one in exported])
    else:
        _show_deleted(due, path)
    if any(one.kept for one in due):
        click.get_current_context().exit(EXIT_FAILED)


def _exported(
    stack: Stack, places: tuple[Place, ...], selection: Selection, path: Path
) -> list[Exported]:
    """What is in the file, which is there only if something is in it."""
    try:
        exported = discarding.export(stack, places, selection, path)
        if not any(one.ids for one in exported):
            path.unlink()
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}; nothing was deleted") from error
    return exported


def _show_exported(exported: list[Exported]) -> None:
    console.grid(
        ("queue", "selected", "reasons", "what would happen"),
        [
            (
                one.place.name,
                str(len(one.ids)),
                ", ".join(f"{reason} {count}" for reason, count in one.reasons.items()) or "-",
                "deleted; only the export keeps them" if one.ids else "nothing to do",
            )
            for one in exported
        ],
    )


def _exported_json(one: Exported, path: Path) -> dict[str, Any]:
    return {
        "queue": one.place.name,
        "export": str(path) if one.ids else None,
        "exported": len(one.ids),
        "deleted": one.deleted,
    }


def _show_deleted(due: list[Exported], path: Path) -> None:
    for one in due:
        console.say(f"{one.place.name}: {one.deleted} deleted, kept in {path}")
        if one.kept:
            console.warn(
                f"{one.kept} of the export were not handed out by SQS, or are held by somebody"
                " else: start again"
            )

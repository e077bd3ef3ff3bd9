"""``responder dlq``: options, tables and questions; the work is elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
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
from responder_cli.dlq.looking import HOLD_SECONDS
from responder_cli.dlq.options import selecting
from responder_cli.dlq.places import ALL, Place, Way, chosen, depth
from responder_cli.dlq.plan import Step, plan
from responder_cli.options import examples, json_option, on_stack, yes_option

EXIT_FAILED = 1
#: What letters are counted by.
COUNTED = {"reason": "reasons", "source": "sources", "signature": "signatures"}


@click.group()
def dlq() -> None:
    """Dead letters: what gave up, why, and sending it back or discarding it.

    Queues: processing, analysis, distribution, critical (messages that gave up on the way of an
    alert), and sns, rule, async (events that never reached reception).
    """


@dlq.command(
    "list",
    epilog=examples(
        "responder dlq list",
        "responder dlq list --by signature",
        "responder dlq list --json | jq '.[] | select(.depth > 0)'",
    ),
)
@click.option("--by", type=click.Choice(list(COUNTED)), default="reason", show_default=True,
              help="What to count the letters by.")  # fmt: skip
@json_option
@on_stack
def list_letters(stack: Stack, by: str, as_json: bool) -> None:
    """Depth, age and reasons of every dead-letter and failure queue.

    "tried" is how often the letter was received that was received most, its own queue included.
    """
    places = chosen(ALL, stack.outputs)
    surveys = [looking.survey(stack, place, by=by) for place in places]
    now = utc_now()
    if as_json:
        console.as_json(
            [
                {
                    "queue": survey.place.name,
                    "depth": survey.depth.total,
                    "looked_at": survey.looked_at,
                    "oldest": survey.oldest,
                    "receives": survey.receives,
                    COUNTED[by]: survey.counts,
                }
                for survey in surveys
            ]
        )
        return
    console.grid(
        ("queue", "depth", "oldest", "tried", COUNTED[by]),
        [
            (
                survey.place.name,
                str(survey.depth.total),
                _age(survey.oldest, now),
                str(survey.receives) if survey.receives else "-",
                _counts(survey),
            )
            for survey in surveys
        ],
    )


def _age(oldest: datetime | None, now: datetime) -> str:
    if oldest is None:
        return "-"
    minutes, seconds = divmod(max(0, int((now - oldest).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _counts(survey: looking.Survey) -> str:
    words = ", ".join(f"{word} {count}" for word, count in survey.counts.items()) or "-"
    partly = survey.looked_at and survey.looked_at < survey.depth.total
    return f"{words} (of {survey.looked_at} looked at)" if partly else words


@dlq.command(
    epilog=examples(
        "responder dlq show",
        "responder dlq show --queue distribution --limit 3 --raw",
        "responder dlq show --queue all --reason receives_exhausted --before 2h",
    )
)
@selecting
@click.option("--limit", type=click.IntRange(1, looking.LOOKED_AT), default=10, show_default=True,
              help="Messages shown of each queue.")  # fmt: skip
@click.option("--raw", is_flag=True, help="The whole body, which may hold personal data.")
@json_option
@on_stack
def show(
    stack: Stack, queue: str, selection: Selection, limit: int, raw: bool, as_json: bool
) -> None:
    """What lies in a queue: reason, function, trace, receives, and the body without contents.

    A card that Slack does not show is told with the words that its channel would have read.

    Looking hides the messages for some seconds and makes them visible again.
    """
    places = chosen(queue, stack.outputs)
    pages = [page for place in places for page in _pages(stack, place, selection, limit, raw)]
    if as_json:
        console.as_json(pages)
        return
    if not pages:
        meant = "such messages" if not selection.everything else "messages"
        queues = "queues answer" if queue == ALL else "queue answers"
        console.say(f"The {queue} dead-letter {queues} with no {meant}.")
    for page in pages:
        console.fields(row for name, value in page.items() for row in _rows(name, value))
        console.say()


def _pages(
    stack: Stack, place: Place, selection: Selection, limit: int, raw: bool
) -> list[dict[str, Any]]:
    """The first selected letters of a place."""
    most = limit if selection.everything else looking.LOOKED_AT
    with looking.held(stack, stack.output(place.output), most) as letters:
        meant = [letter for letter in letters if selection.takes(letter)]
        return [{"queue": place.name, **_page(letter, raw)} for letter in meant[:limit]]


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


@dlq.command(
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
                f" else, who may be a run that was killed: start again in {HOLD_SECONDS} s"
            )
        for failure in outcome.failures:
            console.warn(f"left where it is: {failure}")


@dlq.command(
    epilog=examples(
        "responder dlq export",
        "responder dlq export letters.jsonl --queue all",
        "responder dlq export --queue distribution --before 12h",
    )
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@selecting
@json_option
@on_stack
def export(
    stack: Stack, queue: str, selection: Selection, file: Path | None, as_json: bool
) -> None:
    """Write dead letters to a new FILE, whole, and leave them where they are.

    One JSON document a line, with body, attributes and times; it may hold personal data. Without a
    FILE it is dead-letters-TIME.jsonl in this directory.
    """
    path = file or _new_path()
    exported = _exported(stack, chosen(queue, stack.outputs), selection, path)
    if as_json:
        console.as_json([_exported_json(one, path) for one in exported])
        return
    console.grid(
        ("queue", "exported", "reasons"),
        [(one.place.name, str(len(one.ids)), _told(one.reasons)) for one in exported],
    )
    if any(one.ids for one in exported):
        console.say(f"Written to {path}.")


def _new_path() -> Path:
    return Path(f"dead-letters-{utc_now():%Y%m%dT%H%M%SZ}.jsonl")


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.items()) or "-"


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
        raise click.UsageError("Say which letters: by an option, or --all.")
    path = file or _new_path()
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
                _told(one.reasons),
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

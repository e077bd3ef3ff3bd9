"""``responder dlq list|show``. Sending back is in ``reprocess``, discarding in ``export``."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.dlq import export, looking, reprocess
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.options import selecting
from responder_cli.dlq.places import ALL, Place, chosen
from responder_cli.options import examples, json_option, on_stack

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
        where = "No dead-letter queue" if queue == ALL else f"The {queue} dead-letter queue"
        console.say(f"{where} answers with {meant if queue == ALL else f'no {meant}'}.")
    for page in pages:
        console.fields(row for name, value in page.items() for row in _rows(name, value))
        console.say()


def _pages(
    stack: Stack, place: Place, selection: Selection, limit: int, raw: bool
) -> list[dict[str, Any]]:
    """The first selected letters of a place."""
    most = limit if selection.everything else looking.LOOKED_AT
    with looking.held(stack, stack.output(place.output), most) as letters:
        meant = looking.meant(stack, selection, letters)
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


for _command in (reprocess.reprocess, export.export, export.discard):
    dlq.add_command(_command)

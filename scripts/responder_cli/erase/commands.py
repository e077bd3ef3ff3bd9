"""``responder erase``: what is told, asked and counted; the work is elsewhere."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from responder.card import Card
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.erase import letters, tables
from responder_cli.erase.letters import Erased
from responder_cli.erase.masking import MASK, Texts
from responder_cli.erase.tables import Hit
from responder_cli.mending import aws
from responder_cli.options import examples, json_option, on_stack, refusals_as_usage, yes_option

EXIT_FAILED = 1
LOGS = "logs filter-log-events --log-group-name GROUP --filter-pattern '\"TEXT\"'"
#: Items that are named where texts stay.
MOST_NAMED = 20
#: What no command of ours can erase, and when it is gone.
ELSEWHERE = (
    "Slack: cards and their details are edited; notices in threads, and what people wrote, are"
    " not. Slack keeps edits where the workspace's retention says so.",
    "Messages under way in the queues (seconds): run the command again when they are empty.",
    "Function logs: ids and reasons, 30 days. {logs} finds; delete-log-stream deletes.",
    "Point-in-time recovery: any second of the last 35 days. A restore from before brings it back:"
    " erase again after it.",
    "Backups and exports of dead letters: delete those from before, in buckets and directories.",
    "Runbooks in their bucket: edit and push them; S3 keeps old versions for 90 days.",
    "E-mails of notices, and what the tools themselves keep and send again.",
)


@click.command(
    epilog=examples(
        "responder erase 'Jane Doe' jane.doe@example.com --dry-run",
        "responder erase jane.doe@example.com",
    )
)
@click.argument("texts", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Show where the texts are, and end.")
@yes_option
@json_option
@on_stack
def erase(stack: Stack, texts: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool) -> None:
    """Mask a person's TEXTS in alerts, payloads, incidents, analyses and dead letters.

    Each TEXT (a name, an address) is found whatever its case, and as JSON and addresses write it;
    also in names of labels.
    It reads the tables whole. Cards are edited (a webhook cannot). Interrupted, start it again. It
    ends with what it cannot reach: Slack's threads, logs, backups.
    """
    with refusals_as_usage():
        wanted = Texts(texts)
    with console.progress("looked at") as advance:
        hits = list(tables.search(stack, wanted, advance))
        dead = dict(letters.search(stack, wanted, advance))
    if not as_json:
        _show(hits, {place.name: seen.letters for place, seen in dead.items()})
    letters_found = sum(seen.letters for seen in dead.values())
    if dry_run or not (letters_found or any(hit.masked for hit in hits)):
        done, cards = hits, []
        masked = {
            place.name: Erased(seen.letters, left=seen.letters, stays=seen.stays)
            for place, seen in dead.items()
        }
    else:
        if not yes:
            items = sum(bool(hit.masked) for hit in hits)
            where = f"{items} items and {letters_found} dead letters"
            console.ask(f"Put {MASK} in place of them in {where} of {stack.name}?")
        masked = {
            place.name: letters.erase(stack, place, wanted, seen) for place, seen in dead.items()
        }
        done = [tables.erase(stack, hit, wanted) if hit.masked else hit for hit in hits]
        found = (tables.card_of(stack, hit) for hit in done if hit.masked)
        cards = [card for card in found if card is not None]
    if as_json:
        console.as_json(_json(stack, done, dead_letters=masked, cards=cards, dry_run=dry_run))
    else:
        _tell(stack, done, cards, masked, dry_run=dry_run)
    complete = all(one.complete for one in masked.values())
    stays = any(hit.stays for hit in done) or any(one.stays for one in masked.values())
    if not dry_run and (stays or not complete):
        click.get_current_context().exit(EXIT_FAILED)


def _show(hits: Sequence[Hit], dead: dict[str, int]) -> None:
    rows = Counter(hit.key.table.value for hit in hits)
    matches = Counter[str]()
    for hit in hits:
        matches[hit.key.table.value] += hit.masked
    console.grid(
        ("where", "items", "matches"),
        [
            *((f"table {name}", str(number), str(matches[name])) for name, number in rows.items()),
            *((f"dead letters of {name}", str(number), "-") for name, number in dead.items()),
        ],
    )


def _elsewhere(stack: Stack) -> list[str]:
    return [line.format(logs=aws(stack, LOGS)) for line in ELSEWHERE]


def _tell(
    stack: Stack,
    done: Sequence[Hit],
    cards: Sequence[Card],
    dead: dict[str, Erased],
    *,
    dry_run: bool,
) -> None:
    if not dry_run:
        items = sum(bool(hit.masked) for hit in done)
        masked = sum(one.masked for one in dead.values())
        console.say(
            f"{items} items and {masked} dead letters masked; {len(cards)} cards are"
            " edited within two minutes."
        )
        _warn(dead)
    stay = [hit for hit in done if hit.stays]
    for hit in stay[:MOST_NAMED]:
        console.warn(
            f"stays in {hit.key.table.value} {hit.key.id} ({', '.join(sorted(hit.stays))}): change"
            " it by hand"
        )
    if len(stay) > MOST_NAMED:
        console.warn(f"and in {len(stay) - MOST_NAMED} items more; --json names them all")
    for name, one in dead.items():
        if one.stays:
            where = ", ".join(sorted(one.stays))
            console.warn(f"stays in dead letters of {name} ({where}): send them back, or discard")
    console.say("Not reached by this command:")
    for line in _elsewhere(stack):
        console.say(f"- {line}")


def _warn(dead: dict[str, Erased]) -> None:
    for name, one in dead.items():
        if not one.complete:
            console.warn(
                f"dead letters of {name}: {one.found} were found, {one.masked} masked, {one.left}"
                " are left; others may have them in hand: run the command again"
            )


def _json(
    stack: Stack,
    done: Sequence[Hit],
    *,
    dead_letters: dict[str, Erased],
    cards: Sequence[Card],
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "items": [
            {
                "table": hit.key.table.value,
                "id": hit.key.id,
                "matches": hit.masked,
                "stays_in": sorted(hit.stays),
            }
            for hit in done
        ],
        "dead_letters": {name: one.masked for name, one in dead_letters.items()},
        "dead_letters_left": {name: one.left for name, one in dead_letters.items()},
        "dead_letters_stay_in": {name: sorted(one.stays) for name, one in dead_letters.items()},
        "cards": [
            {"incident_id": card.incident_id, "channel": card.channel_id, "ts": card.ts}
            for card in cards
        ],
        "elsewhere": _elsewhere(stack),
    }

"""``responder inject``: a file or a sample, posted as a monitoring tool would post it."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from responder.clock import utc_now
from responder.intake import parse
from responder.intake.errors import BadRequest
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.inject import samples
from responder_cli.inject.follow import Way, look, recorded
from responder_cli.mending import command
from responder_cli.options import asks_where_it_acts, examples, json_option, on_stack
from responder_cli.webhook import Answer, post

EXIT_FAILED = 1
#: 202, or the 200 that some tools insist on (``intake.gateway``).
ACCEPTED = (200, 202)
#: What the door says to who may not come in, or comes too often.
NOT_THE_ALERTS_FAULT = (403, 429)
POLL_SECONDS = 0.25
#: Names of samples that are offered for one that there is not, and how like it they must be.
MOST_NEAR = 5
SAME_ENOUGH = 0.5


@click.command(
    epilog=examples(
        "responder inject events/generic/firing.json --wait",
        "responder inject --sample alertmanager/firing --tool alertmanager",
        "echo 'disk full on db-1' | responder inject /dev/stdin --wait --json",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                required=False)  # fmt: skip
@click.option("--sample", help="A file of events/ by its name there, without suffix; happens now.")
@click.option("--tool", help="The tool, where the payload does not tell (route /alerts/TOOL).")
@click.option("--wait", is_flag=True, help="Follow the alerts to their cards; print the times.")
@click.option("--timeout", type=click.IntRange(1, 900), default=60, show_default=True,
              help="Seconds to wait for cards.")  # fmt: skip
@json_option
@on_stack
@asks_where_it_acts
def inject(
    stack: Stack,
    file: Path | None,
    sample: str | None,
    tool: str | None,
    wait: bool,
    timeout: int,
    as_json: bool,
) -> None:
    """Send an alert through the real front door, with the stack's own API key.

    It is a real alert: its card appears where cards of its severity appear. A FILE goes as it is;
    with a time of its own it is a duplicate when it is sent again, and changes nothing.
    """
    body = _payload(file, sample)
    known = _known(stack, body, tool)
    answer = _send(stack, body, tool)
    told = _told(answer)
    if answer.status not in ACCEPTED:
        said = f"refused with {answer.status}: {console.safe(str(told))}"
        if answer.status in NOT_THE_ALERTS_FAULT or answer.status >= 500:
            raise ConnectionError(said)
        raise click.ClickException(said)
    ids = [str(alert_id) for alert_id in told.get("alert_ids", [])]
    ways = [look(stack, one) if one in known else Way(one) for one in ids]
    ways = [replace(way, duplicate=way.alert_id in known) for way in ways]
    ways = _follow(stack, ways, time.monotonic, timeout) if wait else ways
    lines = [_line(way) for way in ways]
    # A change has no way to follow: `responder changes list` shows it.
    lines += [{"change_id": str(change_id)} for change_id in told.get("change_ids", [])]
    if as_json:
        console.as_json(lines)
    else:
        for line in lines:
            console.fields((name, str(value)) for name, value in line.items())
    if not _judged(stack, ways, timeout if wait else None):
        click.get_current_context().exit(EXIT_FAILED)


def _judged(stack: Stack, ways: list[Way], waited: int | None) -> bool:
    """Say what did not go as it should; whether who waited got what was waited for."""
    for way in ways:
        if way.duplicate:
            console.warn(f"{way.alert_id}: duplicate of an alert accepted at {way.accepted_at}")
    if waited is None:
        return True
    look = f"{command(stack, 'health')}; {command(stack, 'dlq list')}"
    for lacks in dict.fromkeys(_lacking(way) for way in ways if not way.arrived):
        console.warn(f"{lacks} within {waited} s: {look}")
    return all(way.arrived and not way.duplicate for way in ways)


def _lacking(way: Way) -> str:
    """What did not happen, where an alert has not arrived."""
    if way.card_at is None:
        return "no card"
    return f"the card of {way.incident_id} was there before, and was not updated"


def _payload(file: Path | None, sample: str | None) -> bytes:
    if (file is None) == (sample is None):
        raise click.UsageError("Give a FILE or --sample, one of them.")
    if file is not None:
        return file.read_bytes()
    names = samples.files()
    if sample is None or sample not in names:
        near = get_close_matches(sample or "", names, MOST_NEAR, SAME_ENOUGH)
        there = f"Did you mean {', '.join(near)}?" if near else "They are the files of events/."
        raise click.UsageError(f"No sample {sample}. {there}")
    return samples.read(sample, utc_now())


def _known(stack: Stack, body: bytes, tool: str | None) -> Collection[str]:
    """Those of its alerts that were recorded before it is sent, by the ids that intake gives them.

    Asked beforehand, so that no clock has to agree with another.
    """
    try:
        alerts = parse(body, {"content-type": _content_type(body)}, tool)
    except BadRequest:
        return ()  # The front door says what is wrong with it.
    return {alert.alert_id for alert in alerts if recorded(stack, alert.alert_id)}


def _send(stack: Stack, body: bytes, tool: str | None) -> Answer:
    key = stack.client("apigateway").get_api_key(apiKey=stack.output("ApiKeyId"), includeValue=True)
    url = stack.output("WebhookUrl")
    headers = {"x-api-key": key["value"], "content-type": _content_type(body)}
    return post(f"{url}/{tool}" if tool else url, body, headers)


def _content_type(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "text/plain"
    return "application/json"


def _told(answer: Answer) -> dict[str, Any]:
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {"message": answer.body.decode("utf-8", "replace")}
    return told if isinstance(told, dict) else {"message": told}


def _follow(stack: Stack, ways: list[Way], clock: Callable[[], float], timeout: int) -> list[Way]:
    """Poll until every alert has its card and its analysis, or the time is up."""
    end = clock() + timeout
    ways = _looked(stack, ways)
    while not all(way.complete for way in ways) and clock() < end:
        time.sleep(POLL_SECONDS)
        ways = _looked(stack, ways)
    return ways


def _looked(stack: Stack, ways: list[Way]) -> list[Way]:
    return [way if way.complete else look(stack, way.alert_id) for way in ways]


def _line(way: Way) -> dict[str, Any]:
    """An alert's way for a person or a program: seconds count from its acceptance."""
    if way.duplicate:
        return {"alert_id": way.alert_id, "accepted_at": way.accepted_at, "duplicate": True}
    shown = {
        "alert_id": way.alert_id,
        "accepted_at": way.accepted_at,
        "held": way.held,
        "incident_id": way.incident_id,
        "seconds_to_card": _seconds(way.accepted_at, way.shown_at),
        "card_ts": way.card_ts,
        "analysed_by": way.analysed_by,
        "seconds_to_analysis": _seconds(way.accepted_at, way.analysed_at),
        "analysis_from_cache": way.from_cache or None,
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds between two moments; None where the second came first, as a cached analysis did."""
    if start is None or end is None or end < start:
        return None
    return round((end - start).total_seconds(), 3)

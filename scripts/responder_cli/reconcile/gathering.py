"""Reads what a reconciliation needs: an index for a period, keys, counts; never a scan.

The order matters on a stack at work: what is read later may know more, never less. Acceptances
come first, then records, then incidents and cards, and Slack last.
"""

import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.card import Card
from responder.clock import utc_now
from responder.incident import Incident
from responder.ports import Table
from responder.protocols import items
from responder_cli import accepted, bulk
from responder_cli.accepted import EVER
from responder_cli.aws import RECORD_WAITS, Stack
from responder_cli.bulk import Found
from responder_cli.dlq import looking
from responder_cli.dlq.places import chosen, depth, messages
from responder_cli.logs import reading
from responder_cli.reconcile.facts import Dead, Facts, Period

#: Alerts that were accepted shortly before the period belong to its incidents, too.
BEFORE = timedelta(minutes=10)
#: The processing queues keep a message for so long (template.yaml); none joins an incident later.
LONGEST_WAIT = timedelta(days=4)
#: Letters of one queue that are looked into; each is hidden from others for some seconds.
MOST_LETTERS = 1_000
#: What reception logs of each alert that it has put on the queue.
ACCEPTED = "Accepted"
SLACK_SECONDS = 10
#: The queues in front of a card, by their outputs.
CARDS_WAIT = ("DistributionQueueUrl", "CriticalQueueUrl")
#: A card's small print; a notice that stands alone names no alert.
_CARD = re.compile(r"incident `([^`]+)` · alert `")


def gather(stack: Stack, period: Period, slack_url: str, back_to: datetime | None = None) -> Facts:
    """Everything that is known of the alerts of a period.

    Records are read from ``back_to`` on, where that is earlier.
    """
    start, end = period.start, period.end
    known_from = min(start - BEFORE, back_to or start)
    told = {**period.known, **_accepted(stack, start, end)}
    listed = accepted.newest(stack, Severity, known_from, whole=True)
    indexed = {one.alert_id: one.at for one in listed}
    kept = accepted.read(stack, {**indexed, **told})
    records, theirs = kept.known, kept.known.keys() | kept.unreadable
    mine = {a for a in theirs if a in told or start <= indexed.get(a, EVER) <= end}
    incidents, cards = _incidents(stack, {one.incident_id for one in records.values()} - {""})
    return Facts(
        now=utc_now(),
        start=start,
        end=end,
        known_from=known_from,
        accepted=told,
        mine=frozenset(mine),
        records=records,
        incidents=incidents.known,
        cards=cards.known,
        unreadable=kept.unreadable | incidents.unreadable | cards.unreadable,
        processing=messages(stack, RECORD_WAITS),
        telling=messages(stack, CARDS_WAIT),
        dead_alerts=_dead(stack, ["processing"], "alert_id"),
        dead_cards=_dead(stack, ["distribution", "critical"], "incident_id"),
        slack=_slack(slack_url) if slack_url else None,
    )


def queued(stack: Stack) -> int:
    """How many messages wait on an alert's way to its card."""
    return messages(stack, (*RECORD_WAITS, *CARDS_WAIT))


def _accepted(stack: Stack, start: datetime, end: datetime) -> dict[str, datetime]:
    """The alerts that reception says it accepted, but for those of our own checks."""
    return {
        str(line.details["alert_id"]): line.at
        for line in reading.steps(stack, "reception", ACCEPTED, start, end)
        if line.details.get("source") != SYNTHETIC_SOURCE and "alert_id" in line.details
    }


def _incidents(stack: Stack, incident_ids: Collection[str]) -> tuple[Found[Incident], Found[Card]]:
    """The incidents of these ids and their cards, as far as they are there."""
    ids = sorted(incident_ids)
    incidents = {one: items.incident_item(one) for one in ids}
    cards = {one: items.card_item(one) for one in ids}
    return (
        bulk.read(stack, Table.INCIDENTS, incidents, Incident),
        bulk.read(stack, Table.INCIDENTS, cards, Card),
    )


def _dead(stack: Stack, names: Sequence[str], name: str) -> Dead:
    """The letters of these queues by the id that they carry; visible again at once."""
    ids: set[str] = set()
    unread = 0
    for place in (one for given in names for one in chosen(given, stack.outputs)):
        url = stack.output(place.output)
        total = depth(stack, url).total
        if not total:
            continue
        with looking.held(stack, url, MOST_LETTERS) as letters:
            ids |= {letter.about.get(name, "") for letter in letters} - {""}
            unread += max(0, total - len(letters))
    return Dead(frozenset(ids), unread)


def _slack(url: str) -> dict[str, list[str]]:
    """The cards that stand in the local Slack, by incident, as JSON text."""
    try:
        with urllib.request.urlopen(f"{url}/api/messages", timeout=SLACK_SECONDS) as answer:  # noqa: S310 - the local Slack's address, given by the operator
            listed = json.load(answer)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no local Slack answers at {url}: {error}") from error
    found = defaultdict(list)
    for message in listed:
        text = _visible(message)
        named = _CARD.findall(text)
        if named and not message["thread"]:
            found[named[-1]].append(text)
    return dict(found)


def _visible(message: Mapping[str, Any]) -> str:
    parts = [message["text"], message["blocks"], message["attachments"]]
    return json.dumps(parts, ensure_ascii=False)

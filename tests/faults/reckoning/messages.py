"""What stands in Slack, and what operators were told, is once and up to date."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from faults.plain import PlainDetails
from faults.reckoning.end import End
from responder.card import Card
from responder.errors import Reason


def cards(end: End) -> Iterator[str]:
    shown = end.shown()
    for incident in end.incidents.values():
        if incident.held:
            if shown[incident.incident_id]:
                yield f"{incident.incident_id}: held, but shown"
            continue
        wanted = f"card|{incident.incident_id}|{incident.revision}|{incident.count}"
        if end.nobody_noticed_the_deletion(incident, shown[incident.incident_id]):
            continue
        if shown[incident.incident_id] != [wanted]:
            yield f"cards {shown[incident.incident_id]}, should be [{wanted}]"
        card = end.cards.get(incident.incident_id)
        if card is None or card.shown != incident.revision or _held(end, card) or card.intent:
            yield f"{incident.incident_id}: card at rest is {card}"


def _held(end: End, card: Card) -> bool:
    """Whether somebody still holds the card; a lease that ran out hurts nobody.

    Nor does one that will: its owner failed, and another delivery of its message succeeded.
    """
    until = card.lease_until
    if not card.owner or card.owner in end.campaign.world.dead:
        return False
    return until is not None and until > end.campaign.world.now()


def threads(end: End) -> Iterator[str]:
    told = Counter(
        f"{message.text} in {message.thread_ts}"
        for message in end.campaign.slack.messages
        if message.text.startswith("notice|")
    )
    for text, number in told.items():
        if number > 1:
            yield f"told {number} times: {text}"
    for incident in end.incidents.values():
        card = end.cards.get(incident.incident_id)
        waits = incident.silence is not None
        if card is not None and card.told != incident.last_notice and not waits:
            yield f"{incident.incident_id}: told {card.told} of {incident.last_notice}"


def details(end: End) -> Iterator[str]:
    """One reply in a thread, up to date in that of the card that stands."""
    replies: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for message in end.campaign.slack.messages:
        if message.text.startswith("details|"):
            incident_id, contents = message.text.split("|")[1:]
            replies[incident_id, message.thread_ts].append(contents)
    for (incident_id, ts), found in replies.items():
        if len(found) > 1:
            yield f"{incident_id}: {len(found)} details in the thread of {ts}"
    shown = end.shown()
    given_up = {text.split("|")[1] for text in end.campaign.slack.refused if "details|" in text}
    for incident in end.incidents.values():
        if incident.incident_id in given_up:
            continue
        card = end.cards.get(incident.incident_id)
        told = incident.silence is None and PlainDetails.wanted(incident, shortened=False)
        if card is None or not (told or card.details.ts):
            continue
        if end.nobody_noticed_the_deletion(incident, shown[incident.incident_id]):
            continue
        found = replies[incident.incident_id, card.ts]
        if found != [PlainDetails.contents(incident)]:
            yield f"{incident.incident_id}: details {found}, the card knows {card.details}"


def operators(end: End) -> Iterator[str]:
    """What was reported is told by both sinks, or was shown in Slack before it could be."""
    lines = end.campaign.telemetry.warnings
    reported = {str(line["incident_id"]) for line in lines["Trouble reported"]}
    shown = {
        str(line["incident_id"])
        for line in lines["Operator notice held"]
        if line["reason"] == Reason.SHOWN_MEANWHILE
    }
    for sink in end.campaign.sinks:
        for incident_id in sorted(reported - shown - sink.told):
            yield f"{incident_id}: reported, and operators were never told"

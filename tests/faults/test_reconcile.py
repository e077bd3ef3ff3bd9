"""``responder reconcile`` judges what the harness's schedules leave behind as the harness does."""

from datetime import timedelta

import pytest

from faults.campaign import Campaign
from faults.plants import planted
from faults.run import failures
from responder.card import Card
from responder.delivery import words
from responder.incident import AlertRecord, Incident
from responder.ports import Key, Queue, Table
from responder.protocols import items
from responder_cli.reconcile.facts import Dead, Facts
from responder_cli.reconcile.verdict import Kind, Report, Where, reconcile

SEEDS = 60
PLANT_SEEDS = 300
#: What a bug does to alerts, as far as tables, queues and cards show it.
SYMPTOMS = {
    "count_before_record": {Kind.MISCOUNTED},
    "post_before_intent": {Kind.TWO_CARDS},
}


def judged(campaign: Campaign) -> Report:
    """A reconciliation of all that was sent."""
    found = campaign.store.alive()
    # Nobody asks about times that the tables have forgotten.
    young = campaign.world.now() - timedelta(days=80)
    sent = [one for one in campaign.sent if one.alert.received_at > young]
    records = [items.decode(r, AlertRecord) for k, r in found.items() if k.table is Table.ALERTS]
    incidents = [items.decode(r, Incident) for k, r in found.items() if _is("incident#", k)]
    cards = [items.decode(r, Card) for k, r in found.items() if _is("card#", k)]
    known = {one.incident_id: one for one in incidents if one}
    waiting = {queue: len(held) for queue, held in campaign.queues.messages.items()}
    return reconcile(
        Facts(
            now=campaign.world.now(),
            start=young,
            end=campaign.world.now(),
            known_from=min(one.alert.received_at for one in sent),
            accepted={one.alert.alert_id: one.alert.received_at for one in sent},
            mine=frozenset(one.alert.alert_id for one in records if one),
            records={one.alert.alert_id: one for one in records if one},
            incidents={name: one for name, one in known.items() if one.signature != "budget"},
            cards={one.incident_id: one for one in cards if one},
            processing=waiting[Queue.PROCESSING] + waiting[Queue.CRITICAL_PROCESSING],
            telling=waiting[Queue.DISTRIBUTION] + waiting[Queue.CRITICAL_DISTRIBUTION],
            dead_alerts=Dead(unread=len(campaign.queues.dead[Queue.PROCESSING])),
            slack=_slack(campaign, known),
        )
    )


def _is(kind: str, key: Key) -> bool:
    return key.table is Table.INCIDENTS and key.id.startswith(kind)


def _slack(campaign: Campaign, known: dict[str, Incident]) -> dict[str, list[str]]:
    """The harness's plain cards in the words of a real one; a deleted one is not yet missed."""
    shown: dict[str, list[str]] = {}
    for message in campaign.slack.messages:
        kind, *rest = message.text.split("|")
        if kind == "card" and rest[0] in known:
            name, revision, count = rest
            one = known[name]
            right = (int(revision), int(count)) == (one.revision, one.count)
            shown.setdefault(name, []).append(f"*{words.times(one)}*" if right else "")
    for name in campaign.slack.deleted:
        shown.setdefault(name, [f"*{words.times(known[name])}*"])
    return shown


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_the_harness_finds_whole_is_proved(seed: int) -> None:
    wrong, campaign = failures(seed)
    assert not wrong

    report = judged(campaign)

    assert report.problems == ()
    assert {one.alert.alert_id for one in campaign.sent} <= report.places.keys()
    assert report.number(Where.SHOWN) + report.number(Where.HELD) == len(report.places)


@pytest.mark.parametrize("bug", sorted(SYMPTOMS))
def test_a_planted_bug_that_harms_alerts_is_no_proof(bug: str) -> None:
    with planted(bug):
        campaigns = (failures(seed)[1] for seed in range(PLANT_SEEDS))
        kinds = ({one.kind for one in judged(one).problems} for one in campaigns)
        found = next((some for some in kinds if SYMPTOMS[bug] <= some), None)
    assert found is not None

"""What must be true when the machine room is quiet, checked against what was sent.

The expectations are computed from the sent alerts alone, or are sums over tables that must agree;
nothing is asked of the code under test.
"""

from collections.abc import Iterator

from faults.campaign import Campaign
from faults.reckoning import counts, holds, messages, money, storms
from faults.reckoning.end import End

#: Every check, each of which names what it finds broken.
CHECKS = (
    counts.nothing_lost,
    counts.counters,
    counts.states,
    counts.one_open_incident,
    messages.cards,
    messages.threads,
    messages.details,
    money.analyses,
    storms.storms,
    storms.listed_in_one_thread,
    holds.muted,
    holds.windows,
    messages.operators,
    money.money,
    money.troubles,
    counts.undisturbed,
)


def broken(campaign: Campaign) -> list[str]:
    """Every invariant that does not hold, in words."""
    return list(_broken(campaign))


def _broken(campaign: Campaign) -> Iterator[str]:
    yield from campaign.store.broken
    yield from campaign.store.disagreements()
    end = End(campaign)
    for check in CHECKS:
        yield from check(end)

"""Runs one seed, and says what does not hold at its end."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from faults.campaign import Campaign
from faults.configuration import NO_SLEEP, SMALL_STORMS
from faults.plain import PLAIN_FACES
from faults.reckoning import broken
from faults.services import Services, in_memory
from faults.substitutes import replaced
from faults.world import World

Place = Callable[[World], AbstractContextManager[Services]]


def failures(seed: int, place: Place = in_memory) -> tuple[list[str], Campaign]:
    """Run one seed over the services of ``place``."""
    world = World(seed)
    with replaced([*PLAIN_FACES, *NO_SLEEP, *SMALL_STORMS]), place(world) as services:
        campaign = Campaign(world, services)
        try:
            campaign.run()
        except AssertionError as error:
            return [str(error)], campaign
        return broken(campaign), campaign

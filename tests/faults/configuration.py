"""What operators set up in a campaign: channels, mutings, windows, limits, the size of a storm."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from faults.world import START
from responder.analysis.budget import Limits
from responder.errors import Reason
from responder.policy import storm
from responder.policy.inhibition import Inhibitions
from responder.policy.matching import Matcher
from responder.policy.routes import Routes
from responder.policy.window import Window
from responder.protocols import items
from responder.protocols.storms import Gate

#: One problem has a channel of its own, which may be archived at any time.
ROUTED = "#p0"
ROUTES = Routes.model_validate({"routes": [{"match": ["title=~v1:p0.*"], "channel": ROUTED}]})
#: Which incidents mute which, in some campaigns; titles begin with the problem.
CAUSE, SYMPTOM = "v1:p0", "v1:p1"
MUTING = Inhibitions.model_validate(
    {
        "rules": [
            {
                "name": "p0",
                "why": "p0 explains p1",
                "source": [f"title=~{CAUSE}.*"],
                "target": [f"title=~{SYMPTOM}.*"],
            }
        ]
    }
)
#: A throttle's hour is over within a campaign, and its lull soon after.
SHORT = replace(
    storm.THROTTLE,
    window=timedelta(minutes=3),
    lull=timedelta(minutes=2),
    lasts=timedelta(minutes=3),
)
#: A storm may outlast its bound within a campaign, too.
BOUNDED = replace(storm.STORM, lasts=timedelta(minutes=3))
#: Below CRITICAL everything waits for the end of a window, in some campaigns.
EVERYTHING = Matcher.parse("title=~v1.*")
#: After the storm the budgets are raised, as operators do.
AMPLE = Limits(daily_usd=100)
#: What ``substitutes.replaced`` makes small, so that few incidents are a storm with a long list.
SMALL_STORMS = (
    (storm, "KINDS", {Reason.THROTTLE.value: SHORT, Reason.STORM.value: BOUNDED}),
    (storm, "PAGE", 1),
)
#: Who loses races looks again without sleeping: real time means nothing here.
NO_SLEEP = ((items, "PATIENT_RACES", items.MAX_RACES),)


@dataclass(frozen=True)
class Setup:
    """What one campaign's operators chose."""

    inhibitions: Inhibitions
    window: Window | None
    gate: Gate
    limits: Limits


def window_of(rng: random.Random) -> Window | None:
    """None in most campaigns; in the others one that holds everything below CRITICAL."""
    if rng.random() < 0.6:
        return None
    return Window(
        id="w1",
        matchers=(EVERYTHING,),
        at=(START + timedelta(minutes=rng.randint(0, 4))).time(),
        lasts=timedelta(minutes=rng.randint(1, 4)),
        zone="UTC",
        comment="backups",
    )


def limits_of(rng: random.Random) -> Limits:
    """Ample in most campaigns; in the others so small that somebody has to do without Claude."""
    if rng.random() < 0.6:
        return AMPLE
    day = rng.choice([0.0, 0.02, 0.03, 0.05, 0.1])
    month = rng.choice([None, None, 0.03, 0.06])
    share = rng.choice([None, None, 0.02, 0.05])
    return Limits(day, month, {} if share is None else {"tool": share})

"""What a canary does while SAM waits for it: where the traffic goes, and which alarms are on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from responder_cli.aws import NotFound, Stack, words
from responder_cli.rollback import versions
from responder_cli.rollback.versions import Function


@dataclass
class Watch:
    """Says what changed since it looked last; the first look is of before the deployment."""

    stack: Stack
    say: Callable[[str], None]
    _said: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Remember how it is, without a word."""
        self._said = dict(self._looked())

    def __call__(self) -> None:
        """Say what is new. What cannot be seen now may be seen next time."""
        for name, now in self._looked().items():
            if self._said.get(name) != now:
                self.say(f"  {name}: {now}")
                self._said[name] = now

    def _looked(self) -> dict[str, str]:
        try:
            found = {one.short: _traffic(one) for one in versions.read(self.stack)}
            return {**found, "alarms": self._alarms()}
        except NotFound:
            return {}
        except (BotoCoreError, ClientError) as error:
            return {"watch": words(error)}

    def _alarms(self) -> str:
        """Those of the stack that are on, which undo a canary."""
        pages = self.stack.client("cloudwatch").get_paginator("describe_alarms")
        found = pages.paginate(AlarmNamePrefix=f"{self.stack.name}-", StateValue="ALARM")
        names = [one["AlarmName"] for page in found for one in page["MetricAlarms"]]
        return ", ".join(sorted(names)) or "none"


def _traffic(one: Function) -> str:
    if one.canary is None:
        return f"all traffic to version {one.live}"
    return f"{one.weight:.0%} of the traffic to version {one.canary}, the rest to {one.live}"

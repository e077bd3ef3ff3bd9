"""Does the product do what it is for: the checks of cards, tick, heartbeat and drift."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from responder.errors import Reason
from responder.protocols.heartbeat import FRONT_DOOR, HEARTBEAT, Beat
from responder.protocols.tick import UNSHOWN_ALARM
from responder_cli.aws import RECORD_WAITS, Stack
from responder_cli.dlq import places
from responder_cli.health.metrics import Window, highest, ours, total
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.mending import command, deploy, put_secret, tail

#: What ails now is asked of so many minutes, however far the rest looks back.
LATELY_MINUTES = 5
#: The tick runs every minute.
TICK_LATE = timedelta(minutes=3)
#: The heartbeat beats every five minutes; without three of them the alarm rings, too.
BEATS_LATE = timedelta(minutes=15)
MOST_MISSED = 3
#: Drift is the difference of two sums, which needs some time to mean anything.
DRIFT_MINUTES = 60
#: What is on its way may be counted on one side only; the share is the alarm's.
MOST_ADRIFT = 2
ADRIFT_SHARE = 0.01
#: Held without being counted on an incident (``protocols.record``); others are counted, too.
UNCOUNTED = (Reason.DUPLICATE, Reason.STALE, Reason.RESOLVE_WITHOUT_FIRING)

#: What to look at, by where a heartbeat was lost.
_LOST = {
    Reason.NOT_ACCEPTED.value: "AlertReceptionFunction",
    Reason.NOT_RECORDED.value: "AnalysisFunction",
    Reason.NOT_SHOWN.value: "DistributionFunction",
}


def cards(stack: Stack, window: Window) -> Iterator[Finding]:
    """No alert is shown to nobody, by the tick's own count."""
    lately = window.last(LATELY_MINUTES)
    unshown = highest(stack, ours(stack), "AlertsUnshown", {"service": "analysis"}, lately)
    if unshown:
        minutes = UNSHOWN_ALARM // timedelta(minutes=1)
        reason = f"{round(unshown)} alerts shown to nobody for {minutes} minutes"
        yield failing("cards", reason, command(stack, "dlq list"))
    elif unshown is None:
        yield ok("cards", "not counted lately: see tick")
    else:
        yield ok("cards", "no alert is overdue")


def tick(stack: Stack, now: datetime) -> Iterator[Finding]:
    """The minute tick, which heals what stopped half-way, is alive."""
    item = stack.item("state", "id", HEARTBEAT)
    mend = tail(stack, "AnalysisFunction")
    if item is None:
        young = _young(stack, now, TICK_LATE)
        late = "never ran: what stops half-way is not taken up again"
        yield warning("tick", young) if young else failing("tick", late, mend)
        return
    age = now - datetime.fromisoformat(str(item["at"]))
    reason = f"ran {_seconds(age)} s ago"
    yield failing("tick", reason, mend) if age > TICK_LATE else ok("tick", reason)


def heartbeat(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Alerts of our own come through from the front door to their card."""
    if stack.parameter("HeartbeatState", "DISABLED") != "ENABLED":
        mend = deploy(stack, "HeartbeatState=ENABLED")
        yield warning("heartbeat", "switched off: nobody sees whether alerts come through", mend)
        return
    item = stack.item("state", "id", FRONT_DOOR)
    if item is None:
        young = _young(stack, now, BEATS_LATE)
        mend = tail(stack, "HeartbeatFunction")
        yield warning("heartbeat", young) if young else failing("heartbeat", "never sent", mend)
        return
    yield _judged(stack, Beat.model_validate(item), now)


def _judged(stack: Stack, beat: Beat, now: datetime) -> Finding:
    age = now - beat.sent_at
    mend = tail(stack, "HeartbeatFunction")
    if age > BEATS_LATE:
        return failing("heartbeat", f"stale: sent {_seconds(age)} s ago, due every 300 s", mend)
    since = f"arrived {_seconds(now - beat.arrived_at)} s ago" if beat.arrived_at else "none yet"
    if beat.missed:
        said = f", {beat.trouble}" if beat.trouble else ""
        reason = f"{beat.missed} missed in a row: {beat.reason}{said}; the last to come {since}"
        lost = tail(stack, _LOST.get(beat.reason, "HeartbeatFunction"))
        # One may be lost where a process was killed; three are an alarm.
        return (failing if beat.missed >= MOST_MISSED else warning)("heartbeat", reason, lost)
    if beat.reason == Reason.NO_TEST_CHANNEL.value:
        reason = "recorded, and not shown: there is no test channel"
        mend = put_secret(stack, "slack-test-webhook")
        return warning("heartbeat", reason, mend)
    took = f", {beat.seconds:.1f} s to its card" if beat.seconds is not None else ""
    return ok("heartbeat", f"{since}{took}")


def drift(stack: Stack, window: Window) -> Iterator[Finding]:
    """What was accepted is counted, held, waiting or dead; else it is gone."""
    span = window.last(max(DRIFT_MINUTES, window.minutes))

    def summed(metric: str, **dimensions: str) -> int:
        return total(stack, ours(stack), metric, dimensions, span)

    waiting = places.messages(stack, (one for one in RECORD_WAITS if one in stack.outputs))
    dead = places.messages(stack, ["DeadLetterQueueUrl"])
    accepted = summed("AlertsAccepted", service="reception")
    counted = summed("AlertsCounted", service="analysis")
    held = sum(summed("AlertsHeld", service="analysis", reason=one.value) for one in UNCOUNTED)
    gone = accepted - counted - held - waiting - dead
    reason = f"{accepted} accepted, {counted} counted, {held} held in {span.words}"
    if nowhere := summed("AlertsNowhere", service="heartbeat"):
        mend = command(stack, "reconcile --since 24h")
        yield failing("drift", f"{nowhere} alerts did not answer the roll call: {reason}", mend)
    elif gone > max(MOST_ADRIFT, ADRIFT_SHARE * accepted):
        mend = tail(stack, "AnalysisFunction")
        yield failing("drift", f"{gone} alerts are nowhere: {reason}, {waiting} waiting", mend)
    else:
        yield ok("drift", reason)


def _young(stack: Stack, now: datetime, patience: timedelta) -> str:
    """A stack that was only just deployed has not come to it, in words; else nothing."""
    age = now - stack.changed_at if stack.changed_at else None
    return f"not yet: the stack is {_seconds(age)} s old" if age and age < patience else ""


def _seconds(age: timedelta) -> int:
    return max(0, round(age.total_seconds()))

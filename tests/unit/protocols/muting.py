"""Hands for tests of inhibition: a rule, its cause and its symptom, and the lists of causes."""

from typing import Any

from desk import Desk
from examples import alert, resolve
from responder.alert import Alert
from responder.policy.inhibition import Causes, Inhibitions
from responder.ports import Record
from responder.protocols import items
from responder.protocols.versions import INHIBITIONS, MAX_AGE

CAUSE, SYMPTOM = "v1:node|prod.1", "v1:pod|prod.1"
RULE = {
    "name": "node",
    "why": "the node explains its pods",
    "source": ["rule=v1:node"],
    "target": ["rule=v1:pod"],
    "equal": ["environment"],
}


def ruled() -> Desk:
    """A desk where the rule is active."""
    desk = Desk()
    save(desk, RULE)
    return desk


def save(desk: Desk, *rules: dict[str, Any]) -> None:
    given = Inhibitions.model_validate({"rules": rules})
    active = INHIBITIONS.load(desk.store).number
    assert INHIBITIONS.save(desk.store, given, active, desk.now()) is not None
    desk.later(seconds=MAX_AGE.total_seconds())


def cause(number: int = 1, **changes: Any) -> Alert:
    return down(f"c{number}", **({"rule": "v1:node", "fingerprint": "node"} | changes))


def symptom(number: int = 1, **changes: Any) -> Alert:
    return down(f"s{number}", **({"rule": "v1:pod", "fingerprint": "pod"} | changes))


def over(of: Alert, at: int) -> Alert:
    fields = {"fingerprint": of.fingerprint, "rule": f"{of.rule}-ok", "at": at}
    return resolve(f"{of.alert_id}-over-{at}", **fields)


def down(alert_id: str, **changes: Any) -> Alert:
    return alert(alert_id, **({"title": f"{changes['fingerprint']} down"} | changes))


def record(desk: Desk, one: Alert) -> None:
    """Each alert is a batch of its own, a second after the other."""
    desk.later(seconds=1)
    desk.record(one)


def posted(desk: Desk) -> list[str]:
    """What has a card, in the order of the cards."""
    return [call.text for call in desk.slack.calls if call.method == "post" and not call.thread_ts]


def causes(desk: Desk) -> list[str]:
    """The incidents that stand in any list of causes."""
    found = []
    for key, (version, data) in desk.store.items.items():
        if key.id.startswith("causes#"):
            listed = items.decode(Record(version, data), Causes)
            found += [one.incident_id for one in listed.causes] if listed else []
    return sorted(found)

"""Our own incident while Claude serves nobody: opened once, told what to do, ended by an answer."""

from collections.abc import Callable

import pytest

from desk import Desk
from doomed import Doomed, deaths
from examples import alert
from faults.world import START, Killed
from responder.alert import Severity, Status
from responder.analysis import trouble
from responder.analysis.trouble import NotServed, Trouble
from responder.contracts import AlertMessage
from responder.errors import Permanent, Reason
from responder.incident import Incident, IncidentState
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.troubles import NOTES, REPEAT, Watch
from unit.protocols.analysing import ID, UNAVAILABLE, awaiting, handle, refusal

KEY = "claude:credentials|.1"
KEY_REFUSED = NotServed(Reason.MISCONFIGURED, "HTTP 401, authentication_error", Trouble.CREDENTIALS)
NO_MODEL = NotServed(Reason.MISCONFIGURED, "HTTP 404, not_found_error", Trouble.MODEL)


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def watch(desk: Desk) -> Watch:
    return Watch(desk.store, desk.queues, desk.telemetry, desk.now, "it")


def sent(desk: Desk) -> list[AlertMessage]:
    """Our own alerts on the processing queue; it is empty afterwards."""
    held, desk.queues.messages[Queue.PROCESSING] = desk.queues.messages[Queue.PROCESSING], []
    return [AlertMessage.model_validate_json(one.body) for one in held]


def record_own(desk: Desk) -> None:
    for message in sent(desk):
        desk.recorder.record([desk.recorder.arrived(message)])


def own(desk: Desk, incident_id: str = KEY) -> Incident:
    return desk.incident(incident_id)


def ask(desk: Desk, *errors: Permanent, at: str = ID) -> None:
    """A new request, after whatever the entry keeps of the last one has passed."""
    desk.store.items.pop(items.cache_item("v1:disk@"), None)
    desk.claude.errors = list(errors)
    handle(desk, at)


def test_a_refused_key_opens_an_incident_that_says_what_to_do(desk: Desk) -> None:
    ask(desk, KEY_REFUSED)
    record_own(desk)
    ours = own(desk)
    assert (ours.title, ours.severity) == ("Claude refuses our credentials", Severity.HIGH)
    assert (ours.source, ours.synthetic) == ("responder", False)
    assert ours.analysis.is_fallback
    assert "HTTP 401, authentication_error" in ours.analysis.summary
    assert any("anthropic-key" in check.text for check in ours.analysis.checks)
    assert desk.telemetry.counts["ClaudeTroubles:credentials"] == 1
    # The alert that Claude was asked for still ends with its fallback.
    assert desk.incident().analysis.fallback_reason == "misconfigured"


def test_claude_is_never_asked_about_itself(desk: Desk) -> None:
    ask(desk, KEY_REFUSED)
    desk.requested()
    record_own(desk)
    assert desk.requested() == []
    desk.tick(times=40)
    assert KEY not in desk.requested()
    assert own(desk).state is IncidentState.OPEN


def test_it_is_told_once_while_it_lasts(desk: Desk) -> None:
    for _ in range(5):
        ask(desk, KEY_REFUSED)
    assert len(sent(desk)) == 1
    assert desk.telemetry.counts["ClaudeTroubles:credentials"] == 1


def test_what_lasts_is_repeated_on_the_same_card(desk: Desk) -> None:
    for _ in range(3):
        ask(desk, KEY_REFUSED)
        record_own(desk)
        desk.later(seconds=REPEAT.total_seconds())
    assert own(desk).count == 3
    assert desk.telemetry.counts["ClaudeTroubles:credentials"] == 1


def test_the_first_answer_ends_it(desk: Desk) -> None:
    ask(desk, KEY_REFUSED)
    record_own(desk)
    desk.later(minutes=3)
    ask(desk)
    record_own(desk)
    assert own(desk).state is IncidentState.RESOLVED
    ask(desk)
    assert sent(desk) == []


def test_an_answer_without_a_verdict_ends_it_too(desk: Desk) -> None:
    ask(desk, KEY_REFUSED)
    record_own(desk)
    ask(desk, refusal())
    (end,) = sent(desk)
    assert end.alert.status is Status.RESOLVED


def test_a_new_trouble_soon_after_is_the_same_card(desk: Desk) -> None:
    ask(desk, KEY_REFUSED)
    ask(desk)
    record_own(desk)
    desk.later(minutes=5)
    ask(desk, KEY_REFUSED)
    record_own(desk)
    assert own(desk).state is IncidentState.OPEN
    assert own(desk).count == 2


def test_a_model_that_is_gone_is_ended_by_its_own_tier_only(desk: Desk) -> None:
    look = watch(desk)
    look.refused(NO_MODEL, "large")
    (began,) = sent(desk)
    assert (began.alert.fingerprint, began.alert.rule) == ("claude:model:large", "claude:model")
    assert began.alert.resource == "large tier"
    look.answered("small")
    assert sent(desk) == []
    look.answered("large")
    (end,) = sent(desk)
    assert (end.alert.fingerprint, end.alert.status) == ("claude:model:large", Status.RESOLVED)


def test_two_troubles_stand_beside_each_other_and_end_together(desk: Desk) -> None:
    look = watch(desk)
    look.refused(KEY_REFUSED, "small")
    look.refused(NO_MODEL, "small")
    assert len(sent(desk)) == 2
    look.answered("small")
    assert [one.alert.status for one in sent(desk)] == [Status.RESOLVED] * 2
    look.answered("small")
    assert sent(desk) == []


@pytest.mark.parametrize(
    "error",
    [
        Permanent(Reason.REFUSED_BY_CLAUDE, "HTTP 413"),
        Permanent(Reason.NO_KEY, "no key"),
        UNAVAILABLE,
    ],
)
def test_what_no_person_must_end_opens_nothing(desk: Desk, error: Permanent) -> None:
    ask(desk, error)
    assert sent(desk) == []


def test_our_own_budget_is_no_trouble_with_claude(desk: Desk) -> None:
    desk.claude.ceiling = 99
    ask(desk)
    assert desk.incident().analysis.fallback_reason == "budget_spent"
    assert sent(desk) == []


def test_trouble_with_the_notes_keeps_no_card_from_its_fallback(desk: Desk) -> None:
    desk.store.refuses = NOTES.id
    ask(desk, KEY_REFUSED)
    assert desk.incident().analysis.fallback_reason == "misconfigured"
    assert desk.telemetry.said("Trouble with Claude not told") == 1
    desk.store.refuses = ""
    ask(desk, KEY_REFUSED)
    assert len(sent(desk)) == 1


def test_a_worker_that_comes_between_tells_it_under_the_same_id(desk: Desk) -> None:
    look = watch(desk)
    desk.store.meanwhile = lambda: look.refused(KEY_REFUSED, "small")
    look.refused(KEY_REFUSED, "large")
    assert len({one.alert.alert_id for one in sent(desk)}) == 1


def through_a_trouble(world: Doomed) -> Desk:
    """Refused, then answered; who is killed calls again."""
    desk = Desk(world=world)
    look = watch(desk)
    world.arm()
    calls: tuple[Callable[[], None], ...] = (
        lambda: look.refused(KEY_REFUSED, "small"),
        lambda: look.answered("small"),
    )
    for call in calls:
        for _ in range(2):
            try:
                call()
            except Killed:
                desk.later(seconds=30)
        desk.later(minutes=1)
    world.disarm()
    return desk


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_it_is_opened_once_and_ended(after: bool) -> None:
    plays = deaths(through_a_trouble, after=after)
    assert len(plays) > 6
    for number, desk in enumerate(plays):
        alerts = sent(desk)
        assert len(alerts) == 2 or number > 0
        assert len({one.alert.alert_id for one in alerts}) == 2, number
        for message in alerts:
            desk.recorder.record([desk.recorder.arrived(message)])
        assert own(desk).state is IncidentState.RESOLVED, number
        assert (own(desk).count, own(desk).episode) == (1, 1), number


def test_every_trouble_says_what_to_do() -> None:
    for one in Trouble:
        told = trouble.triage(alert(rule=one.rule, source="responder"), one, START)
        assert told.checks
        assert told.headline == trouble.title(one)
        assert trouble.severity(one).worse_than(Severity.LOW)


@pytest.mark.parametrize(
    ("source", "rule", "found"),
    [
        ("responder", "claude:credit", Trouble.CREDIT),
        ("responder", "claude:unheard-of", None),
        ("responder", "credit", None),
        ("alertmanager", "claude:credit", None),
    ],
)
def test_only_our_own_alerts_are_ours(source: str, rule: str, found: Trouble | None) -> None:
    assert trouble.of(alert(source=source, rule=rule)) is found

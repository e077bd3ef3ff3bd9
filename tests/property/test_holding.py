"""Whatever holds an incident, in whatever order: CRITICAL only a silence, and all let go again."""

from datetime import datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from examples import incident
from faults.world import START
from responder.alert import Severity
from responder.errors import Reason
from responder.incident import Hold, Incident, IncidentState
from responder.policy.holding import Check, review

REASONS = (Reason.SILENCED, Reason.MAINTENANCE, Reason.QUIET_HOURS, Reason.INHIBITED)
MINUTES = st.integers(0, 60)


def check(reason: Reason, begins: int, lasts: int) -> Check:
    """Something that holds everything for a while."""
    begin = START + timedelta(minutes=begins)
    end = begin + timedelta(minutes=lasts)

    def holds(one: Incident, now: datetime) -> Hold | None:
        if not begin <= now < end:
            return None
        return Hold(silence_id=f"{reason.value} {begins}", reason=reason.value, until=end)

    return holds


CHECKS = st.lists(st.builds(check, st.sampled_from(REASONS), MINUTES, MINUTES), max_size=4)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sampled_from(Severity),
        "state": st.sampled_from(IncidentState),
        "synthetic": st.booleans(),
    },
)
OVER = {"state": IncidentState.RESOLVED}
LIFE = st.lists(st.tuples(MINUTES, CHANGES), min_size=1, max_size=6)


def first(checks: list[Check], one: Incident, now: datetime) -> str:
    """The reason that must win, found by asking each check by itself."""
    for each in checks:
        hold = each(one, now)
        if hold is None or one.synthetic:
            continue
        if hold.reason == Reason.SILENCED or one.severity is not Severity.CRITICAL:
            return hold.reason
    return ""


def quiet(checks: list[Check], before: Incident, now: datetime) -> str:
    """The window that keeps the end of one back that has a card and began to be held in it."""
    passes = before.synthetic or before.held or before.severity is Severity.CRITICAL
    if passes or before.silence is None:
        return ""
    found = [hold.reason for each in checks if (hold := each(before, now))]
    return next((one for one in found if one in (Reason.MAINTENANCE, Reason.QUIET_HOURS)), "")


@given(CHECKS, LIFE)
# Found by chance in CI: shown before the window, over in it.
@example([check(Reason.MAINTENANCE, 1, 1)], [(0, {}), (1, {}), (0, OVER)])
def test_an_open_incident_is_held_exactly_while_something_may_hold_it(
    checks: list[Check], life: list[tuple[int, dict[str, object]]]
) -> None:
    one = incident()
    shown = False
    now = START
    for at, (minutes, changes) in enumerate(life):
        now += timedelta(minutes=minutes)
        before = one.model_copy(update=changes)
        one = review(before, checks, now, opening=at == 0)
        assert review(one, checks, now) == one
        if one.state is not IncidentState.OPEN:
            assert (one.silence.reason if one.silence else "") == quiet(checks, before, now)
            assert one.held == before.held
            continue
        wanted = first(checks, one, now)
        assert (one.silence.reason if one.silence else "") == wanted
        if at == 0 or before.held:
            assert one.held == wanted
        assert not (shown and one.held), "what people have seen must not be taken away"
        shown = shown or not one.held
    calm = now + timedelta(hours=3)
    opened = one.model_copy(update={"state": IncidentState.OPEN})
    assert review(opened, checks, calm).held == ""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from responder.alert import Severity
from responder.analysis import freshness
from responder.analysis.freshness import Makers, News, fresh_until, is_fresh
from responder.errors import Reason
from unit.analysis.examples import NOW, analysis

MAKERS = Makers(("claude-haiku-5-5", "claude-sonnet-5-5"), "v1")
INCIDENTS = [f"v1:5f2c.0b1d.{number}" for number in range(4_000)]
RENEWS = next(one for one in INCIDENTS if freshness.renews(one))
KEEPS = next(one for one in INCIDENTS if not freshness.renews(one))


def test_the_graver_the_shorter() -> None:
    ends = [fresh_until(analysis(), severity, NOW) for severity in Severity]
    assert all(graver < milder for graver, milder in pairwise(ends))
    assert ends[0] - NOW >= timedelta(hours=1)
    assert ends[-1] - NOW <= timedelta(days=7)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_fallback_lives_shorter_than_any_analysis(reason: Reason) -> None:
    fallback = analysis(tier="fallback", made_by="fallback", fallback_reason=reason.value)
    for severity in Severity:
        assert NOW < fresh_until(fallback, severity, NOW) <= NOW + timedelta(hours=1)


def test_a_triage_that_awaits_claude_is_never_fresh() -> None:
    waiting = analysis(tier="fallback", made_by="fallback")
    end = fresh_until(waiting, Severity.INFO, NOW)
    assert not is_fresh(waiting, end, NOW, MAKERS, RENEWS)


def test_a_refusal_is_not_asked_again_as_soon_as_an_outage() -> None:
    def end(reason: Reason) -> object:
        found = analysis(tier="fallback", made_by="fallback", fallback_reason=reason.value)
        return fresh_until(found, Severity.HIGH, NOW)

    assert end(Reason.REFUSED_BY_CLAUDE) > end(Reason.UNAVAILABLE)  # type: ignore[operator]


def test_fresh_until_its_end_and_not_at_it() -> None:
    end = NOW + timedelta(hours=1)
    assert is_fresh(analysis(), end, end - timedelta(seconds=1), MAKERS, RENEWS)
    assert not is_fresh(analysis(), end, end, MAKERS, KEEPS)


@pytest.mark.parametrize(
    "makers", [replace(MAKERS, prompt="v2"), replace(MAKERS, models=("claude-sonnet-5-5",))]
)
def test_another_prompt_or_model_makes_an_analysis_stale_for_a_few_incidents_only(
    makers: Makers,
) -> None:
    end = NOW + timedelta(hours=1)
    assert is_fresh(analysis(), end, NOW, makers, KEEPS)
    assert not is_fresh(analysis(), end, NOW, makers, RENEWS)
    renewing = [one for one in INCIDENTS if not is_fresh(analysis(), end, NOW, makers, one)]
    assert len(renewing) == pytest.approx(len(INCIDENTS) * freshness.RENEWED_SHARE, rel=0.1)


def test_who_renews_is_the_same_however_often_it_is_asked() -> None:
    once = [one for one in INCIDENTS if freshness.renews(one)]
    assert once == [one for one in reversed(INCIDENTS) if freshness.renews(one)][::-1]


def test_who_renews_does_not_depend_on_who_looks_ahead() -> None:
    """With the same chance for both, what is renewed would always be what is about to expire."""
    ahead = [one for one in INCIDENTS if freshness.looked_at(NOW, one) - NOW > freshness.HEAD_START]
    renewing = sum(map(freshness.renews, ahead))
    assert renewing == pytest.approx(len(ahead) * freshness.RENEWED_SHARE, rel=0.2)


def test_a_fallback_does_not_depend_on_prompt_and_model() -> None:
    fallback = analysis(tier="fallback", made_by="fallback", fallback_reason="timeout")
    assert is_fresh(fallback, NOW + timedelta(minutes=1), NOW, Makers((), "v2"), RENEWS)


def test_nothing_is_not_fresh() -> None:
    assert not is_fresh(None, NOW + timedelta(hours=1), NOW, MAKERS, RENEWS)
    assert not is_fresh(analysis(), None, NOW, MAKERS, RENEWS)


def test_a_head_start_depends_on_the_incident_alone_and_is_rarely_long() -> None:
    starts = [freshness.looked_at(NOW, f"incident-{number}") - NOW for number in range(2_000)]
    assert starts[7] == freshness.looked_at(NOW, "incident-7") - NOW
    mean = sum(starts, timedelta()) / len(starts)
    assert timedelta(0) <= min(starts) < freshness.HEAD_START / 100
    assert 0.9 * freshness.HEAD_START < mean < 1.1 * freshness.HEAD_START
    assert max(starts) < freshness.HEAD_START * 12


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({"version": "1.2.3"}, "1.2.3"),
        ({"app.kubernetes.io/version": "7"}, "7"),
        ({"Image-Tag": "abc", "team": "x"}, "abc"),
        ({"git_commit": "0af", "version": "2"}, "2"),
        ({"version": ""}, ""),
        ({"team": "x"}, ""),
    ],
)
def test_alerts_may_name_the_version_of_their_service(labels: dict[str, str], found: str) -> None:
    assert freshness.deployed(labels) == found


@pytest.mark.parametrize(
    ("analysed", "alerting", "age", "outdated"),
    [
        ("1", "2", timedelta(hours=1), True),
        ("1", "2", timedelta(minutes=29), False),
        ("1", "1", timedelta(hours=1), False),
        ("", "2", timedelta(hours=1), False),
        ("1", "", timedelta(hours=1), False),
    ],
)
def test_a_deployment_outdates_what_was_analysed_before(
    analysed: str, alerting: str, age: timedelta, outdated: bool
) -> None:
    made = analysis().model_copy(update={"deployment": analysed, "made_at": NOW - age})
    assert freshness.overtaken(made, News(deployment=alerting), NOW) is outdated


@pytest.mark.parametrize(
    ("age", "changed_ago", "outdated"),
    [
        (timedelta(hours=1), timedelta(minutes=59), True),
        (timedelta(hours=1), timedelta(minutes=61), False),
        (timedelta(minutes=29), timedelta(minutes=1), False),
    ],
)
def test_a_change_that_was_told_outdates_what_was_analysed_before(
    age: timedelta, changed_ago: timedelta, outdated: bool
) -> None:
    made = analysis().model_copy(update={"made_at": NOW - age})
    assert freshness.overtaken(made, News(changed_at=NOW - changed_ago), NOW) is outdated

"""After a promotion: an analysis by another prompt or model, as both lanes treat it."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, verdict
from responder.alert import Scope
from responder.analysis.freshness import renews
from responder.analysis.verdict import Analysis
from responder.cache_entry import CacheEntry, CacheState
from responder.contracts import AnalysisRequest


@pytest.mark.parametrize("before", [verdict(prompt_version="older"), verdict(made_by="older")])
def test_the_first_incident_that_renews_does_so_for_all(before: Analysis) -> None:
    desk = Desk()
    entry = CacheEntry(cache_key="v1:disk@", state=CacheState.DONE, analysis=before)
    desk.put_entry(entry.model_copy(update={"fresh_until": desk.now() + timedelta(hours=4)}))
    ids = [_opened(desk, number) for number in range(40)]
    assert {_headline(desk, one) for one in ids} == {before.headline}
    asked = desk.requested()
    assert asked == [one for one in ids if renews(one)]
    assert len(asked) > 1
    for one in asked:
        desk.investigator.handle(
            AnalysisRequest(incident_id=one, cache_key="v1:disk@", first_sent=desk.now())
        )
    assert desk.claude.asked == [(asked[0], "small")]
    assert {_headline(desk, one) for one in asked} == {"verdict 1"}
    later = [_opened(desk, number) for number in range(40, 80)]
    assert any(map(renews, later))
    assert {_headline(desk, one) for one in later} == {"verdict 1"}
    assert desk.requested() == []


def _opened(desk: Desk, number: int) -> str:
    place = Scope(environment=f"e{number}")
    desk.record(alert(f"a{number}", fingerprint=f"f{number}", scope=place))
    return f"v1:disk|e{number}.1"


def _headline(desk: Desk, incident_id: str) -> str:
    return desk.incident(incident_id).analysis.headline

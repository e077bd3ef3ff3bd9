"""Whatever an incident holds, its messages are valid, tame and within every limit."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.alert import Scope, Severity
from responder.analysis.verdict import Analysis, Cause, Check, Confidence
from responder.delivery import card, details, notices
from responder.errors import Reason
from responder.incident import Incident, IncidentState, Notice, NoticeKind
from unit.delivery.checker import problems

HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<@U12345>",
    "<#C12345>",
    "<https://evil.example|ok>",
    "https://evil.example",
    "<!date^1^{time}|x>",
    "&lt;!channel&gt;",
    "```",
    "`",
    "*_~",
    "&",
    "<",
    ">|<",
    "\n\n",
    "\r\n>",
    "\u202e",
    "\u200b",
    "e\u0301\u0302\u0303",
    "👩\u200d💻",
    "🏳️\u200d🌈",
    "שלום",
    "漢字",
    "\x00\x1b[31m",
    "word ",
)
pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
texts = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(pieces, max_size=5),
    st.sampled_from((0, 1, 1, 1, 7, 120, 900)),
)
urls = st.one_of(
    texts, st.builds("https://{}/{}".format, st.sampled_from(("a.example", "[", "x@y")), texts)
)
moments = st.datetimes(
    min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)
analyses = st.builds(
    Analysis,
    headline=texts,
    summary=texts,
    causes=st.lists(
        st.builds(
            Cause,
            text=texts,
            confidence=st.sampled_from(Confidence),
            evidence=st.lists(texts, max_size=4).map(tuple),
        ),
        max_size=5,
    ).map(tuple),
    impact=texts,
    checks=st.lists(st.builds(Check, text=texts, command=texts), max_size=6).map(tuple),
    actions=st.lists(texts, max_size=6).map(tuple),
    severity_opinion=st.none() | st.sampled_from(Severity),
    severity_reason=texts,
    confidence=st.sampled_from(Confidence),
    noise_likelihood=st.floats(allow_nan=True, allow_infinity=True),
    noise_fix=texts,
    would_change=texts,
    runbook=texts,
    made_by=texts,
    tier=st.sampled_from(("small", "large", "fallback")),
    made_at=moments,
    cost_usd=st.floats(min_value=0, max_value=1e6),
    fallback_reason=st.one_of(st.just(""), st.sampled_from([r.value for r in Reason]), texts),
)
incidents = st.builds(
    Incident,
    incident_id=texts,
    key=texts,
    episode=st.just(1),
    signature=texts,
    cache_key=texts,
    explanation=texts,
    source=texts,
    rule=texts,
    title=texts,
    message=texts,
    service=texts,
    resource=texts,
    scope=st.builds(Scope, account=texts, region=texts, cluster=texts, environment=texts),
    labels=st.dictionaries(texts, texts, max_size=30),
    links=st.dictionaries(texts, urls, max_size=10),
    severity=st.sampled_from(Severity),
    state=st.sampled_from(IncidentState),
    unknown_format=st.booleans(),
    synthetic=st.booleans(),
    first_alert_id=texts,
    count=st.integers(0, 10**9),
    resolves=st.integers(0, 10**9),
    firing=st.integers(0, 10**9),
    first_seen=moments,
    last_seen=moments,
    opened_at=moments,
    first_received_at=moments,
    resolved_at=st.none() | moments,
    analysis=analyses,
    from_cache=st.booleans(),
)
notes = st.builds(
    Notice, number=st.just(1), kind=st.sampled_from(NoticeKind), at=moments, detail=texts
)
slow: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


@settings(max_examples=200, **slow)
@given(incident=incidents, now=moments)
def test_any_incident_renders_to_valid_cards(incident: Incident, now: datetime) -> None:
    for render in (card.render, card.webhook_first, card.webhook_analysis):
        assert problems(render(incident, now)) == []
    for shortened in (False, True):
        assert problems(details.render(incident, shortened=shortened)) == []


@settings(max_examples=60, **slow)
@given(incident=incidents, notice=notes, standalone=st.booleans())
def test_any_notice_renders_to_a_valid_message(
    incident: Incident, notice: Notice, standalone: bool
) -> None:
    assert problems(notices.render(incident, notice, standalone=standalone)) == []


@settings(max_examples=60, **slow)
@given(incident=incidents, now=moments)
def test_rendering_is_a_pure_function(incident: Incident, now: datetime) -> None:
    assert card.render(incident, now) == card.render(incident, now)

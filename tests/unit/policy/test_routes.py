"""The operators' routes: which one wins, what a file may say, and when it is asked."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from examples import alert, incident
from responder.alert import Severity
from responder.document import MAX_BYTES
from responder.incident import Destination, Incident
from responder.policy.routes import Routes, routed
from responder.policy.window import of_route


def routes(*written: dict[str, Any]) -> Routes:
    return Routes.model_validate({"routes": written})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def destination(file: Routes, **facts: str) -> Destination:
    return file.destination(facts)


NIGHT = {"every": "day", "at": "22:00", "lasts": "8h", "zone": "Europe/Berlin"}
WEEKEND = NIGHT | {"every": "fri", "at": "18:00", "lasts": "2d14h", "below": "CRITICAL"}

FILE = routes(
    {
        "name": "payments",
        "match": ['service=~"pay.*"', "environment=prod"],
        "channel": "payments",
        "mentions": ["U0123ABC", "W0123ABC", "S0123ABC", "here", "channel"],
        "minimum_severity": "MEDIUM",
    },
    {"match": ["service=~pay.*"], "channel": "C0123ABCD"},
    {"match": ["severity=CRITICAL"], "mentions": ["here"]},
)


def test_the_first_match_wins_and_says_it_all() -> None:
    assert destination(FILE, service="payments", environment="prod") == Destination(
        route="payments",
        channel="#payments",
        mentions=("U0123ABC", "W0123ABC", "S0123ABC", "here", "channel"),
        minimum_severity=Severity.MEDIUM,
    )
    second = Destination(route="route 2", channel="C0123ABCD")
    assert destination(FILE, service="payments", environment="test") == second
    assert destination(FILE, service="search", severity="CRITICAL").mentions == ("here",)
    assert destination(FILE, service="search", severity="HIGH") == Destination()


def test_a_route_without_matchers_takes_the_rest() -> None:
    assert destination(routes({"channel": "#rest"}), service="any").channel == "#rest"


@pytest.mark.parametrize(
    ("minimum", "severity", "held"),
    [
        (Severity.HIGH, Severity.HIGH, False),
        (Severity.HIGH, Severity.MEDIUM, True),
        (Severity.CRITICAL, Severity.HIGH, True),
        (Severity.CRITICAL, Severity.CRITICAL, False),
        (Severity.INFO, Severity.INFO, False),
    ],
)
def test_a_minimum_holds_what_is_milder_and_never_critical(
    minimum: Severity, severity: Severity, held: bool
) -> None:
    assert Destination(minimum_severity=minimum).holds(severity) is held


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"match": ["servise=a"]}, "there is no field 'servise'"),
        ({"match": ["service"]}, "is not written FIELD=VALUE"),
        ({"match": ["title=~("]}, "is no expression of RE2"),
        ({"channel": "My Channel"}, "neither a channel's name"),
        ({"channel": "<!channel>"}, "neither a channel's name"),
        ({"channel": "#"}, "neither a channel's name"),
        ({"mentions": ["everyone"]}, "routes.0.mentions.0"),
        ({"mentions": ["here> <!channel"]}, "routes.0.mentions.0"),
        ({"mentions": ["U0123ABC\n"]}, "routes.0.mentions.0"),
        ({"mentions": ["@anna"]}, "routes.0.mentions.0"),
        ({"minimum_severity": "BAD"}, "routes.0.minimum_severity"),
        ({"chanel": "#a"}, "routes.0.chanel"),
        ({"mentions": ["here"] * 11}, "at most 10"),
        ({"quiet_hours": [NIGHT | {"every": "mo-fr"}]}, "mon-fri"),
        ({"quiet_hours": [NIGHT | {"at": "24:00"}]}, "no time like 22:00"),
        ({"quiet_hours": [NIGHT | {"lasts": "8"}]}, "like 8h"),
        ({"quiet_hours": [NIGHT | {"lasts": "8d"}]}, "up to 7d"),
        ({"quiet_hours": [NIGHT | {"lasts": "1d"}]}, "it would never end"),
        ({"quiet_hours": [NIGHT | {"below": "INFO"}]}, "nothing is below INFO"),
        ({"quiet_hours": [{"at": "22:00", "lasts": "8h"}]}, "quiet_hours.0.zone"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        routes(written)
    assert said in str(caught.value)


def test_a_route_that_is_never_reached_is_refused() -> None:
    with pytest.raises(ValidationError, match="route 2 matches everything"):
        routes({"match": ["service=a"]}, {"channel": "#all"}, {"match": ["service=b"]})


def test_a_file_fits_into_one_item() -> None:
    every = [{"match": [f"service={'x' * 900}{number}"]} for number in range(MAX_BYTES // 900)]
    with pytest.raises(ValidationError, match=f"more than {MAX_BYTES} bytes"):
        routes(*every)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"service": "a"}, "need a severity"),
        ({"service": "a", "severity": "BAD"}, "need a severity"),
        ({"servise": "a", "severity": "LOW"}, "there is no field 'servise'"),
    ],
)
def test_a_test_has_facts_that_an_incident_could_have(facts: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Routes.model_validate({"tests": [{"facts": facts}]})
    assert said in str(caught.value)


BY_SEVERITY = routes(
    {"match": ["severity=CRITICAL"], "channel": "#war-room"}, {"channel": "#daily"}
)
OPENED = routed(incident(), None, BY_SEVERITY)


def test_it_is_decided_at_the_opening_and_when_the_severity_changes() -> None:
    assert OPENED.route is not None
    assert OPENED.route.channel == "#daily"
    worse = OPENED.model_copy(update={"severity": Severity.CRITICAL})
    assert routed(worse, OPENED, BY_SEVERITY).route.channel == "#war-room"  # type: ignore[union-attr]


def test_other_changes_keep_what_was_decided() -> None:
    again = OPENED.model_copy(update={"count": 2})
    assert routed(again, OPENED, routes({"channel": "#new"})) is again


def test_what_is_held_may_leave_by_newer_routes() -> None:
    held = OPENED.model_copy(update={"held": "below_minimum"})
    again = held.model_copy(update={"count": 2})
    assert routed(again, held, routes({"channel": "#new"})).route.channel == "#new"  # type: ignore[union-attr]


def test_our_own_checks_take_no_route() -> None:
    own = incident(synthetic=True)
    assert routed(own, None, routes({"channel": "#a", "minimum_severity": "CRITICAL"})) is own


@pytest.mark.parametrize(
    ("now", "severity", "ends"),
    [
        # Wednesday night and noon.
        ("2026-11-18T23:00+01:00", Severity.MEDIUM, "2026-11-19T06:00+01:00"),
        ("2026-11-19T05:59+01:00", Severity.MEDIUM, "2026-11-19T06:00+01:00"),
        ("2026-11-19T06:00+01:00", Severity.MEDIUM, ""),
        ("2026-11-18T12:00+01:00", Severity.INFO, ""),
        ("2026-11-18T23:00+01:00", Severity.HIGH, ""),
        # Saturday night: both, and the longer one counts.
        ("2026-11-21T23:00+01:00", Severity.MEDIUM, "2026-11-23T08:00+01:00"),
        ("2026-11-21T23:00+01:00", Severity.HIGH, "2026-11-23T08:00+01:00"),
        ("2026-11-21T23:00+01:00", Severity.CRITICAL, ""),
    ],
)
def test_quiet_hours_hold_what_is_milder_until_the_longest_ends(
    now: str, severity: Severity, ends: str
) -> None:
    file = routes({"name": "nights", "quiet_hours": [NIGHT, WEEKEND]})
    held = of_route(routed(incident(severity=severity), None, file), moment(now))
    assert (held and (held.silence_id, held.reason, held.until)) == (
        ("nights", "quiet_hours", moment(ends)) if ends else None
    )


def test_hours_of_an_unknown_zone_hold_nothing() -> None:
    file = routes({"quiet_hours": [NIGHT | {"zone": "Mars/Olympus"}]})
    held = routed(incident(severity=Severity.LOW), None, file)
    assert of_route(held, moment("2026-11-18T23:00+01:00")) is None


def test_an_incident_remembers_its_hours() -> None:
    sent = routed(incident(), None, routes({"quiet_hours": [NIGHT, WEEKEND]}))
    assert Incident.model_validate_json(sent.model_dump_json()) == sent


RATED = Routes.model_validate(
    {
        "severities": [
            {"name": "databases", "match": ["source=cloudwatch", "title=~db-.*"],
             "severity": "CRITICAL"},
            {"match": ["label.tier=test"], "severity": "LOW"},
        ],
        "routes": [{"match": ["severity=CRITICAL"], "channel": "#bad"}],
    }
)  # fmt: skip


def test_the_first_severity_that_matches_replaces_the_tools_own() -> None:
    of = alert(source="cloudwatch", title="db-1", severity=Severity.HIGH, labels={"tier": "test"})
    rated = RATED.rated(of)
    assert rated == of.model_copy(
        update={"severity": Severity.CRITICAL, "rated": "databases (the tool said HIGH)"}
    )
    mild = RATED.rated(of.model_copy(update={"title": "web-1"}))
    assert (mild.severity, mild.rated) == (Severity.LOW, "severity 2 (the tool said HIGH)")


def test_what_no_severity_matches_keeps_the_tools_own() -> None:
    of = alert(source="zabbix", title="db-1")
    assert RATED.rated(of) is of
    assert Routes().rated(of) is of


def test_a_severity_for_everything_is_not_meant() -> None:
    with pytest.raises(ValidationError, match="match"):
        Routes.model_validate({"severities": [{"match": [], "severity": "LOW"}]})

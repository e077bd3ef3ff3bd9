"""Maintenance windows and quiet hours: when they last, whom they hold, what cannot be meant."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from examples import incident
from responder.alert import Severity
from responder.errors import Reason
from responder.policy.holding import review
from responder.policy.matching import Matcher
from responder.policy.window import Window, Windows
from responder.recurrence import Span, knows_zone

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
#: Saturday night, 04:00 in Berlin.
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def window(*matchers: str, **changes: Any) -> Window:
    fields: dict[str, Any] = {
        "id": "w1",
        "matchers": tuple(map(Matcher.parse, matchers)),
        "at": time(2),
        "lasts": 4 * HOUR,
        "zone": BERLIN,
        "comment": "backups",
        "author": "anna",
    }
    return Window.model_validate(fields | changes)


def disks(**changes: Any) -> Window:
    return window("title=disk full", **changes)


EVERY_DATE = tuple(range(1, 32))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "lasts"),
    [
        ("2026-11-21 00:59:59", False),
        ("2026-11-21 01:00", True),
        ("2026-11-21 04:59:59", True),
        ("2026-11-21 05:00", False),
    ],
)
def test_it_lasts_from_its_begin_until_just_before_its_end(now: str, lasts: bool) -> None:
    assert (disks().running(utc(now)) is not None) is lasts


@pytest.mark.parametrize(
    ("days", "dates", "expected"),
    [
        ((), (), "2026-11-22 01:00"),
        ((0,), (), "2026-11-23 01:00"),
        ((5,), (), "2026-11-28 01:00"),
        ((), (1, 15), "2026-12-01 01:00"),
        ((), (31,), "2026-12-31 01:00"),
        ((6,), (1, 2, 3, 4, 5, 6, 7), "2026-12-06 01:00"),
        ((0,), (31,), "2027-05-31 00:00"),
    ],
    ids=["daily", "mondays", "saturdays", "dates", "31st", "first Sunday", "Monday the 31st"],
)
def test_it_comes_on_its_days_and_dates(
    days: tuple[int, ...], dates: tuple[int, ...], expected: str
) -> None:
    found = disks(days=days, dates=dates).coming(NOW)
    assert found.begins == utc(expected)


def test_one_that_began_yesterday_lasts_over_midnight() -> None:
    nightly = disks(at=time(22), lasts=8 * HOUR, days=(4,))
    assert nightly.running(NOW) == Span(utc("2026-11-20 21:00"), utc("2026-11-21 05:00"))
    assert nightly.running(NOW + 24 * HOUR) is None


def test_a_weekend_is_one_window() -> None:
    weekend = disks(at=time(18), lasts=timedelta(days=2, hours=12), days=(4,))
    assert weekend.running(utc("2026-11-23 04:59"))
    assert weekend.running(utc("2026-11-23 05:00")) is None


@pytest.mark.parametrize(
    ("day", "at", "begins"),
    [
        # Clocks go from 02:00 to 03:00 at 01:00 UTC: half past two is half past three.
        (date(2026, 3, 29), time(2, 30), "2026-03-29 01:30"),
        (date(2026, 3, 29), time(3), "2026-03-29 01:00"),
        (date(2026, 3, 28), time(3), "2026-03-28 02:00"),
        # Clocks go from 03:00 to 02:00 at 01:00 UTC: half past two comes twice.
        (date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),
        (date(2026, 10, 25), time(3), "2026-10-25 02:00"),
    ],
)
def test_it_follows_the_clocks_of_its_zone(day: date, at: time, begins: str) -> None:
    before = datetime.combine(day, time(0), UTC) - 2 * HOUR
    found = disks(at=at, lasts=HOUR).coming(before)
    assert found == Span(utc(begins), utc(begins) + HOUR)


@pytest.mark.parametrize("night", ["2026-03-28 20:00", "2026-10-24 20:00", "2026-11-20 20:00"])
def test_it_lasts_its_duration_also_when_clocks_change(night: str) -> None:
    found = disks(at=time(23), lasts=8 * HOUR).coming(utc(night))
    assert found.ends - found.begins == 8 * HOUR


@pytest.mark.parametrize(
    ("zone", "at", "begins"),
    [
        ("Asia/Kathmandu", time(6), "2026-11-22 00:15"),
        ("Pacific/Kiritimati", time(6), "2026-11-21 16:00"),
        ("Pacific/Pago_Pago", time(6), "2026-11-21 17:00"),
        ("UTC", time(6), "2026-11-21 06:00"),
    ],
)
def test_every_zone_has_its_own_day(zone: str, at: time, begins: str) -> None:
    found = disks(at=at, lasts=HOUR, zone=zone).coming(NOW)
    assert found.begins == utc(begins)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(
    now=MOMENTS,
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    days=st.sets(st.integers(0, 6), max_size=6).map(tuple),
    minutes=st.integers(1, 23 * 60),
)
def test_what_is_coming_is_running_when_it_has_come(
    now: datetime, at: time, zone: str, days: tuple[int, ...], minutes: int
) -> None:
    one = disks(at=at, zone=zone, days=days, lasts=timedelta(minutes=minutes))
    found = one.coming(now)
    assert found.begins > now
    assert one.running(found.begins) == found
    assert one.running(found.ends - timedelta(seconds=1)) is not None
    last = one.running(now)
    assert last is None or last.begins <= now < last.ends


@pytest.mark.parametrize(
    ("below", "severity", "reason"),
    [
        (Severity.CRITICAL, Severity.CRITICAL, ""),
        (Severity.CRITICAL, Severity.HIGH, "maintenance"),
        (Severity.CRITICAL, Severity.INFO, "maintenance"),
        (Severity.HIGH, Severity.HIGH, ""),
        (Severity.HIGH, Severity.MEDIUM, "quiet_hours"),
        (Severity.LOW, Severity.MEDIUM, ""),
    ],
)
def test_it_holds_what_is_below_its_severity(
    below: Severity, severity: Severity, reason: str
) -> None:
    checks = (Windows([disks(below=below)]).hold,)
    opened = review(incident(severity=severity), checks, NOW, opening=True)
    assert opened.held == reason
    assert (opened.silence is not None) is bool(reason)


def test_quiet_hours_need_no_matcher() -> None:
    quiet = Windows([window(below=Severity.HIGH)])
    held = quiet.hold(incident(severity=Severity.LOW), NOW)
    assert held is not None
    assert (held.reason, held.until, held.author) == (
        Reason.QUIET_HOURS,
        utc("2026-11-21 05:00"),
        "anna",
    )


def test_the_longest_of_several_is_named() -> None:
    every = [disks(id=f"{hours} h", lasts=hours * HOUR) for hours in (3, 6, 4)]
    held = Windows(every).hold(incident(), NOW)
    assert held is not None
    assert held.silence_id == "6 h"


def test_it_is_asked_anew_every_minute() -> None:
    windows = Windows([disks()])
    end = utc("2026-11-21 05:00")
    assert windows.hold(incident(), end - timedelta(seconds=1))
    assert windows.hold(incident(), end) is None


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "/etc/passwd", "Europe", "\0"])
def test_a_window_of_an_unknown_zone_is_named_and_holds_nothing(zone: str) -> None:
    windows = Windows([disks(zone=zone), disks(id="w2")])
    assert [one.id for one in windows.homeless] == ["w1"]
    held = windows.hold(incident(), NOW)
    assert held is not None
    assert held.silence_id == "w2"


def test_zones_are_known_where_the_system_has_no_data_of_them() -> None:
    """As on a Lambda image: the functions bring their own."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert knows_zone("Asia/Kathmandu")
    finally:
        zoneinfo.reset_tzpath(to=before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matchers": ()}, "would hold everything"),
        ({"matchers": (Matcher.parse("service!=a"),)}, "would hold everything"),
        ({"below": "INFO"}, "nothing is below INFO"),
        ({"at": time(2, 0, 30)}, "begins and ends with a minute"),
        ({"at": time(2, tzinfo=UTC)}, "begins and ends with a minute"),
        ({"lasts": timedelta(seconds=90)}, "begins and ends with a minute"),
        ({"lasts": timedelta(0)}, "greater than or equal to 1 minute"),
        ({"lasts": timedelta(hours=24)}, "would never end"),
        ({"lasts": timedelta(days=4), "days": (0, 3)}, "would never end"),
        ({"lasts": timedelta(days=1), "dates": EVERY_DATE}, "would never end"),
        ({"lasts": timedelta(days=2), "dates": EVERY_DATE[::2]}, "would never end"),
        ({"lasts": timedelta(days=7), "days": (0,), "dates": EVERY_DATE}, "would never end"),
        ({"lasts": timedelta(days=8)}, "less than or equal to 7 days"),
        ({"days": (7,)}, "less than or equal to 6"),
        ({"dates": (0,)}, "greater than or equal to 1"),
        ({"comment": "x"}, "at least 3 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        disks(**changes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"lasts": timedelta(hours=23, minutes=59)},
        {"lasts": timedelta(days=3), "days": (0, 3)},
        {"lasts": timedelta(days=6, hours=23), "days": (0,)},
        {"lasts": timedelta(days=1), "dates": EVERY_DATE[:30]},
        {"lasts": timedelta(days=7), "dates": (31,)},
        {"lasts": timedelta(days=7), "days": (0,), "dates": (31,)},
    ],
)
def test_what_ends_before_it_begins_again_is_taken(changes: dict[str, Any]) -> None:
    assert disks(**changes).lasts == changes["lasts"]


def test_one_is_found_among_thousands() -> None:
    every = [window(f"service=other{n}", id=f"a{n}") for n in range(2_000)]
    windows = Windows([*every, window("service=checkout", id="wanted")])
    held = windows.hold(incident(service="checkout"), NOW)
    assert held is not None
    assert held.silence_id == "wanted"
    assert windows.hold(incident(service="nobody"), NOW) is None

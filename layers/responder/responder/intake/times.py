"""Times as monitoring tools write them, read leniently; a time that cannot be read is no time."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

# Before this, a time is a zero value ("not set"), a duration or a counter.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
# Epoch numbers by their size, up to the year 5138: seconds, then milli-, micro- and nanoseconds.
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))

# RFC 3339 and its neighbours: up to any number of fraction digits (Go 9, Azure 7), offsets without
# a colon (CloudWatch) or without minutes (PostgreSQL), Go's " +0000 UTC", a zone's name behind its
# Z (OpenSearch), dots or slashes in the date (Zabbix), no zone (UTC).
_WRITTEN = re.compile(
    r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?)?"
    r"\s*(?:(Z(?:\s+UTC)?|UTC|GMT)|([+-])(\d{2})(?:[:.]?(\d{2}))?(?:\s+[A-Z]{3,4})?)?",
    re.IGNORECASE,
)
# Java's and C's texts ("Tue Mar 10 11:50:00 UTC 2026"), put into the order of an e-mail's date; and
# American ones, which only their AM or PM tells from European ones.
_ASCTIME = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d)(?: ([A-Z]{3,4}))? (\d{4})"
)
_AMERICAN = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d)(?::(\d\d))? ([AP])M", re.IGNORECASE
)
_NUMBER = re.compile(r"\d{9,20}(?:\.\d{1,12})?")
_LONGEST = 64


def read_time(value: object) -> datetime | None:
    """The moment that ``value`` means, in UTC, or None for none, a zero value or nonsense."""
    if isinstance(value, str):
        return _read_text(value) if len(value) <= _LONGEST else None
    return _read(value) if value else None


# The alerts of a request share most of their times, not least the zero value of an end to come.
@lru_cache(maxsize=512)
def _read_text(text: str) -> datetime | None:
    return _read(text)


def _read(value: object) -> datetime | None:
    try:
        moment = _moment(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return moment if moment and _EARLIEST <= moment < _LATEST else None


def whole_milliseconds(moment: datetime | None) -> datetime | None:
    """The moment without its microseconds, for tools whose paths carry different precisions."""
    if moment is None:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        return _written(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _from_epoch(value)


def _written(text: str) -> datetime | None:
    if text[10:11] == "T" and text[-1] == "Z" and (moment := _iso(text)):
        return moment
    if _NUMBER.fullmatch(text):
        return _from_epoch(float(text) if "." in text else int(text))
    if found := _WRITTEN.fullmatch(text):
        return _from_parts(found)
    if found := _ASCTIME.fullmatch(text):
        month, day, time, zone, year = found.groups()
        return _of_mail(f"{day} {month} {year} {time} {zone or 'UTC'}")
    if found := _AMERICAN.fullmatch(text):
        return _from_american(found)
    return _of_mail(text) if "," in text else None


def _of_mail(text: str) -> datetime | None:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo:
        return moment.astimezone(UTC)
    # A zone of an unknown name, or PM, which is taken for one: a time that may be hours off.
    return None if text[-1:].isalpha() else moment.replace(tzinfo=UTC)


def _from_american(found: re.Match[str]) -> datetime:
    month, day, year, hour, minute = map(int, found.groups()[:5])
    hour = hour % 12 + (12 if found[7].upper() == "P" else 0)
    return datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    """The commonest form, RFC 3339 in UTC, by the standard library's much faster reader."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _from_epoch(number: float) -> datetime | None:
    for limit, per_second in _UNITS:
        if 0 < number < limit:
            seconds, rest = divmod(number, per_second)
            micros = int(rest * 1_000_000 // per_second) if per_second > 1 else 0
            return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
    return None


def _from_parts(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, _, sign, east, past = found.groups()
    zone = UTC
    if sign:
        offset = timedelta(hours=int(east), minutes=int(past or 0))
        zone = timezone(-offset if sign == "-" else offset)
    micros = int((fraction or "").ljust(6, "0")[:6])
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
        micros, zone,
    )  # fmt: skip
    return moment.astimezone(UTC)

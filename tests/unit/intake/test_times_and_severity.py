"""The time zoo and the severity table."""

from datetime import UTC, datetime

import pytest

from responder.alert import Severity
from responder.intake.severity import heading_severity, read_severity, severity_of_labels
from responder.intake.times import read_time

MOMENT = datetime(2026, 5, 13, 9, 8, 7, tzinfo=UTC)
EPOCH = int(MOMENT.timestamp())


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-13T09:08:07Z",
        "2026-05-13T11:08:07+02:00",
        "2026-05-13T09:08:07.000+0000",
        "2026-05-13 09:08:07 +0000 UTC",
        "2026-05-13 09:08:07 UTC",
        "2026-05-13T09:08:07",
        "2026.05.13 09:08:07",
        "2026-05-13T09:08:07.0000000Z",
        "Wed, 13 May 2026 09:08:07 GMT",
        "Wed, 13 May 2026 09:08:07 -0000",
        "Wed May 13 09:08:07 UTC 2026",
        "Wed May 13 05:08:07 EDT 2026",
        "2026-05-13T11:08:07+02",
        "2026-05-13T10:08:07.0+01.00",
        "2026-05-13T09:08:07.000Z UTC",
        "Wed May 13 02:08:07 PDT 2026",
        "Wed May 13 09:08:07 2026",
        "5/13/2026 9:08:07 AM",
        EPOCH,
        float(EPOCH),
        str(EPOCH),
        EPOCH * 1_000,
        str(EPOCH * 1_000),
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
    ],
)
def test_times_are_read_however_they_are_written(value: object) -> None:
    assert read_time(value) == MOMENT


def test_fractions_are_kept_to_the_microsecond() -> None:
    assert read_time("2026-05-13T09:08:07.905547188Z") == MOMENT.replace(microsecond=905547)
    assert read_time(EPOCH * 1000 + 250) == MOMENT.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "value",
    [None, "", "0", 0, -1, True, "0001-01-01T00:00:00Z", "soon", "9999-99-99", 1e400, float("nan"),
     "Wed May 99 09:08:07 UTC 2026", "13/13/2026 9:08:07 AM", "05/13/2026 09:08:07",
     "2026-02-30T00:00:00Z", "99999-01-01T00:00:00Z", "9" * 5_000, {}, [], "a, b",
     # Hours off, as zones and halves of days that are not known would make them.
     "Wed May 13 09:08:07 CEST 2026", "May 13, 2026 1:00 PM", "Wednesday, May 13, 2026 1:00 PM"],
)  # fmt: skip
def test_zero_values_and_nonsense_are_no_time(value: object) -> None:
    assert read_time(value) is None


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        (" fatal ", Severity.CRITICAL),
        ("P1", Severity.CRITICAL),
        ("Sev0", Severity.CRITICAL),
        ("page", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("P2 - High", Severity.HIGH),
        ("P0", Severity.CRITICAL),
        ("SEV-1", Severity.CRITICAL),
        ("sev2", Severity.HIGH),
        ("SEV5 - cosmetic", Severity.INFO),
        ("Warning", Severity.MEDIUM),
        ("average", Severity.MEDIUM),
        ("minor", Severity.LOW),
        ("Informational", Severity.INFO),
        ("none", Severity.INFO),
        ("P5", Severity.INFO),
        ("critical: disk", Severity.CRITICAL),
    ],
)
def test_severity_words(word: str, severity: Severity) -> None:
    assert read_severity(word) is severity


@pytest.mark.parametrize("word", ["", "P12", "purple", None, 3, ["high"], "x" * 1_000])
def test_other_words_are_no_severity(word: object) -> None:
    assert read_severity(word) is None


def test_noon_and_midnight_are_told_apart() -> None:
    noon, midnight = read_time("5/13/2026 12:00 PM"), read_time("5/13/2026 12:00 AM")
    assert noon
    assert midnight
    assert (noon.hour, midnight.hour) == (12, 0)


@pytest.mark.parametrize(
    ("heading", "severity"),
    [
        ("CRITICAL: disk full", Severity.CRITICAL),
        ("[Warning] disk full", Severity.MEDIUM),
        ("P2: disk full", Severity.HIGH),
        ("Alert: disk full", None),
        ("[shop] disk full", None),
        ("disk full", None),
        ("critical parts of the disk are full", None),
    ],
)
def test_a_heading_tells_its_severity_before_the_colon(
    heading: str, severity: Severity | None
) -> None:
    assert heading_severity(heading) is severity


def test_labels_may_be_written_with_a_capital() -> None:
    assert severity_of_labels({"Severity": "Critical"}) is Severity.CRITICAL

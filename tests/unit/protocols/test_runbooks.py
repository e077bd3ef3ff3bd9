"""Runbooks in memory: when they are read, what waits for them, and when an analysis is outdated."""

import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desk import Desk
from examples import alert, incident, triage, verdict
from faults.world import START
from responder.alert import Scope
from responder.analysis import freshness, fulltext
from responder.analysis.context import Context, Passage, Retrieved
from responder.analysis.freshness import News
from responder.cache_entry import CacheEntry, CacheState
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.incident import Storm
from responder.ports import RunbookFile, Shelved
from responder.protocols import context
from responder.protocols.runbooks import MAX_AGE, Library
from unit.protocols.analysing import DEV, ID, handle

TEXT = "# Disk full\n1. Find what grows\n2. Rotate the logs"
EDITED = "# Disk full\n1. Call the storage team"
LONG_AGO = START - timedelta(days=30)
STEPS = ["Runbook: disk.md › Disk full", "Find what grows", "Rotate the logs"]  # noqa: RUF001


class Shelf:
    """Holds files; fails with ``error`` where there is one."""

    def __init__(self) -> None:
        self.files = [RunbookFile("disk.md", TEXT, LONG_AGO)]
        self.left_out: Sequence[str] = ()
        self.error: ResponderError | None = None
        self.reads = 0

    def read(self) -> Shelved:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return Shelved(list(self.files), self.left_out)

    def put(self, text: str, at: datetime, name: str = "disk.md") -> None:
        """Write a file, new or once more."""
        others = [file for file in self.files if file.name != name]
        self.files = [*others, RunbookFile(name, text, at)]


class NoFullText:
    """A connection to an SQLite that was built without FTS5."""

    def execute(self, *_: object) -> None:
        raise sqlite3.OperationalError("no such module: fts5")

    def close(self) -> None:
        """Nothing is open."""


class Readers(Desk):
    """A desk whose lanes know a library."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.library = self.process()

    def process(self) -> Library:
        """A library that has read nothing, for all lanes of the desk."""
        library = Library(self.shelf, self.telemetry, self.now)
        self.recorder = replace(self.recorder, runbooks=library.known)
        self.ticker = replace(self.ticker, afterwards=library.refresh)
        self.investigator = replace(
            self.investigator,
            runbooks=library.current,
            context=context.gatherer(self.store, self.telemetry, library.known).gather,
        )
        return library

    def first_checks(self, incident_id: str = ID) -> list[str]:
        return [check.text for check in self.incident(incident_id).analysis.checks[:3]]


@pytest.fixture
def desk() -> Readers:
    return Readers()


def test_a_first_card_never_waits_for_the_shelf(desk: Readers) -> None:
    desk.record(alert())
    assert desk.shelf.reads == 0
    assert desk.incident().analysis.checks


def test_what_a_tick_has_read_is_in_the_triage_of_the_next_first_card(desk: Readers) -> None:
    desk.ticker.tick()
    desk.record(alert())
    assert desk.first_checks() == STEPS
    assert desk.shelf.reads == 1


def test_a_triage_that_had_to_do_without_gets_the_steps_when_claude_is_given_up(
    desk: Readers,
) -> None:
    desk.record(alert())
    before = [check.text for check in desk.incident().analysis.checks]
    desk.claude.errors = [Permanent(Reason.NO_KEY, "")]
    handle(desk)
    after = [check.text for check in desk.incident().analysis.checks]
    assert after == [*STEPS, *before][: len(after)]
    assert desk.incident().analysis.fallback_reason == Reason.NO_KEY.value


def test_a_triage_that_names_a_runbook_keeps_it(desk: Readers) -> None:
    desk.library.refresh()
    desk.record(alert())
    desk.shelf.put(EDITED, desk.now())
    desk.process()
    desk.claude.errors = [Permanent(Reason.NO_KEY, "")]
    handle(desk)
    assert desk.first_checks() == STEPS


def test_the_shelf_is_read_again_when_it_is_time_and_only_then(desk: Readers) -> None:
    desk.library.refresh()
    desk.later(seconds=MAX_AGE.total_seconds() - 1)
    desk.library.refresh()
    assert desk.shelf.reads == 1
    desk.shelf.put(EDITED, desk.now())
    desk.later(seconds=1)
    found = desk.library.current(alert())
    assert found is not None
    assert [passage.text for passage in found.passages] == ["1. Call the storage team"]


def test_a_shelf_that_does_not_answer_is_counted_and_what_is_known_stays(desk: Readers) -> None:
    desk.library.refresh()
    desk.later(hours=1)
    desk.shelf.error = Retryable(Reason.TIMEOUT, "S3")
    found = desk.library.current(alert())
    assert found is not None
    assert found.passages
    assert desk.telemetry.counts["RunbooksUnreadable:timeout"] == 1
    desk.library.current(alert())
    assert desk.shelf.reads == 2, "it is not asked with every alert while it is down"


def test_without_any_ever_read_claude_is_asked_without(desk: Readers) -> None:
    desk.shelf.error = Retryable(Reason.UNAVAILABLE, "S3")
    desk.record(alert())
    handle(desk)
    (told,) = desk.claude.cases
    assert told.context.runbooks == ()
    assert not desk.incident().analysis.is_fallback


def test_a_tick_goes_on_where_the_shelf_does_not_answer(desk: Readers) -> None:
    desk.shelf.error = Retryable(Reason.UNAVAILABLE, "S3")
    desk.tick()
    assert desk.telemetry.counts["FailedItems"] == 0
    assert desk.telemetry.counts["RunbooksUnreadable:unavailable"] == 1


@pytest.mark.parametrize("missing", ["FTS5", "SQLite"])
def test_where_sqlite_cannot_search_the_runbooks_are_found_all_the_same(
    desk: Readers, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "FTS5":
        monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: NoFullText())
    else:
        monkeypatch.setitem(sys.modules, "sqlite3", None)
    assert not fulltext.is_built_in()
    desk.tick()
    desk.record(alert())
    assert desk.first_checks() == STEPS
    handle(desk)
    (told,) = desk.claude.cases
    assert desk.incident().analysis.runbooks == (told.context.runbooks[0].hash,)
    assert desk.library.read() == 1


def test_files_beyond_the_limits_are_named(desk: Readers) -> None:
    desk.shelf.left_out = ["big.md", "more.md"]
    desk.library.refresh()
    assert desk.telemetry.counts["RunbooksLeftOut"] == 2
    assert ("Runbooks left out", {"names": ["big.md", "more.md"]}) in desk.telemetry.lines


def test_claude_is_told_and_the_analysis_remembers_what(desk: Readers) -> None:
    desk.record(alert())
    handle(desk)
    (told,) = desk.claude.cases
    (passage,) = told.context.runbooks
    assert passage.heading == "Disk full"
    assert desk.entry().analysis == desk.incident().analysis
    assert desk.incident().analysis.runbooks == (passage.hash,)


def test_of_a_storm_no_runbook_is_told(desk: Readers) -> None:
    desk.library.refresh()
    gather = context.matching(desk.library.known)
    storm = incident(storm=Storm(most=8))
    assert gather(incident(), Context()).runbooks
    assert gather(storm, Context()).runbooks == ()


def analysed(desk: Readers) -> None:
    """One analysis, long enough ago, and an alert of the same signature after it."""
    desk.library.refresh()
    desk.record(alert())
    handle(desk)
    desk.requested()
    desk.later(seconds=freshness.SETTLED.total_seconds())


def again(desk: Readers) -> list[str]:
    """The next incident of the signature; which analyses were asked for."""
    desk.record(alert("b1", fingerprint="f2", scope=Scope(environment="dev")))
    return desk.requested()


def test_while_the_runbooks_stay_an_analysis_stays(desk: Readers) -> None:
    analysed(desk)
    desk.library.refresh()
    assert again(desk) == []


@pytest.mark.parametrize("change", ["edited", "removed", "new"])
def test_a_changed_runbook_outdates_what_was_analysed_with_it(desk: Readers, change: str) -> None:
    analysed(desk)
    match change:
        case "edited":
            desk.shelf.put(EDITED, desk.now())
        case "removed":
            desk.shelf.files = []
        case "new":
            desk.shelf.put("# The disk is full\nMove it.", desk.now(), "volumes.md")
    desk.library.refresh()
    assert again(desk) == [DEV]
    assert desk.incident(DEV).analysis.headline == "verdict 1", "served at once, refreshed behind"
    handle(desk, DEV)
    assert desk.incident(DEV).analysis.headline == "verdict 2"
    desk.later(minutes=30)
    handle(desk)
    assert len(desk.claude.asked) == 2, "once, whoever comes next"


def test_another_runbooks_change_outdates_nothing(desk: Readers) -> None:
    analysed(desk)
    desk.shelf.put("# Kafka lag\nAdd consumers.", desk.now(), "kafka.md")
    desk.library.refresh()
    assert again(desk) == []


def test_a_process_that_knows_no_runbooks_serves_what_is_there(desk: Readers) -> None:
    analysed(desk)
    desk.process()
    assert again(desk) == []


def test_one_that_was_analysed_a_moment_ago_stands_while_processes_learn_of_a_change(
    desk: Readers,
) -> None:
    desk.library.refresh()
    desk.record(alert())
    handle(desk)
    desk.requested()
    desk.later(seconds=freshness.SETTLED.total_seconds() - 60)
    desk.shelf.put(EDITED, desk.now())
    desk.library.refresh()
    assert again(desk) == []


def passage(text: str, changed_at: datetime) -> Passage:
    return Passage(file="a.md", heading="A", text=text, changed_at=changed_at)


def test_what_fits_another_alert_of_the_signature_is_no_news() -> None:
    told, other = passage("told", LONG_AGO), passage("other", LONG_AGO)
    made = verdict(runbooks=(told.hash,))
    known = frozenset({told.hash, other.hash})
    later = START + timedelta(hours=1)
    retrieved = Retrieved(passages=(other,), known=known)
    assert not freshness.overtaken(made, News(runbooks=retrieved), later)
    news = passage("other", START + timedelta(minutes=1))
    changed = Retrieved(passages=(news,), known=known)
    assert freshness.overtaken(made, News(runbooks=changed), later)
    assert not freshness.overtaken(made, News(), later)


def test_a_triage_is_outdated_by_no_runbook(desk: Readers) -> None:
    given_up = triage(fallback_reason="budget_spent", made_at=LONG_AGO, runbooks=("gone",))
    fresh_until = START + timedelta(minutes=30)
    entry = CacheEntry(
        cache_key="v1:disk@", state=CacheState.DONE, analysis=given_up, fresh_until=fresh_until
    )
    desk.put_entry(entry)
    desk.library.refresh()
    desk.record(alert())
    assert desk.requested() == []

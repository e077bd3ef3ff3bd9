"""The problems that Claude analysed last, as it would be asked about them now. Only reads.

``commands`` calls it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from responder import settings
from responder.adapters.runbooks import S3Shelf
from responder.analysis.context import Case, Context
from responder.clock import utc_now
from responder.incident import Incident
from responder.ports import Table
from responder.protocols import context, items
from responder.protocols.runbooks import Library
from responder_cli import accepted, console, incidents
from responder_cli.aws import LIVE, Stack

#: Alerts that are looked at, the newest first, however few problems they belong to.
MOST_ALERTS: Final = 2_000


class Unreadable(Exception):
    """The settings of the deployed function are not those of this version."""


def configured(stack: Stack) -> settings.Analysis:
    """The settings of the live analysis function. Raises Unreadable."""
    name = stack.function("AnalysisFunction")
    found = stack.client("lambda").get_function_configuration(FunctionName=name, Qualifier=LIVE)
    try:
        return settings.load(settings.Analysis, found.get("Environment", {}).get("Variables", {}))
    except settings.SettingsError as error:
        raise Unreadable(f"{name} was deployed from another version: {error}") from error


def analysed(stack: Stack, tier: str, most: int) -> list[Incident]:
    """The newest incidents with an analysis by Claude of ``tier``, one for each problem.

    Incidents of one problem share an analysis: to replay it twice would say nothing new.
    """
    found: dict[str, Incident] = {}
    for one in incidents.read(stack, _newest_ids(stack, utc_now() - items.RETENTION)):
        if one.analysis.tier == tier and not one.synthetic:
            found.setdefault(one.cache_key, one)
        if len(found) == most:
            break
    return list(found.values())


def _newest_ids(stack: Stack, start: datetime) -> Iterator[str]:
    seen = {""}
    for record in accepted.stored(stack, start, MOST_ALERTS):
        if record.incident_id not in seen:
            seen.add(record.incident_id)
            yield record.incident_id


def cases(stack: Stack, given: settings.Analysis, found: list[Incident]) -> list[Case]:
    """Each with what is known around it today, as the analysis lane would gather it.

    What people said of the very analysis that is compared would give the answer away.
    """
    shelf = S3Shelf(lambda: stack.client("s3"), given.runbook_bucket)
    library = Library(shelf, Warnings(), utc_now)
    store = stack.store(Table.INCIDENTS, Table.STATE)
    gatherer = context.gatherer(store, Warnings(), library.current)
    return [Case(incident=one, context=_unmarked(one, gatherer.gather(one))) for one in found]


def _unmarked(incident: Incident, known: Context) -> Context:
    before = (one for one in known.feedback if one.at <= incident.analysis.made_at)
    return known.model_copy(update={"feedback": tuple(before), "marks": {}})


class Warnings:
    """Telemetry for a person: warnings are shown, nothing is counted."""

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """As ``ports.Telemetry``."""

    def seconds(self, metric: str, value: float) -> None:
        """As ``ports.Telemetry``."""

    def info(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""

    def warning(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
        console.warn(": ".join((message, *map(str, fields.values()))))

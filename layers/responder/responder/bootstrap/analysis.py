"""The analysis function: processing lanes, analysis lane and tick."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from responder import settings
from responder.adapters import environment
from responder.adapters.breaker import Breaker
from responder.adapters.dynamodb import DynamoStore
from responder.adapters.runbooks import S3Shelf
from responder.adapters.secrets import Secret
from responder.analysis.freshness import Makers
from responder.bootstrap import checks, lanes
from responder.bootstrap.claude import analyst, way_in
from responder.bootstrap.lanes import QueueFunction, Records
from responder.bootstrap.telemetry import telemetry_of
from responder.clock import utc_now
from responder.contracts import AnalysisRequest, ChangeMessage, carries_change
from responder.policy.routes import Routes
from responder.ports import Queue, Table
from responder.protocols import context, identities, inhibiting
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Failures, merged, parted
from responder.protocols.budget_watch import BudgetWatch
from responder.protocols.changes import Historian
from responder.protocols.holds import CurrentHolds
from responder.protocols.record import Recorder
from responder.protocols.runbooks import Library
from responder.protocols.spending import Spending
from responder.protocols.storms import Gate
from responder.protocols.tick import Ticker
from responder.protocols.versions import INHIBITIONS, ROUTES, RULES, Current
from responder.signature import VERSIONS


@cache
def build() -> QueueFunction:
    """The analysis function: processing lanes, analysis lane and tick."""
    given = settings.load(settings.Analysis, environment.variables())
    telemetry = telemetry_of("analysis")
    tables = {
        Table.ALERTS: given.alerts_table,
        Table.CACHE: given.cache_table,
        Table.INCIDENTS: given.incidents_table,
        Table.STATE: given.state_table,
    }
    dynamodb = environment.dynamodb()
    store = DynamoStore(dynamodb, tables)
    queues = lanes.queues_of(given)
    key = Secret(environment.secrets(), given.anthropic_secret, given.max_age)
    claude = analyst(given, way_in(given, key), Breaker(dynamodb, given.state_table))
    makers = Makers(frozenset({given.model_small, given.model_large}), given.prompt_version)
    holds = CurrentHolds(store, telemetry, utc_now)
    signer = VERSIONS[given.signature_version]
    rules = Current(RULES, store, telemetry, utc_now)
    # A page in the wrong channel is better than none: without routes the configured ones serve.
    routes = Current(ROUTES, store, telemetry, utc_now, otherwise=Routes())
    inhibitions = Current(
        INHIBITIONS, store, telemetry, utc_now, otherwise=inhibiting.no_inhibitions()
    )
    gate = Gate(given.storm_threshold, given.throttle_threshold)
    library = Library(S3Shelf(environment.s3, given.runbook_bucket), telemetry, utc_now)
    recorder = Recorder(
        store,
        queues,
        telemetry,
        utc_now,
        lambda alert, trace: identities.arrive(
            routes().rated(alert), trace, given.cache_sharing, signer, rules()
        ),
        makers,
        holds,
        gate,
        inhibitions,
        routes,
        library.known,
    )
    investigator = Investigator(
        store=store,
        queues=queues,
        analyst=claude,
        telemetry=telemetry,
        now=utc_now,
        new_owner=lanes.new_id,
        lease_lasts=given.lease_lasts,
        patience=timedelta(seconds=given.claude_patience),
        spending=Spending(store, telemetry, utc_now, given.limits),
        makers=makers,
        context=context.gatherer(store, telemetry, library.known).gather,
        stack=given.stack_name,
        runbooks=library.current,
    )
    historian = Historian(store, telemetry, utc_now)
    quiet_after = timedelta(hours=given.quiet_close_hours)
    ticker = Ticker(
        store,
        queues,
        telemetry,
        utc_now,
        quiet_after,
        holds,
        inhibitions,
        gate,
        watch=BudgetWatch(store, queues, telemetry, utc_now, given.limits),
        afterwards=library.refresh,
    )
    analysing = lanes.lane_of(Queue.ANALYSIS, queues, telemetry)

    def processing(queue: Queue) -> Callable[[Records], Failures]:
        lane = lanes.lane_of(queue, queues, telemetry)

        def process(records: Records) -> Failures:
            changes, alerts = parted(records, carries_change)
            return merged(
                lane.run_groups(alerts, recorder.arrived, recorder.groups, recorder.record),
                lane.run(changes, ChangeMessage, historian.remember),
            )

        return process

    def self_check() -> dict[str, str]:
        overdue = len(store.due(utc_now(), 1))
        found = checks.tables(store, tables)
        return {
            **found,
            "due": f"{overdue} of at most 1",
            "claude": checks.access(given, key),
            "models": checks.lifecycle(makers.models, telemetry),
            "time zones": checks.zones(),
            "runbooks": checks.runbooks(library),
        }

    return QueueFunction(
        telemetry,
        {
            lanes.name_of(given.processing_url): processing(Queue.PROCESSING),
            lanes.name_of(given.critical_processing_url): processing(Queue.CRITICAL_PROCESSING),
            lanes.name_of(given.analysis_url): lambda records: analysing.run(
                records, AnalysisRequest, investigator.handle
            ),
        },
        self_check,
        ticker,
    )

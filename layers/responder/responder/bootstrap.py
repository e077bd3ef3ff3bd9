"""The composition root: builds each function from its settings, once per process.

``functions/*/app.py`` call it at import, so that wrong settings fail the start by name.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from responder import settings
from responder.adapters import environment
from responder.adapters.secrets import Secret
from responder.adapters.sqs import SqsQueues
from responder.adapters.telemetry import PowertoolsTelemetry
from responder.clock import utc_now
from responder.errors import Reason, Retryable
from responder.ports import Queue, Store, Table, Telemetry

if TYPE_CHECKING:
    from responder.adapters.claude import Claude, Guard, WayIn
    from responder.analysis.redaction import Rules
    from responder.analysis.tiering import Tier
    from responder.intake.reception import Reception
    from responder.protocols.batch import Failures, Lane
    from responder.protocols.heartbeat import Pulse
    from responder.protocols.runbooks import Library
    from responder.protocols.tick import Ticker

Records = Sequence[Mapping[str, Any]]

#: Seconds for each wait of the generic webhook: connecting and answering take no longer together
#: than one message to Slack, by which the function's time-out is measured.
SINK_TIMEOUT = 5.0


@dataclass(frozen=True)
class QueueFunction:
    """A function that consumes queues. ``lanes`` maps queue names to their consumers.

    ``self_check`` touches every adapter and says what it found; the pre-traffic hook calls it.
    """

    telemetry: PowertoolsTelemetry
    lanes: Mapping[str, Callable[[Records], "Failures"]]
    self_check: Callable[[], dict[str, str]]
    ticker: "Ticker | None" = None

    def consume(self, records: Records) -> "Failures":
        """Hand a batch to the lane of its queue; one batch comes from one queue."""
        queue = str(records[0]["eventSourceARN"]).rsplit(":", 1)[-1]
        return self.lanes[queue](records)


@cache
def reception() -> "tuple[Reception, PowertoolsTelemetry]":
    """The reception function."""
    from responder.adapters.entra import EntraKeySets
    from responder.adapters.sns import SnsNotary
    from responder.intake.authentication.senders import Helpers
    from responder.intake.reception import Reception

    given = settings.load(settings.Reception, environment.variables())
    telemetry = _telemetry("reception")
    queues = SqsQueues(environment.sqs(), {Queue.PROCESSING: given.processing_url}, {})
    secret = Secret(environment.secrets(), given.sources_secret, given.max_age)
    helpers = Helpers(SnsNotary(environment.unsigned_sns), EntraKeySets())
    return Reception(queues, secret.as_json, helpers, telemetry, utc_now), telemetry


@cache
def analysis() -> QueueFunction:
    """The analysis function: processing lane, analysis lane and tick."""
    from responder.adapters.breaker import Breaker
    from responder.adapters.dynamodb import DynamoStore
    from responder.adapters.runbooks import S3Shelf
    from responder.analysis.freshness import Makers
    from responder.contracts import AnalysisRequest, ChangeMessage, carries_change
    from responder.policy.routes import Routes
    from responder.protocols import context, identities, inhibiting
    from responder.protocols.analyse import Investigator
    from responder.protocols.batch import merged, parted
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

    given = settings.load(settings.Analysis, environment.variables())
    telemetry = _telemetry("analysis")
    tables = {
        Table.ALERTS: given.alerts_table,
        Table.CACHE: given.cache_table,
        Table.INCIDENTS: given.incidents_table,
        Table.STATE: given.state_table,
    }
    dynamodb = environment.dynamodb()
    store = DynamoStore(dynamodb, tables)
    queues = _lane_queues(given)
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
        new_owner=_new_id,
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
    processing = _lane(Queue.PROCESSING, queues, telemetry)
    analysing = _lane(Queue.ANALYSIS, queues, telemetry)

    def process(records: Records) -> "Failures":
        changes, alerts = parted(records, carries_change)
        return merged(
            processing.run_groups(alerts, recorder.groups, recorder.record),
            processing.run(changes, ChangeMessage, historian.remember),
        )

    def self_check() -> dict[str, str]:
        overdue = len(store.due(utc_now(), 1))
        found = _tables(store, tables)
        return {
            **found,
            "due": f"{overdue} of at most 1",
            "claude": _access(given, key),
            "models": _lifecycle(makers.models, telemetry),
            "time zones": _zones(),
            "runbooks": _runbooks(library),
        }

    return QueueFunction(
        telemetry,
        {
            _name(given.processing_url): process,
            _name(given.analysis_url): lambda records: analysing.run(
                records, AnalysisRequest, investigator.handle
            ),
        },
        self_check,
        ticker,
    )


@cache
def distribution() -> QueueFunction:
    """The distribution function: the lanes of both distribution queues."""
    from responder.adapters.dynamodb import DynamoStore
    from responder.adapters.email_sink import EmailSink
    from responder.adapters.slack import BotSlack, WebhookSlack, choose_chat
    from responder.adapters.webhook_sink import WebhookSink
    from responder.contracts import Announcement
    from responder.policy.route import Channels
    from responder.ports import Chat, Message
    from responder.protocols.card import Timing
    from responder.protocols.deliver import Deliverer
    from responder.protocols.operators import Operators

    given = settings.load(settings.Distribution, environment.variables())
    telemetry = _telemetry("distribution")
    tables = {Table.INCIDENTS: given.incidents_table, Table.STATE: given.state_table}
    store = DynamoStore(environment.dynamodb(), tables)
    queues = _lane_queues(given)
    client = environment.secrets()
    token = Secret(client, given.slack_bot_token_secret, given.max_age)
    bot = BotSlack(token, given.slack_api_url, given.slack_timeout)
    webhook, test_webhook = (
        WebhookSlack(Secret(client, secret, given.max_age), given.slack_timeout)
        for secret in (given.slack_webhook_secret, given.slack_test_webhook_secret)
    )

    def chat(*, synthetic: bool) -> Chat:
        """Whatever the channels are called, only our own checks go through the test webhook."""
        return choose_chat(token, bot, test_webhook if synthetic else webhook)

    channels = Channels(given.slack_channel, given.slack_critical_channel, given.test_channel)
    notice_webhook = Secret(client, given.notice_webhook_secret, given.max_age)
    operators = Operators(
        store=store,
        queues=queues,
        sinks={
            "webhook": WebhookSink(notice_webhook, SINK_TIMEOUT, utc_now),
            "e-mail": EmailSink(environment.sns, given.notice_topic_arn),
        },
        telemetry=telemetry,
        now=utc_now,
        stack=given.stack_name,
        after=timedelta(minutes=given.notice_after_minutes),
    )
    deliverer = Deliverer(
        store=store,
        queues=queues,
        chat=lambda incident: chat(synthetic=incident.synthetic),
        channels=channels,
        telemetry=telemetry,
        now=utc_now,
        new_id=_new_id,
        timing=Timing(timedelta(seconds=given.slack_timeout)),
        gap=timedelta(seconds=given.slack_pace),
        operators=operators,
    )
    lanes = {
        queue: _lane(queue, queues, telemetry) for queue in (Queue.DISTRIBUTION, Queue.CRITICAL)
    }

    def consumer(queue: Queue) -> "Callable[[Records], Failures]":
        return lambda records: lanes[queue].run(records, Announcement, deliverer.handle)

    def self_check() -> dict[str, str]:
        found = {**_tables(store, tables), "operators": _presence(notice_webhook)}
        try:
            text = "Pre-traffic check of the incident responder: this version reaches Slack."
            chat(synthetic=True).post(
                given.test_channel, Message(text=text), f"pre-traffic-{_new_id()}"
            )
        except Retryable as error:
            if error.reason is not Reason.SECRET_MISSING:
                raise
            return {**found, "slack": str(error)}
        return {**found, "slack": "posted to the test channel"}

    return QueueFunction(
        telemetry,
        {
            _name(given.distribution_url): consumer(Queue.DISTRIBUTION),
            _name(given.critical_url): consumer(Queue.CRITICAL),
        },
        self_check,
    )


@cache
def heartbeat() -> "tuple[Pulse, PowertoolsTelemetry]":
    """The heartbeat function."""
    from responder.adapters.dynamodb import DynamoStore
    from responder.adapters.front_door import HttpFrontDoor
    from responder.protocols.heartbeat import Pulse

    given = settings.load(settings.Heartbeat, environment.variables())
    telemetry = _telemetry("heartbeat")
    tables = {
        Table.ALERTS: given.alerts_table,
        Table.INCIDENTS: given.incidents_table,
        Table.STATE: given.state_table,
    }
    store = DynamoStore(environment.dynamodb(), tables)
    door = HttpFrontDoor(given.webhook_url, environment.apigateway(), given.api_key_id)
    return Pulse(store, door, telemetry, utc_now), telemetry


def analyst(given: settings.Claude, way: "WayIn", guard: "Guard") -> "Claude":
    """Claude as these settings have it; the command line asks through it, too."""
    from responder.adapters.claude import Claude

    return Claude(
        way,
        tiers_of(given),
        guard,
        redaction=redaction_of(given),
        prompt_version=given.prompt_version,
    )


def tiers_of(given: settings.Claude) -> "Mapping[str, Tier]":
    """The two tiers by name."""
    from responder.analysis.tiering import tiers

    return tiers(
        given.model_small,
        given.model_large,
        given.effort_small,
        given.effort_large,
        given.max_tokens_small,
        given.max_tokens_large,
    )


def redaction_of(given: settings.Claude) -> "Rules":
    """What is masked beyond the usual."""
    from responder.analysis.redaction import Rules

    return Rules(given.redact_private, given.redact_patterns.split())


def way_in(given: settings.Claude, key: Callable[[bool], str]) -> "WayIn":
    """The chosen way to Claude; ``key`` is read on the first one only."""
    from responder.adapters.claude import ApiKey
    from responder.adapters.claude_aws import Bedrock, PlatformOnAws

    url, seconds = given.anthropic_base_url, given.claude_timeout
    if given.claude_access == "aws":
        return PlatformOnAws(
            environment.credentials,
            region=given.claude_region,
            workspace=given.claude_workspace,
            base_url=url,
            timeout_seconds=seconds,
        )
    if given.claude_access == "bedrock":
        return Bedrock(
            environment.credentials,
            region=given.claude_region,
            ids={given.model_small: given.bedrock_small, given.model_large: given.bedrock_large},
            profile="" if given.bedrock_profile == "none" else given.bedrock_profile,
            schema_models=given.bedrock_schema_models.replace(" ", "").split(","),
            base_url=url,
            timeout_seconds=seconds,
        )
    return ApiKey(key, base_url=url, timeout_seconds=seconds)


def _telemetry(service: str) -> PowertoolsTelemetry:
    given = settings.load(settings.Common, environment.variables())
    return PowertoolsTelemetry(given.stack_name, service, environment.function_version()[1])


def _lane(queue: Queue, queues: SqsQueues, telemetry: PowertoolsTelemetry) -> "Lane":
    from responder.protocols.batch import Lane, Origin

    return Lane(queue, queues, queues, telemetry, Origin(*environment.function_version()))


def _lane_queues(given: settings.Lanes) -> SqsQueues:
    urls = {Queue.DISTRIBUTION: given.distribution_url, Queue.CRITICAL: given.critical_url}
    dead = {Queue.DISTRIBUTION: given.distribution_dlq_url, Queue.CRITICAL: given.critical_dlq_url}
    if isinstance(given, settings.Analysis):
        urls |= {Queue.PROCESSING: given.processing_url, Queue.ANALYSIS: given.analysis_url}
        dead |= {Queue.PROCESSING: given.processing_dlq_url, Queue.ANALYSIS: given.analysis_dlq_url}
    return SqsQueues(environment.sqs(), urls, dead)


def _tables(store: Store, tables: Mapping[Table, str]) -> dict[str, str]:
    """Read one absent item of every table: proves name, permission and connection."""
    from responder.ports import Key

    for table in tables:
        store.read([Key(table, "self-check")])
    return {table.value: "readable" for table in tables}


def _presence(secret: Secret) -> str:
    return "value present" if secret.present() else f"the secret {secret.name} has no value"


def _access(given: settings.Analysis, key: Secret) -> str:
    """How Claude is reached, without asking it."""
    if given.claude_access == "api-key":
        return _presence(key)
    known = environment.credentials() is not None
    return f"by {given.claude_access} in {given.claude_region}, " + (
        "signed as the role" if known else "but the role has no credentials"
    )


def _lifecycle(models: Collection[str], telemetry: Telemetry) -> str:
    """What is known of the configured models' ends; worth a warning, never a failure.

    Raises Permanent for a model without a price: it would never be asked.
    """
    from responder.analysis import lifecycle, pricing

    for model in models:
        pricing.require_price(model)
    ending = [said for model in sorted(models) if (said := lifecycle.ending(model, utc_now()))]
    for said in ending:
        telemetry.warning("Model is ending", detail=said)
    return "; ".join(ending) or "no end is known"


def _zones() -> str:
    """Maintenance windows need the rules of time zones, which the system or tzdata has."""
    from responder.recurrence import knows_zone

    return "known" if knows_zone("Europe/Berlin") else "unknown: windows hold nothing"


def _runbooks(library: "Library") -> str:
    """They are searched by SQLite's FTS5, where this Python has it."""
    from responder.analysis import fulltext

    found = f"{library.read()} passages"
    return found if fulltext.is_built_in() else f"{found}, searched without FTS5"


def _name(queue_url: str) -> str:
    return queue_url.rsplit("/", 1)[-1]


def _new_id() -> str:
    return uuid4().hex

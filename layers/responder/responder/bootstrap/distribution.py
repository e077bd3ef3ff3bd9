"""The distribution function: the lanes of both distribution queues."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from responder import settings
from responder.adapters import environment
from responder.adapters.dynamodb import DynamoStore
from responder.adapters.email_sink import EmailSink
from responder.adapters.secrets import Secret
from responder.adapters.slack import BotSlack, WebhookSlack, choose_chat
from responder.adapters.webhook_sink import WebhookSink
from responder.bootstrap import checks, lanes
from responder.bootstrap.lanes import QueueFunction, Records
from responder.bootstrap.telemetry import telemetry_of
from responder.clock import utc_now
from responder.contracts import Announcement
from responder.errors import Reason, Retryable
from responder.policy.route import Channels
from responder.ports import Chat, Message, Queue, Table
from responder.protocols.batch import Failures
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.operators import Operators

#: Seconds for each wait of the generic webhook: connecting and answering take no longer together
#: than one message to Slack, by which the function's time-out is measured.
SINK_TIMEOUT = 5.0


@cache
def build() -> QueueFunction:
    """The distribution function: the lanes of both distribution queues."""
    given = settings.load(settings.Distribution, environment.variables())
    telemetry = telemetry_of("distribution")
    tables = {Table.INCIDENTS: given.incidents_table, Table.STATE: given.state_table}
    store = DynamoStore(environment.dynamodb(), tables)
    queues = lanes.queues_of(given)
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
        new_id=lanes.new_id,
        timing=Timing(timedelta(seconds=given.slack_timeout)),
        gap=timedelta(seconds=given.slack_pace),
        operators=operators,
    )
    ways = {
        queue: lanes.lane_of(queue, queues, telemetry)
        for queue in (Queue.DISTRIBUTION, Queue.CRITICAL_DISTRIBUTION)
    }

    def consumer(queue: Queue) -> Callable[[Records], Failures]:
        return lambda records: ways[queue].run(records, Announcement, deliverer.handle)

    def self_check() -> dict[str, str]:
        found = {**checks.tables(store, tables), "operators": checks.presence(notice_webhook)}
        try:
            text = "Pre-traffic check of the incident responder: this version reaches Slack."
            chat(synthetic=True).post(
                given.test_channel, Message(text=text), f"pre-traffic-{lanes.new_id()}"
            )
        except Retryable as error:
            if error.reason is not Reason.SECRET_MISSING:
                raise
            return {**found, "slack": str(error)}
        return {**found, "slack": "posted to the test channel"}

    return QueueFunction(
        telemetry,
        {
            lanes.name_of(given.distribution_url): consumer(Queue.DISTRIBUTION),
            lanes.name_of(given.critical_url): consumer(Queue.CRITICAL_DISTRIBUTION),
        },
        self_check,
    )

"""The reception function: its queues, the secret of its senders, and who signs for them."""

from functools import cache

from responder import settings
from responder.adapters import environment
from responder.adapters.entra import EntraKeySets
from responder.adapters.secrets import Secret
from responder.adapters.sns import SnsNotary
from responder.adapters.sqs import SqsQueues
from responder.adapters.telemetry import PrintedTelemetry
from responder.bootstrap.telemetry import telemetry_of
from responder.clock import utc_now
from responder.intake.authentication.senders import Helpers
from responder.intake.reception import Reception
from responder.ports import Queue


@cache
def build() -> tuple[Reception, PrintedTelemetry]:
    """The reception function."""
    given = settings.load(settings.Reception, environment.variables())
    telemetry = telemetry_of("reception")
    urls = {
        Queue.PROCESSING: given.processing_url,
        Queue.CRITICAL_PROCESSING: given.critical_processing_url,
    }
    queues = SqsQueues(environment.sqs(), urls, {})
    secret = Secret(environment.secrets(), given.sources_secret, given.max_age)
    helpers = Helpers(SnsNotary(environment.unsigned_sns), EntraKeySets())
    return Reception(queues, secret.as_json, helpers, telemetry, utc_now), telemetry

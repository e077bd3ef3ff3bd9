"""The reception function: its queue, the secret of its senders, and who signs for them."""

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
    queues = SqsQueues(environment.sqs(), {Queue.PROCESSING: given.processing_url}, {})
    secret = Secret(environment.secrets(), given.sources_secret, given.max_age)
    helpers = Helpers(SnsNotary(environment.unsigned_sns), EntraKeySets())
    return Reception(queues, secret.as_json, helpers, telemetry, utc_now), telemetry

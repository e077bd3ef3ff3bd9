"""The heartbeat function: our own alert, in by the front door, and a roll call of all others."""

from functools import cache

from responder import settings
from responder.adapters import environment
from responder.adapters.doorkeeper import LogDoorkeeper
from responder.adapters.dynamodb import DynamoStore
from responder.adapters.front_door import HttpFrontDoor
from responder.adapters.telemetry import PrintedTelemetry
from responder.bootstrap.telemetry import telemetry_of
from responder.clock import utc_now
from responder.ports import Table
from responder.protocols.pulse import Pulse
from responder.protocols.rollcall import RollCall


@cache
def build() -> tuple[Pulse, RollCall, PrintedTelemetry]:
    """The heartbeat function."""
    given = settings.load(settings.Heartbeat, environment.variables())
    telemetry = telemetry_of("heartbeat")
    tables = {
        Table.ALERTS: given.alerts_table,
        Table.INCIDENTS: given.incidents_table,
        Table.STATE: given.state_table,
    }
    store = DynamoStore(environment.dynamodb(), tables)
    door = HttpFrontDoor(given.webhook_url, environment.apigateway(), given.api_key_id)
    urls = (given.processing_url, given.critical_processing_url, given.processing_dlq_url)
    doorkeeper = LogDoorkeeper(environment.logs(), given.reception_logs, environment.sqs(), urls)
    return (
        Pulse(store, door, telemetry, utc_now),
        RollCall(store, doorkeeper, telemetry, utc_now),
        telemetry,
    )

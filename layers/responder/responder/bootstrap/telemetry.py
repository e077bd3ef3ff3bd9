"""Logs and metrics of a function, which every one of them has."""

from responder import settings
from responder.adapters import environment
from responder.adapters.telemetry import PrintedTelemetry


def telemetry_of(service: str) -> PrintedTelemetry:
    """The telemetry of this process, under the service's name."""
    given = settings.load(settings.Common, environment.variables())
    return PrintedTelemetry(given.stack_name, service, environment.function_version()[1])

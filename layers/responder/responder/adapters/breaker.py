"""The circuit breaker around Claude, shared by all containers through the state table.

``adapters.claude`` calls it. Powertools keeps the state machine; what is ours is the meaning: only
failures that say "the other side is unwell" count, and an open circuit is a deliberate wait.
Powertools' code is imported at the first call, because most invocations make none.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from responder.clock import Clock, utc_now
from responder.errors import Reason, ResponderError, Retryable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.circuit_breaker import CircuitInfo
    from mypy_boto3_dynamodb import DynamoDBClient

#: Consecutive failures of one container that open the circuit for all of them.
FAILURE_THRESHOLD: Final = 5
RECOVERY_SECONDS: Final = 30
#: Any container may probe again; with more, the circuit would stay half open (Powertools keeps
#: the owner of a probe per thread).
SUCCESS_THRESHOLD: Final = 1
#: How long to wait for the one container that is probing.
PROBE_SECONDS: Final = 10

#: A server that answers like this is unwell; one that refuses or throttles is not.
UNWELL: Final = frozenset({Reason.UNAVAILABLE, Reason.TIMEOUT})


class Breaker:
    """One named circuit in the state table (item ``breaker#<name>``)."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        name: str = "claude",
        *,
        recovery_seconds: int = RECOVERY_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        """``client`` must be a low-level one: with a resource's client it would never open."""
        self._client = client
        self._table = table
        self._name = f"breaker#{name}"
        self._recovery_seconds = recovery_seconds
        self._clock = clock
        self._guarded: Callable[..., Any] | None = None

    def call[T](self, action: Callable[[], T]) -> T:
        """Run ``action`` unless the circuit is open; then Retryable(BREAKER_OPEN)."""
        if self._guarded is None:
            self._guarded = self._build()
        outcome = self._guarded(action)
        if isinstance(outcome, _Raised):
            raise outcome.error
        result: T = outcome
        return result

    def _build(self) -> Callable[..., Any]:
        from aws_lambda_powertools.utilities.circuit_breaker import (
            CircuitBreakerConfig,
            circuit_breaker,
        )
        from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
            CircuitBreakerDynamoDBPersistence,
        )

        guard = circuit_breaker(
            name=self._name,
            persistence_store=CircuitBreakerDynamoDBPersistence(
                table_name=self._table, key_attr="id", expiry_attr="ttl", boto3_client=self._client
            ),
            on_circuit_open=self._refuse,
            config=CircuitBreakerConfig(
                failure_threshold=FAILURE_THRESHOLD,
                recovery_timeout=self._recovery_seconds,
                success_threshold=SUCCESS_THRESHOLD,
                handled_exceptions=Retryable,
            ),
        )
        guarded: Callable[..., Any] = guard(_attempt)
        return guarded

    def _refuse(self, _action: Callable[[], object], *, circuit: "CircuitInfo") -> None:
        """Open: wait for the rest of the recovery time, or for the container that probes."""
        elapsed = self._clock().timestamp() - (circuit.opened_at or 0)
        remaining = self._recovery_seconds - elapsed
        raise Retryable(
            Reason.BREAKER_OPEN,
            "Claude failed repeatedly and is left alone for a while",
            after=max(1.0, remaining) if remaining > 0 else PROBE_SECONDS,
            took_effect=False,
        )


class _Raised:
    """An error that says nothing bad of the server's health: a success for the circuit."""

    def __init__(self, error: ResponderError) -> None:
        self.error = error


def _attempt[T](action: Callable[[], T]) -> "T | _Raised":
    try:
        return action()
    except ResponderError as error:
        if error.reason in UNWELL:
            raise
        return _Raised(error)

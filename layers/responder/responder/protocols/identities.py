"""From an alert to the identities that decide where it belongs; pure, called by the record."""

import hashlib

from responder.alert import Alert
from responder.protocols.episode import Arrival
from responder.signature import Rules, Signer, signature

NO_RULES = Rules()


def arrive(
    alert: Alert,
    trace: str,
    sharing: str,
    signer: Signer = signature,
    rules: Rules = NO_RULES,
) -> Arrival:
    """Signature, incident key (signature and scope) and cache key of an alert.

    ``sharing`` says between which alerts of one signature an analysis is shared: ``shared`` (all),
    ``environment`` (of one environment) or ``scope`` (of one account, region, cluster and
    environment).
    """
    signed = signer(alert, rules.for_alert(alert))
    shared_by = {"shared": "", "environment": alert.scope.environment, "scope": alert.scope.key()}
    return Arrival(
        alert=alert,
        signed=signed,
        incident_key=f"{signed.key}.{_digest(alert.scope.key())}",
        cache_key=f"{signed.key}@{shared_by[sharing]}",
        trace=trace,
        rules=rules.number,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]

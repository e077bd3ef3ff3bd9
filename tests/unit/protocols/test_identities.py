"""From an alert to signature, incident key and cache key."""

import pytest

from examples import alert
from responder.alert import Scope
from responder.protocols.identities import arrive
from responder.signature import signature

PROD = alert(scope=Scope(account="1", environment="prod"))
DEV = alert(scope=Scope(account="1", environment="dev"))
PROD_TWO = alert(scope=Scope(account="2", environment="prod"))


def test_the_signature_and_its_explanation_are_the_alerts() -> None:
    arrival = arrive(PROD, "trace", "shared")
    signed = signature(PROD)
    assert (arrival.signature, arrival.signed.explanation) == (signed.key, signed.explanation)
    assert (arrival.alert, arrival.trace) == (PROD, "trace")


def test_each_scope_has_an_incident_key_of_its_own() -> None:
    keys = {arrive(one, "", "shared").incident_key for one in (PROD, DEV, PROD_TWO, PROD)}
    assert len(keys) == 3


@pytest.mark.parametrize(("sharing", "keys"), [("shared", 1), ("environment", 2), ("scope", 3)])
def test_an_analysis_is_shared_as_configured(sharing: str, keys: int) -> None:
    found = {arrive(one, "", sharing).cache_key for one in (PROD, DEV, PROD_TWO)}
    assert len(found) == keys
    assert all(key.startswith(f"{signature(PROD).key}@") for key in found)

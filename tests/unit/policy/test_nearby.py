"""Places and services that may be one, however each tool names them."""

import pytest

from responder.alert import Scope
from responder.policy import nearby


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (Scope(), Scope(account="1"), True),
        (Scope(environment="prod"), Scope(environment="Production"), True),
        (Scope(environment="prod"), Scope(environment="prod-eu"), True),
        (Scope(environment="prod"), Scope(environment="staging"), False),
        (Scope(environment="prod"), Scope(environment="preprod"), False),
        (Scope(account="1", region="a"), Scope(account="1", region="b"), False),
        (Scope(account="1", cluster="x"), Scope(account="2"), False),
        (Scope(cluster="x"), Scope(cluster="y"), False),
    ],
)
def test_only_a_contradiction_tells_places_apart(one: Scope, other: Scope, may: bool) -> None:
    assert nearby.may_be_one(one, other) is may
    assert nearby.may_be_one(other, one) is may


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("checkout", "checkout-prod", True),
        ("Checkout_API", "checkout", True),
        ("checkout", "checkouts", False),
        ("checkout", "cart", False),
        ("ab", "ab-cd", False),
        ("", "checkout", False),
    ],
)
def test_services_are_related_by_how_their_names_begin(one: str, other: str, are: bool) -> None:
    assert nearby.related(one, other) is are
    assert nearby.related(other, one) is are

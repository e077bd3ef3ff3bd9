"""``responder changes`` on moto's DynamoDB, with what the processing lane wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import Telemetry
from integration.cli_house import House, house_of
from responder.clock import utc_now
from responder.contracts import ChangeMessage
from responder.intake.registry import read
from responder.ports import Table
from responder.protocols.changes import Historian
from responder_cli.inject import samples


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("changes", tmp_path, Table.STATE) as house:
        yield house


def happens(house: House, name: str) -> None:
    (change,) = read(samples.read(name, utc_now()), {}).changes
    historian = Historian(house.store(Table.STATE), Telemetry(), utc_now)
    historian.remember(ChangeMessage(change=change))


def test_changes_are_listed_by_service_or_all_the_latest_first(house: House) -> None:
    assert house.json("list") == []
    happens(house, "codedeploy/started")
    happens(house, "cloudformation/update_complete")
    happens(house, "codedeploy/succeeded")
    assert [one["service"] for one in house.json("list")] == ["checkout-prod", "checkout"]
    (own,) = house.json("list", "--service", "Checkout")
    assert (own["what"], own["state"]) == ("deployment to group blue-green", "succeeded")
    assert "123456789012 eu-west-1" in house.run("list").stdout
    assert house.json("list", "--service", "cart") == []

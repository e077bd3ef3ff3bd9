"""Alerts by severity and time are those of people's tools: our own checks are left out."""

from datetime import timedelta
from pathlib import Path

from examples import alert
from integration.cli_house import house_of
from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.ports import Table
from responder.protocols import items
from responder_cli import accepted


def test_heartbeats_are_nobodys_alerts(tmp_path: Path) -> None:
    now = utc_now()
    with house_of("report", tmp_path, Table.ALERTS) as house:
        store = house.store(Table.ALERTS)
        for number, source in enumerate(["sentry", SYNTHETIC_SOURCE, SYNTHETIC_SOURCE]):
            one = alert(f"a{number}", source=source, severity=Severity.INFO, received_at=now)
            record = AlertRecord(alert=one, signature="v1:x")
            store.write([items.write_of(items.alert_key(one.alert_id), record, 0, now)])
        assert house.stack is not None
        hour = now - timedelta(hours=1)
        pages = list(accepted.pages(house.stack, Severity.INFO, hour, Select="COUNT"))
        assert sum(page["Count"] for page in pages) == 1
        (page,) = accepted.pages(house.stack, Severity.INFO, hour)
        assert [item["source"]["S"] for item in page["Items"]] == ["sentry"]

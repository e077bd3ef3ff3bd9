"""Every tool's own webhook on the deployed stack: accepted at its route, and on one card."""

from datetime import UTC, datetime

import pytest

from e2e.pipeline import ACCEPTED, Pipeline
from local_stack.stack import JSON
from responder.alert import Alert, Status
from responder.intake import parse
from responder.intake.recognition import TOOLS
from responder_cli.inject import samples

pytestmark = pytest.mark.e2e_long

#: Of about a hundred problems at once.
SHOWN_WITHIN = 120


def test_an_alert_of_every_tool_becomes_a_card(pipeline: Pipeline) -> None:
    now = datetime.now(UTC)
    accepted: dict[str, str] = {}
    for tool, name in chosen().items():
        body = samples.read(name, now)
        answer = pipeline.post(
            body, url=f"{pipeline.stack.webhook_url}/{tool}", content_type=content_type(name)
        )
        assert answer.status in (200, ACCEPTED), (name, answer)
        assert answer.alert_ids, name
        accepted |= dict.fromkeys(answer.alert_ids, name)
    assert set(TOOLS) <= chosen().keys()
    pipeline.shown(accepted, SHOWN_WITHIN)
    recorded = pipeline.alerts()
    assert not [accepted[one] for one in accepted if recorded[one].alert.unknown_format]


def chosen() -> dict[str, str]:
    """A sample of a firing alert for every tool, by the tool's name."""
    found: dict[str, str] = {}
    for name in samples.files():
        tool = name.partition("/")[0]
        if tool in TOOLS and tool not in found and any(map(is_firing, read(name, tool))):
            found[tool] = name
    return found


def read(name: str, tool: str) -> list[Alert]:
    return parse(samples.files()[name].read_bytes(), {"content-type": content_type(name)}, tool)


def is_firing(alert: Alert) -> bool:
    return alert.status is Status.FIRING and not alert.unknown_format


def content_type(name: str) -> str:
    return JSON if samples.files()[name].suffix == ".json" else "text/plain"

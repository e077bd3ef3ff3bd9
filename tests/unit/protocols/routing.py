"""Hands for tests of routes: one team's, and where its cards were posted."""

from dataclasses import replace
from typing import Any

from desk import Desk
from responder.policy.routes import Routes
from responder.protocols.versions import MAX_AGE, ROUTES, Current

PAYMENTS = {"match": ["title=disk full"], "channel": "#payments", "mentions": ["S0123ABC"]}


def apply(desk: Desk, *written: dict[str, Any]) -> None:
    """Make routes active, and let the recorder know them."""
    routes = Routes.model_validate({"routes": written})
    active = ROUTES.load(desk.store).number
    assert ROUTES.save(desk.store, routes, active, desk.now()) is not None
    desk.later(seconds=MAX_AGE.total_seconds())
    current = Current(ROUTES, desk.store, desk.telemetry, desk.now, otherwise=Routes())
    desk.recorder = replace(desk.recorder, routes=current)


def channels(desk: Desk) -> list[tuple[str, str]]:
    return [(call.method, call.channel) for call in desk.slack.calls]

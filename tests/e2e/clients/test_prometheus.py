"""Real Prometheus and Alertmanager programs as clients of the local stack; part of ``make e2e``.

``.ci/run`` (``make lint type test``) leaves them out. They are taken from the PATH, else installed
from Debian's packages by ``install.sh``; where neither is possible these tests are skipped and the
reason says what is missing. Debian 12 has Prometheus 2.42 and Alertmanager 0.25, which cannot send
``x-api-key``: they use the token route. TLS is verified against the stack's own authority.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.clients import monitoring, programs
from e2e.clients.monitoring import Config, Sender, Shop
from e2e.clients.programs import Programs
from local_stack import layout
from local_stack.children import tail
from local_stack.ports import Ports
from local_stack.stack import CARDS, Options, Stack, running

pytestmark = pytest.mark.e2e_long

#: From a change of the metric to the card: scrape, rule, group wait, pipeline, Slack's pace.
PATIENCE_SECONDS = 60.0
#: How often the problem fired, as a card counts it.
ONCE, TWICE = "1\N{MULTIPLICATION SIGN}", "2\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def clients() -> Programs:
    try:
        return programs.find_or_install()
    except programs.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def stack(clients: Programs) -> Iterator[Stack]:
    options = Options(directory=layout.LOCAL / "e2e-clients", ports=Ports.unused())
    with running(options) as started:
        yield started


def _basic(stack: Stack) -> Config:
    return {"basic_auth": {"username": "alertmanager", "password": stack.token}}


def _bearer(stack: Stack) -> Config:
    return {"authorization": {"type": "Bearer", "credentials": stack.token}}


def _path(stack: Stack) -> Config:
    return {"path_prefix": stack.in_url.removeprefix(stack.endpoint)}


@pytest.mark.parametrize(
    ("rule", "login"), [("OrdersStuckByBasic", _basic), ("OrdersStuckByBearer", _bearer)]
)
def test_a_rule_fires_and_resolves_a_card_through_alertmanager(
    rule: str,
    login: Callable[[Stack], Config],
    stack: Stack,
    clients: Programs,
    tmp_path: Path,
) -> None:
    webhook = {
        # The token is in the header; the path only says so.
        "url": f"{stack.outputs['IntakeUrl']}/token/alertmanager",
        "send_resolved": True,
        "http_config": {**login(stack), "tls_config": {"ca_file": str(stack.bundle)}},
    }
    with (
        monitoring.shop() as shop,
        monitoring.alertmanager(clients.alertmanager, tmp_path, webhook) as sender,
        monitoring.prometheus(
            clients.prometheus,
            tmp_path,
            shop,
            rule,
            {"api_version": "v2", "static_configs": [{"targets": [sender.address]}]},
        ),
    ):
        _card_follows(stack, shop, sender, rule)


@pytest.mark.parametrize(
    ("rule", "login"), [("OrdersStuckByPath", _path), ("OrdersStuckByHeader", _bearer)]
)
def test_a_rule_fires_and_resolves_a_card_from_prometheus_itself(
    rule: str,
    login: Callable[[Stack], Config],
    stack: Stack,
    clients: Programs,
    tmp_path: Path,
) -> None:
    host, _, path = stack.outputs["IntakeUrl"].removeprefix("https://").partition("/")
    us = {
        "api_version": "v2",
        "scheme": "https",
        # Prometheus adds /api/v2/alerts.
        "path_prefix": f"/{path}/token",
        "tls_config": {"ca_file": str(stack.bundle)},
        "static_configs": [{"targets": [host]}],
        **login(stack),
    }
    with (
        monitoring.shop() as shop,
        monitoring.prometheus(clients.prometheus, tmp_path, shop, rule, us) as sender,
    ):
        _card_follows(stack, shop, sender, rule)


def _card_follows(stack: Stack, shop: Shop, sender: Sender, rule: str) -> None:
    """Fire, be repeated by the sender, resolve, fire again, resolve: one card tells it all."""
    shop.orders_stuck = 7
    card = _eventually(stack, sender, lambda: _card(stack, rule, f"firing, {ONCE}"))
    assert card["channel"] == CARDS
    sent = sender.sent()
    _eventually(stack, sender, lambda: sender.sent() >= sent + 2)

    shop.orders_stuck = 0
    solved = _eventually(stack, sender, lambda: _card(stack, rule, "resolved after"))
    assert ONCE in solved["text"], "the sender's repeats of one firing are one alert"

    shop.orders_stuck = 3
    again = _eventually(stack, sender, lambda: _card(stack, rule, f"firing, {TWICE}"))
    shop.orders_stuck = 0
    _eventually(stack, sender, lambda: _card(stack, rule, "resolved after"))

    assert {card["ts"], solved["ts"], again["ts"]} == {card["ts"]}
    assert len(_cards(stack, rule)) == 1
    assert sender.failed() == 0


def _card(stack: Stack, rule: str, state: str) -> dict[str, Any] | None:
    """The one card of a rule, once it says ``state`` on its first line."""
    return next((card for card in _cards(stack, rule) if state in card["text"]), None)


def _cards(stack: Stack, rule: str) -> list[dict[str, Any]]:
    messages = stack.slack_messages()
    return [one for one in messages if rule in one["text"] and one["thread"] is None]


def _eventually[T](stack: Stack, sender: Sender, look: Callable[[], T | None]) -> T:
    """What ``look`` finds, asked again until the patience ends; a dead process ends it at once."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        stack.check()
        sender.child.check()
        if time.monotonic() > deadline:
            shown = "\n".join(one["text"] for one in stack.slack_messages())
            raise AssertionError(f"Slack shows:\n{shown}\n{tail(sender.child.log)}")
        time.sleep(0.1)
    return found

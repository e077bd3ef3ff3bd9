"""Claude's adapter, with its key and its circuit breaker, against the local Claude."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from faults.claude import MemoryClaude
from faults.failing import unanswered
from faults.pipeline import LARGE, SMALL
from faults.wire.aws import TABLES, WireStore, first_value
from faults.world import Worker, World
from local_stack.claude_server import CANNED_ANSWERS, MODES, LocalClaude
from local_stack.loopback import Server
from local_stack.troubles import Troubles
from responder.adapters.breaker import RECOVERY_SECONDS, Breaker
from responder.adapters.claude import ApiKey, Claude
from responder.adapters.secrets import Secret
from responder.analysis.budget import MICRO
from responder.analysis.context import Case
from responder.analysis.reading import Unusable
from responder.analysis.tiering import tiers
from responder.analysis.verdict import Analysis
from responder.errors import ResponderError
from responder.ports import Question, Table

#: How Claude fails without being paid.
FAILURES = ("429", "500", "529", "html", "drop")
#: How it is paid for nothing.
USELESS = ("refusal", "garbage", "max_tokens")
#: Seconds for which a container may go on that knew the circuit as closed, by Powertools' cache.
UNAWARE = 10
#: Seconds; every answer comes at once, or never.
TIMEOUT = 5
NEXT_KEY = "key-of-claude-2"


class WireClaude(MemoryClaude):
    """Calls the server through the adapter, and keeps the books of the one in memory."""

    def __init__(
        self,
        world: World,
        store: WireStore,
        app: LocalClaude,
        troubles: Troubles,
        rotate: Callable[[str], None],
    ) -> None:
        """``rotate`` stores another key as the operators' secret."""
        super().__init__(world, store)
        self._circuits = store
        self._app = app
        self._troubles = troubles
        self._rotate = rotate
        self.analyst: Claude

    def revoke(self, *, revoked: bool) -> None:
        """Claude takes another key; the secret is told of it later."""
        self._world.note(f"key revoked: {revoked}")
        if revoked:
            self._app._key = NEXT_KEY
        else:
            self._rotate(NEXT_KEY)

    def question(self, case: Case, tier: str) -> Question:
        """As ``ports.Analyst``."""
        asked = self.analyst.question(case, tier)
        serve, refusal = partial(self._serve, case, asked.ask), partial(self._refuse, asked.ask)
        return Question(asked.ceiling_usd, lambda: self._answer(case, serve, refusal))

    def sent[T](self, action: Callable[[], T]) -> T:
        """A request leaves; not while the circuit is open."""
        circuit, now = self._circuits.circuit, self._world.now().timestamp()
        opened = float(circuit.get("opened_at") or 0)
        if circuit.get("state") == "open" and opened + UNAWARE < now < opened + RECOVERY_SECONDS:
            self._circuits.broken.append("Claude was asked while the circuit was open")
        return action()

    def _serve(
        self, case: Case, ask: Callable[[], Analysis], payer: Worker, asked: datetime
    ) -> Analysis:
        if self._world.strikes(self._world.rates.garbage):
            self._troubles.set({"mode": self._world.rng.choice(USELESS), "count": 1})
        try:
            analysis = ask()
        except Unusable as error:
            self._world.note(f"useless answer: {error.reason}")
            self.book(case, payer, asked, round(error.call.cost_usd * MICRO))
            raise
        self.book(case, payer, asked, round(analysis.cost_usd * MICRO))
        return analysis

    def _refuse(self, ask: Callable[[], Analysis]) -> Exception:
        """What the adapter makes of a call that meets trouble; another worker may meet it first."""
        self._troubles.set({"mode": self._world.rng.choice(FAILURES), "count": 1})
        try:
            ask()
        except ResponderError as error:
            return error
        return unanswered()


class _Watched:
    """The circuit breaker, with an eye on what it lets through."""

    def __init__(self, breaker: Breaker, claude: WireClaude) -> None:
        self._breaker = breaker
        self._claude = claude

    def call[T](self, action: Callable[[], T]) -> T:
        return self._breaker.call(lambda: self._claude.sent(action))


@contextmanager
def serving_claude(
    world: World, store: WireStore, clients: Mapping[str, Any]
) -> Iterator[WireClaude]:
    """A server of its own, with canned verdicts."""
    secrets = clients["secretsmanager"]
    troubles = Troubles(MODES, lambda: world.now().timestamp())
    app = LocalClaude(
        troubles, lambda: world.now().timestamp(), CANNED_ANSWERS, first_value("claude"), 0
    )
    server = Server(app, 0)
    try:
        claude = WireClaude(
            world,
            store,
            app,
            troubles,
            lambda key: secrets.put_secret_value(SecretId="claude", SecretString=key),
        )
        key = Secret(secrets, "claude", 300, lambda: world.now().timestamp())
        # Powertools counts failures by name in the process.
        breaker = Breaker(clients["dynamodb"], TABLES[Table.STATE], uuid4().hex, clock=world.clock)
        claude.analyst = Claude(
            ApiKey(key, base_url=server.url, timeout_seconds=TIMEOUT),
            tiers(SMALL, LARGE, "low", "low", 1_000, 1_000),
            _Watched(breaker, claude),
            clock=world.clock,
        )
        yield claude
    finally:
        server.stop()

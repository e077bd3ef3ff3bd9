"""Claude behind one call: the only module that imports the SDK, and only when a call is due.

The lease protocol calls it as ``ports.Analyst``. It sends the prompt, turns every failure into
``Retryable`` or ``Permanent``, and has the answer read leniently. How a request is authenticated,
and under which name a model is asked, is a ``WayIn``: the API key here, AWS's in ``claude_aws``.

What a caller settles: an ``Analysis`` costs its ``cost_usd``, ``reading.Unusable`` its
``call.cost_usd``, any other Permanent and a Retryable with ``took_effect`` False nothing. After any
other Retryable nobody knows, and the reservation stays spent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import BaseModel

from responder.adapters.claude_errors import refused_key, translated
from responder.analysis import pricing, prompt, reading
from responder.analysis.context import Case
from responder.analysis.redaction import Rules
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import Tier
from responder.analysis.verdict import Analysis
from responder.clock import Clock, utc_now
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Question

if TYPE_CHECKING:
    from anthropic import Anthropic
    from anthropic.resources.messages import Messages
    from anthropic.types import OutputConfigParam, TextBlockParam

#: https://platform.claude.com/docs: the API's address. Always passed: the SDK would otherwise read
#: an environment variable of its own, and take an empty one as an address.
DEFAULT_BASE_URL: Final = "https://api.anthropic.com"
CONNECT_SECONDS: Final = 3

_SCHEMA_TEXT: Final = (
    "Answer with one JSON object of this JSON schema, and with nothing else:\n"
    + json.dumps(SCHEMA, separators=(",", ":"))
)
_SCHEMA_BYTES: Final = max(len(json.dumps(SCHEMA)), len(_SCHEMA_TEXT.encode()))


class Guard(Protocol):
    """What stands between us and a service that is down; ``adapters.breaker`` in production."""

    def call[T](self, action: Callable[[], T]) -> T:
        """Run ``action``, or raise Retryable(BREAKER_OPEN) without running it."""


class Client(Protocol):
    """What all of the SDK's clients have in common."""

    @property
    def messages(self) -> "Messages":
        """The Messages API."""


@dataclass(frozen=True)
class Terms:
    """How one model is asked: its name there, and whether a JSON schema is taken with a request.

    ``price`` is what a token costs there, as a multiple of the price in ``prices.json``.
    """

    model: str
    schema: bool = True
    price: float = 1.0


class WayIn(Protocol):
    """How requests reach Claude, and as whom."""

    def client(self) -> Client:
        """A client to call; the same one as long as its credentials hold."""

    def renew(self) -> Client | None:
        """A client with fresh credentials after a refusal; None when there are no others."""

    def terms(self, model: str) -> Terms:
        """How ``model``, by its name in ``prices.json``, is asked this way."""


class ApiKey:
    """The API key of a secret. ``key(force_fresh)`` raises Retryable(SECRET_MISSING) when empty."""

    def __init__(
        self, key: Callable[[bool], str], *, base_url: str = "", timeout_seconds: float
    ) -> None:
        """Nothing is fetched or imported yet. An empty ``base_url`` means Anthropic's own."""
        self._fetch = key
        self._base_url = base_url or DEFAULT_BASE_URL
        self._timeout_seconds = timeout_seconds
        self._key = ""
        self._client: Anthropic | None = None

    def client(self) -> Client:
        """The client of the current key, made anew only when the key has changed."""
        key = self._current_key(force_fresh=False)
        if self._client is None or key != self._key:
            self._client, self._key = self._new_client(key), key
        return self._client

    def renew(self) -> Client | None:
        """The client of a key that was rotated meanwhile; None while it is still the same."""
        refused = self._key
        key = self._current_key(force_fresh=True)
        if key == refused:
            return None
        self._client, self._key = self._new_client(key), key
        return self._client

    def terms(self, model: str) -> Terms:
        """The names and prices are the API's own."""
        return Terms(model)

    def _current_key(self, *, force_fresh: bool) -> str:
        try:
            key = self._fetch(force_fresh).strip()
        except Retryable as error:
            if error.reason is not Reason.SECRET_MISSING:
                raise
            raise Permanent(Reason.NO_KEY, error.detail) from error
        if not key:
            raise Permanent(Reason.NO_KEY, "the Anthropic key is empty")
        return key

    def _new_client(self, key: str) -> "Anthropic":
        from anthropic import Anthropic, Timeout

        return Anthropic(
            api_key=key,
            base_url=self._base_url,
            timeout=Timeout(self._timeout_seconds, connect=CONNECT_SECONDS),
            max_retries=0,
        )


class Claude:
    """The analyst. Holds no state but its way in, and the last prompt."""

    def __init__(
        self,
        way_in: WayIn,
        tiers: Mapping[str, Tier],
        guard: Guard,
        clock: Clock = utc_now,
        redaction: Rules | None = None,
        prompt_version: str = prompt.PROMPT_VERSION,
    ) -> None:
        """``tiers`` from ``tiering.tiers``; ``redaction`` is what to mask beyond the usual."""
        self._redaction = redaction
        self._prompt_version = prompt_version
        self._way_in = way_in
        self._tiers = tiers
        self._guard = guard
        self._clock = clock

    def question(self, case: Case, tier: str) -> Question:
        """The prompt. To ask raises Retryable or Permanent (``reading.Unusable`` when paid)."""
        asked = prompt.build(case, self._redaction, self._prompt_version)
        ceiling = self._ceiling_usd(asked, self._tiers[tier])
        return Question(ceiling, lambda: self._analyse(asked, tier))

    def _ceiling_usd(self, asked: prompt.Prompt, tier: Tier) -> float:
        size = asked.size_bytes + _SCHEMA_BYTES
        at_list_price = pricing.ceiling_usd(tier.model, size, tier.max_tokens)
        return at_list_price * self._way_in.terms(tier.model).price

    def _analyse(self, asked: prompt.Prompt, tier: str) -> Analysis:
        chosen = self._tiers[tier]
        began = self._clock()
        reply = self._answer(asked, chosen)
        found = self._read(reply, asked, tier, chosen)
        return found.model_copy(update={"seconds": (found.made_at - began).total_seconds()})

    def _answer(self, asked: prompt.Prompt, tier: Tier) -> "_Reply":
        """One request; a second one only with a key that was rotated meanwhile."""
        client, terms = self._way_in.client(), self._way_in.terms(tier.model)
        try:
            return self._guard.call(lambda: _send(client, asked, tier, terms))
        except Permanent as error:
            if not refused_key(error) or (renewed := self._way_in.renew()) is None:
                raise
        return self._guard.call(lambda: _send(renewed, asked, tier, terms))

    def _read(self, reply: "_Reply", asked: prompt.Prompt, tier_name: str, tier: Tier) -> Analysis:
        usage = reply.priced()
        call = reading.Call(
            model=tier.model,
            tier=tier_name,
            prompt_version=asked.version,
            made_at=self._clock(),
            cost_usd=pricing.cost_usd(tier.model, usage) * self._way_in.terms(tier.model).price,
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.output_tokens,
        )
        return reading.read(reply.text, reply.stop_reason, asked, call)


class _Block(BaseModel):
    type: str
    text: str = ""


class _Usage(BaseModel):
    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Reply(BaseModel):
    """What is read of the API's message. The SDK passes on whatever a proxy answered, unchecked."""

    content: list[_Block]
    stop_reason: str | None
    usage: _Usage

    @property
    def text(self) -> str:
        return "".join(block.text for block in self.content if block.type == "text")

    def priced(self) -> pricing.Usage:
        return pricing.Usage(
            input_tokens=self.usage.input_tokens,
            output_tokens=self.usage.output_tokens,
            cache_write_tokens=self.usage.cache_creation_input_tokens or 0,
            cache_read_tokens=self.usage.cache_read_input_tokens or 0,
        )


def _send(client: Client, asked: prompt.Prompt, tier: Tier, terms: Terms) -> _Reply:
    from anthropic import AnthropicError, omit

    try:
        message = client.messages.create(
            model=terms.model,
            max_tokens=tier.max_tokens,
            system=_system(asked, terms),
            messages=[{"role": "user", "content": asked.user}],
            output_config=_output_config(tier, terms) or omit,
        )
        return _Reply.model_validate(message, from_attributes=True)
    except (AnthropicError, ValueError) as error:
        raise translated(error) from error


def _system(asked: prompt.Prompt, terms: Terms) -> "list[TextBlockParam]":
    """The same bytes in every request, so that they are cached; the last block says how far."""
    texts = [asked.system] if terms.schema else [asked.system, _SCHEMA_TEXT]
    blocks: list[TextBlockParam] = [{"type": "text", "text": text} for text in texts]
    blocks[-1]["cache_control"] = {"type": "ephemeral"}
    return blocks


def _output_config(tier: Tier, terms: Terms) -> "OutputConfigParam":
    """What the model is told beside the prompt; a model refuses what it does not know."""
    config: OutputConfigParam = {}
    if terms.schema:
        config["format"] = {"type": "json_schema", "schema": SCHEMA}
    if tier.effort != "none":
        config["effort"] = tier.effort
    return config

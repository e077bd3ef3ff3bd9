"""What Claude can cache of a prompt, seen on the wire, and how long prompts are."""

import json
from collections.abc import Iterator
from statistics import median

import pytest

import prompt_corpus
from integration.claude_local import Unguarded
from local_stack.loopback import Reply, Request
from responder.adapters.claude import ApiKey, Claude, Terms
from responder.analysis.prompt import PROMPT_VERSION, VERSIONS
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import LARGE, SMALL, tiers
from responder.errors import ResponderError
from serving import serving
from unit.analysis.examples import NOW

#: One model for both tiers: what is cached is cached for a model.
MODEL = "claude-haiku-5-5"
#: The user's turn begins with the fence; the alert's data follow.
FENCE = "<alert-data>"
MOST_TOKENS = 3_000


class WithoutSchema(ApiKey):
    """As on Amazon Bedrock: the schema stands in the prompt."""

    def terms(self, model: str) -> Terms:
        return Terms(model, schema=False)


@pytest.fixture
def wire() -> Iterator[tuple[str, list[bytes]]]:
    bodies: list[bytes] = []

    def application(request: Request) -> Reply:
        bodies.append(request.body)
        return Reply(529)

    with serving(application) as server:
        yield server.url, bodies


def send(way_in: ApiKey) -> int:
    """Ask about the whole corpus, by both tiers; how many requests that makes."""
    analyst = Claude(way_in, tiers(MODEL, MODEL), Unguarded(), lambda: NOW)
    corpus = prompt_corpus.load()
    for case in corpus:
        for tier in (SMALL, LARGE):
            with pytest.raises(ResponderError):
                analyst.question(case, tier).ask()
    return 2 * len(corpus)


@pytest.mark.parametrize("way", [ApiKey, WithoutSchema])
def test_everything_before_the_alerts_data_is_the_same_bytes_in_every_request(
    wire: tuple[str, list[bytes]], way: type[ApiKey]
) -> None:
    url, bodies = wire
    sent = send(way(lambda _: "sk-test", base_url=url, timeout_seconds=10))
    assert len(bodies) == sent > 100
    assert len({_system(body) for body in bodies}) == 1
    assert len({_schema(body) for body in bodies}) == 1
    first = json.loads(bodies[0])
    assert first["system"][0]["text"] == VERSIONS[PROMPT_VERSION]
    assert [block.get("cache_control") for block in first["system"]][-1] == {"type": "ephemeral"}
    for body in bodies:
        (turn,) = json.loads(body)["messages"]
        assert turn["content"].startswith(FENCE)
    assert len({json.loads(body)["messages"][0]["content"] for body in bodies}) > sent / 4


def test_the_median_prompt_is_under_three_thousand_tokens() -> None:
    """Four bytes a token are an estimate: only Claude can count."""
    sizes = sorted(map(prompt_corpus.tokens, prompt_corpus.load()))
    print(f"\n{len(sizes)} prompts: median {median(sizes):.0f} tokens, largest {sizes[-1]:.0f}")
    assert len(sizes) > 60
    assert median(sizes) < MOST_TOKENS


def _system(body: bytes) -> bytes:
    """The system prompt as it is written, with whatever surrounds its texts."""
    return _between(body, b'"system":', b"}]")


def _schema(body: bytes) -> bytes:
    wanted = json.loads(body).get("output_config", {}).get("format")
    if wanted is None:
        return b""
    written = json.dumps(SCHEMA, separators=(",", ":")).encode()
    assert written in body
    return written


def _between(body: bytes, begin: bytes, end: bytes) -> bytes:
    start = body.index(begin)
    return body[start : body.index(end, start) + len(end)]

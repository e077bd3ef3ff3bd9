"""The redaction corpus: what of a planted secret is in the bytes that reach Claude's address."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.claude_local import Unguarded
from local_stack.loopback import Reply, Request
from responder.adapters.claude import ApiKey, Claude
from responder.analysis.tiering import tiers
from responder.errors import Retryable
from responder_cli.eval.secrets import KNOWN, measure, planted
from serving import serving

CORPUS = Path(__file__).parents[1] / "evals" / "redaction"
#: Of ordinary texts; each masked one costs Claude a fact.
MOST_OVER_REDACTED = 0.02


def test_no_secret_of_the_corpus_reaches_the_wire(record_property: Callable[..., None]) -> None:
    bodies: list[bytes] = []

    def overloaded(request: Request) -> Reply:
        bodies.append(request.body)
        error = {"type": "overloaded_error", "message": "no"}
        return Reply(529, json.dumps({"type": "error", "error": error}).encode())

    secrets = list(planted(CORPUS / KNOWN))
    with serving(overloaded) as server:
        way_in = ApiKey(lambda _: "sk-test", base_url=server.url, timeout_seconds=5)
        claude = Claude(way_in, tiers("claude-haiku-5-5", "claude-sonnet-5-5"), Unguarded())
        for one in secrets:
            with pytest.raises(Retryable):
                claude.question(one.in_every_field(), "small").ask()
    assert len(bodies) == len(secrets) >= 100
    leaked = [
        one.name
        for one, body in zip(secrets, bodies, strict=True)
        if one.leaks_into(body.decode()) or one.leaks_into(_plain(body))
    ]
    record_property("planted", len(secrets))
    assert leaked == []


def _plain(body: bytes) -> str:
    """What a reader gets who undoes both layers of JSON."""
    content = json.loads(body)["messages"][0]["content"]
    facts = json.loads(content.removeprefix("<alert-data>").removesuffix("</alert-data>"))
    return "\n".join(f"{name}\n{value}" for name, value in facts.items())


def test_the_measure_agrees_and_ordinary_texts_stay_readable() -> None:
    found = measure(CORPUS)
    assert found.leaked == ()
    assert found.ordinary >= 60
    assert found.over_redaction <= MOST_OVER_REDACTED, found.changed


def test_what_was_held_out_leaks_only_where_nothing_tells_it_from_an_id() -> None:
    """A bare hex value is mostly a digest or a trace; the other one looks like several names."""
    known = {"finicity-api-token", "dropbox-long-lived-api-token"}
    found = measure(CORPUS)
    assert found.held_out == 60
    assert set(found.held_out_leaked) <= known


def test_a_leak_would_be_seen() -> None:
    one = next(planted(CORPUS / KNOWN))
    assert one.leaks_into(f"x {one.secret} y")
    assert not one.leaks_into("x [secret-1] y")

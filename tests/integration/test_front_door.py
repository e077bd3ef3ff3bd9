"""Our own front door over real HTTP: what counts as accepted, and a key that was replaced."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_stack.loopback import Fate, Reply, Request
from responder.adapters.front_door import HttpFrontDoor
from responder.errors import Permanent, Reason, Retryable
from serving import serving


@dataclass
class Keys:
    """API Gateway with the value of each look, the last one for ever; an error is raised."""

    values: list[str | ClientError]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_api_key(self, **what: Any) -> dict[str, str]:
        value = self.values[min(len(self.asked), len(self.values) - 1)]
        self.asked.append(what)
        if isinstance(value, ClientError):
            raise value
        return {"value": value}


@dataclass
class Guard:
    """A front door that knows one key."""

    key: str
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.seen.append(request.headers["x-api-key"])
        return Reply(202 if self.seen[-1] == self.key else 403)


def door(url: str, keys: Keys) -> HttpFrontDoor:
    client: Any = keys
    return HttpFrontDoor(f"{url}/live/alerts", client, "the-id")


def test_the_key_is_read_once_and_again_when_it_was_replaced() -> None:
    guard, keys = Guard("old"), Keys(["old", "new"])
    with serving(guard) as server:
        knocking = door(server.url, keys)
        knocking.send(b"{}")
        knocking.send(b"{}")
        assert keys.asked == [{"apiKey": "the-id", "includeValue": True}]
        guard.key = "new"
        knocking.send(b"{}")
    assert guard.seen == ["old", "old", "old", "new"]


def test_a_key_that_stays_refused_is_a_persons_turn() -> None:
    guard, keys = Guard("another"), Keys(["old"])
    with serving(guard) as server, pytest.raises(Permanent, match="403") as caught:
        door(server.url, keys).send(b"{}")
    assert caught.value.reason is Reason.MISCONFIGURED
    assert len(guard.seen) == 1


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(503), Retryable, "503"),
        (Reply(400), Permanent, "400"),
        (Reply(200), Permanent, "200"),
        (Reply(fate=Fate.DROP), Retryable, "timeout"),
    ],
    ids=["our trouble", "refused", "not accepted", "no answer"],
)
def test_all_but_accepted_says_why(reply: Reply, error: type[Exception], words: str) -> None:
    with serving(lambda request: reply) as server, pytest.raises(error, match=words):
        door(server.url, Keys(["key"])).send(b"{}")


def test_a_key_that_cannot_be_read_is_named() -> None:
    refused = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetApiKey")
    with pytest.raises(Retryable, match="the-id cannot be read"):
        door("http://127.0.0.1:1", Keys([refused])).send(b"{}")

"""Azure Event Grid asks whether an address wants its events; only a known sender gets an answer."""

import pytest

from samples import sample
from unit.reception.doubles import TOKEN, Wired, body_of, request

ASKED = {"aeg-event-type": "SubscriptionValidation", "Content-Type": "application/json"}
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
BODY = sample("azure-event-grid/validation.json")


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_code_is_repeated_to_a_known_sender(token: str | None) -> None:
    wired = Wired()
    answer = wired.reception.http(request(BODY, token=token, headers=ASKED))
    assert (answer["statusCode"], body_of(answer)) == (200, {"validationResponse": CODE})
    assert wired.queues.sent == []


def test_the_code_is_not_repeated_to_anybody_else() -> None:
    answer = Wired().reception.http(request(BODY, token="wrong", headers=ASKED))
    assert answer["statusCode"] == 403
    assert CODE not in str(answer)


def test_without_the_header_it_is_an_event_that_is_no_alert() -> None:
    wired = Wired()
    answer = wired.reception.http(request(BODY, headers={"Content-Type": "application/json"}))
    assert answer["statusCode"] == 202
    assert CODE not in str(answer)
    assert wired.telemetry.counts["EventsHeld", "not_an_alert"] == 1


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"nonsense", b"[7]", b'[{"data": {"validationCode": null}}]',
             b'[{"data": {"validationCode": "' + b"x" * 300 + b'"}}]']
)  # fmt: skip
def test_whatever_else_comes_with_the_header_is_read_as_ever(body: bytes) -> None:
    answer = Wired().reception.http(request(body, headers=ASKED))
    assert "validationResponse" not in body_of(answer)
    assert answer["statusCode"] in (202, 400)

"""Properties of masking that must hold for any text."""

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.analysis.redaction import Redactor

pieces = st.sampled_from(
    ["a@b.org", "[email-1]", "[secret-1]", "+49 170 1234567", " ", "\n", "x", "é", "[text-2]"]
)
texts = st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=20).map("".join)


@given(texts)
def test_masking_twice_masks_nothing_more(text: str) -> None:
    """Whatever still looked like a secret would be found by a second pass."""
    once = Redactor().mask(text)
    again = Redactor().mask(once)
    placeholders = ("[secret-", "[email-", "[phone-", "[iban-", "[card-", "[text-")
    assert Redactor().unmask(again) == again
    if not any(mark in once for mark in placeholders):
        assert again == once


@given(st.lists(pieces, max_size=20).map("".join))
def test_personal_data_and_look_alikes_come_back_as_they_were(text: str) -> None:
    redactor = Redactor()
    assert redactor.unmask(redactor.mask(text)) == text


words = st.text(string.ascii_lowercase + " .,:\n", max_size=30)


@given(words, words, st.sampled_from(["password", "API_KEY", "client_secret", "authToken"]))
def test_an_assigned_secret_never_passes_whatever_stands_around_it(
    before: str, after: str, name: str
) -> None:
    assert "Zq8-xR1" not in Redactor().mask(f"{before} {name}=Zq8-xR1 {after}")


def test_random_keys_without_any_name_are_nearly_always_found() -> None:
    """40 characters of base64, as a secret access key has them, in the middle of a sentence."""
    dice = random.Random(7)
    alphabet = string.ascii_letters + string.digits + "+/"
    keys = ["".join(dice.choices(alphabet, k=40)) for _ in range(2000)]
    leaked = sum(key in Redactor().mask(f"found {key} here") for key in keys)
    assert leaked <= 40


HOSTILE = [
    "a", "a ", "eyJ", "-eyJ-", "eyJ.", "sk-", "sk-sk-a", "://", "://a@", "password", "password=",
    "-----BEGIN RSA PRIVATE KEY-----", "AB12 ", "4111 ", "1", "+1", "+1 ", "a@", "a@a.", "A0a",
    "[secret-1]", "Bearer ", "?key=", "hooks.slack.com/services/", "--token ", "authorization:",
    "SG.aaaaaaaaaaaaaaaaaaaaaaa.", '\\"token\\": \\"', "x" * 64 + "@", "www.", "\\", '"', "=",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_grows_no_faster_than_the_text(piece: str) -> None:
    """Quadratic time would make the second text a hundred times as dear as the first."""

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.process_time()
        Redactor().mask(text)
        return time.process_time() - started

    assert seconds(100_000) < 40 * min(seconds(10_000) for _ in range(3)) + 0.05

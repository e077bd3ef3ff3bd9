"""Whoever asks, with whatever headers: let in or refused, never an error; and nobody by chance."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.intake.authentication.senders import Helpers, Offer, Refused, admit
from responder.intake.authentication.sources import sources_in
from samples import NOW
from unit.reception.doubles import KeptKeySets, KeptNotary

TENANT = "11111111-2222-3333-4444-555555555555"
KEY = base64.b64encode(b"a key").decode()
SCHEMES = ("sentry", "pagerduty", "grafana", "github", "checkly", "flux", "mongodb-atlas", "rootly")
SOURCES = sources_in(
    {
        "tokens": {"old": "a-token-that-nobody-guesses"},
        "sources": {
            **{name: {"signature": {"scheme": name, "secrets": ["hidden"]}} for name in SCHEMES},
            "timed": {
                "signature": {
                    "scheme": "grafana",
                    "secrets": ["hidden"],
                    "timestamp_header": "x-at",
                }
            },
            "svix": {"signature": {"scheme": "standard-webhooks", "secrets": [f"whsec_{KEY}"]}},
            "own": {"signature": {"scheme": "hmac", "secrets": ["hidden"], "header": "x-own"}},
            "gitlab": {"header": {"name": "x-gitlab-token", "secrets": ["hidden-too"]}},
            "azure": {"entra": {"tenant": TENANT, "audience": "api://us"}},
            "sns": {
                "signature": {"scheme": "sns", "topics": ["arn:aws:sns:eu-west-1:123456789012:a"]}
            },
        },
    }
)
NAMES = ("sentry-hook-signature", "x-pagerduty-signature", "x-grafana-alerting-signature",
         "x-hub-signature-256", "x-checkly-signature", "x-signature", "x-mms-signature",
         "webhook-id", "webhook-timestamp", "webhook-signature", "svix-signature", "x-at", "x-own",
         "x-rootly-signature", "x-gitlab-token", "authorization")  # fmt: skip
VALUES = ("", ",", "v1=", "v1=zz", "sha256=", "v1,", "t=1,v1=00", "0" * 64, "0" * 40, "é" * 64,
          "Basic", "Basic " + "A" * 9, "Basic /w==", "Bearer", "Bearer  ",
          "Bearer e30.e30.e30", "Bearer a.b.c", "Bearer ..", "9" * 20)  # fmt: skip
text = st.text(max_size=30) | st.sampled_from(VALUES)
headers = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=9), text, max_size=8)
query = st.dictionaries(st.sampled_from(["token", "auth_token"]) | st.text(max_size=5), text)
segments = st.sampled_from([*SOURCES.known, "", "-"]) | st.text(max_size=20)


def decided(segment: str, asked: dict[str, str], given: dict[str, str], body: bytes | None) -> None:
    offer = Offer(segment, "sentry", given, asked, body)
    refusal = None
    try:
        admit(SOURCES, offer, NOW, Helpers(KeptNotary(), KeptKeySets()))
    except Refused as error:
        refusal = error
    assert refusal is not None
    assert refusal.name in {"", *SOURCES.known}


def test_the_entries_of_this_test_are_right() -> None:
    assert SOURCES.unreadable == {}


@settings(max_examples=400)
@given(segments, query, headers, st.none() | st.binary(max_size=60))
def test_any_request_is_refused(
    segment: str, asked: dict[str, str], given: dict[str, str], body: bytes | None
) -> None:
    decided(segment, asked, given, body)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=15,
)
words = st.sampled_from(
    ["tokens", "sources", "tools", "token", "user", "signature", "header", "scheme", "secrets"]
)
documents = st.recursive(
    values, lambda inner: st.dictionaries(words | st.text(max_size=4), inner, max_size=4)
)


@settings(max_examples=300)
@given(st.dictionaries(words, documents, max_size=4))
def test_any_secret_can_be_read(document: dict[str, object]) -> None:
    found = sources_in(document)
    assert not found.known.keys() & found.unreadable.keys()
    for source in found.known.values():
        assert source.tokens or source.signature or source.header or source.entra

"""What an operator has masked beyond the usual: private addresses, account ids, own patterns."""

import pytest

from responder import settings
from responder.analysis.prompt import build
from responder.analysis.redaction import Redactor, Rules
from responder.settings import load
from unit.analysis.examples import case
from unit.test_settings import ANALYSIS

PRIVATE = Rules(private=True)


@pytest.mark.parametrize(
    ("text", "datum"),
    [
        ("10.0.12.7:9100 is down", "10.0.12.7"),
        ("from 172.16.0.1 to x", "172.16.0.1"),
        ("192.168.1.254", "192.168.1.254"),
        ("carrier 100.64.3.2", "100.64.3.2"),
        ("fd12:3456:789a::1 lost", "fd12:3456:789a::1"),
        ("node ip-10-0-1-23.eu-west-1.compute.internal", "10-0-1-23"),
        ("arn:aws:iam::123456789012:role/x", "123456789012"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "123456789012"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/x", "123456789012"),
        ("account 123456789012 is over quota", "123456789012"),
        ('{"AccountId": "123456789012"}', "123456789012"),
        ("/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/x",
         "0b1f6471-1bf0-4dda-aec3-111122223333"),
    ],
)  # fmt: skip
def test_private_data_is_masked_where_it_is_asked_for_and_comes_back(text: str, datum: str) -> None:
    assert Redactor().mask(text) == text
    redactor = Redactor(PRIVATE)
    masked = redactor.mask(text)
    assert datum not in masked
    assert redactor.unmask(masked) == text


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8 answers", "172.32.0.1", "11.0.0.1", "version 10.4.2", "took 123456789012 ns",
     "v10.0.12.7.3", "trace 0b1f6471-1bf0-4dda-aec3-111122223333", "fdisk: fe"],
)  # fmt: skip
def test_public_addresses_and_other_numbers_stay(text: str) -> None:
    assert Redactor(PRIVATE).mask(text) == text


def test_the_accounts_field_is_masked_as_a_whole() -> None:
    scope = {"account": "prod-payments", "region": "eu-west-1"}
    facts = build(case(scope=scope), PRIVATE).facts
    assert (facts["scope.account"], facts["scope.region"]) == ("[account-1]", "eu-west-1")


def test_the_operators_patterns_are_secrets_and_never_come_back() -> None:
    redactor = Redactor(Rules(patterns=[r"EMP-\d+", r"(?i)project\s+bluebird"]))
    masked = redactor.mask("EMP-1 of Project  Bluebird called EMP-2, EMP-1")
    assert masked == "[secret-1] of [secret-3] called [secret-2], [secret-1]"
    assert redactor.unmask(masked) == masked


def test_they_see_the_text_before_anything_else_is_masked() -> None:
    redactor = Redactor(Rules(patterns=[r"cust:\w+\.\w+@\S+"]))
    assert redactor.mask("cust:jane.doe@example.com") == "[secret-1]"


def test_what_a_pattern_matches_does_not_reach_the_prompt() -> None:
    asked = build(
        case(message="EMP-77 at EMP-78", labels={"by": "EMP-77"}), Rules(patterns=["EMP-.."])
    )
    assert "EMP-7" not in asked.user


@pytest.mark.parametrize("pattern", ["(", "(?<=x)y", r"\1", "a*", ".*", "^", ""])
def test_a_pattern_that_cannot_be_or_matches_everywhere_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"RE2|empty text"):
        Rules(patterns=[pattern])


def test_the_template_parameters_say_what_to_mask() -> None:
    found = load(
        settings.Analysis, ANALYSIS | {"REDACT_PRIVATE": "true", "REDACT_PATTERNS": r"EMP-\d+ X\S"}
    )
    rules = Rules(found.redact_private, found.redact_patterns.split())
    assert Redactor(rules).mask("EMP-12 X9 10.0.0.1") == "[secret-1] [secret-2] [ip-1]"
    usual = load(settings.Analysis, ANALYSIS | {"REDACT_PRIVATE": "false", "REDACT_PATTERNS": ""})
    assert (usual.redact_private, usual.redact_patterns) == (False, "")

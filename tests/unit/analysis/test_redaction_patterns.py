import json
from pathlib import Path
from typing import Any

import pytest

from responder.analysis.redaction import Redactor

CASES: dict[str, Any] = json.loads(Path(__file__).with_name("secrets.json").read_text())


def joined(case: dict[str, str]) -> tuple[str, str]:
    """Planted secrets are kept in two halves, so that no scanner takes this file for a leak."""
    secret = case["secret"].replace("~", "")
    return case["text"].replace("@@", secret), secret


@pytest.mark.parametrize("case", CASES["secrets"], ids=lambda case: case["name"])
def test_a_planted_secret_neither_passes_nor_comes_back(case: dict[str, str]) -> None:
    text, secret = joined(case)
    redactor = Redactor()
    masked = redactor.mask(text)
    assert secret not in masked
    assert secret not in redactor.unmask(masked)


@pytest.mark.parametrize("case", CASES["personal"], ids=lambda case: case["name"])
def test_personal_data_is_masked_and_put_back(case: dict[str, str]) -> None:
    text, datum = joined(case)
    redactor = Redactor()
    masked = redactor.mask(text)
    assert datum not in masked
    assert redactor.unmask(masked) == text


@pytest.mark.parametrize("text", CASES["readable"])
def test_what_an_engineer_needs_stays_readable(text: str) -> None:
    assert Redactor().mask(text) == text


def test_equal_values_have_equal_placeholders() -> None:
    redactor = Redactor()
    assert redactor.mask("a@x.org b@x.org a@x.org") == "[email-1] [email-2] [email-1]"
    assert redactor.mask("b@x.org") == "[email-2]"


def test_text_that_imitates_a_placeholder_is_not_replaced_by_somebodys_data() -> None:
    redactor = Redactor()
    masked = redactor.mask("[email-1] wrote to a@x.org")
    assert masked == "[text-1] wrote to [email-1]"
    assert redactor.unmask(masked) == "[email-1] wrote to a@x.org"


def test_a_placeholder_that_was_never_given_stays_as_it_is() -> None:
    assert Redactor().unmask("[email-7] [secret-1]") == "[email-7] [secret-1]"


@pytest.mark.parametrize(
    "name",
    ["labels.db_password", "labels.API-Key", "labels.token", "labels.DB_PASS", "labels.smtp.pass"],
)
def test_a_field_with_a_secrets_name_is_masked_whole(name: str) -> None:
    assert Redactor().mask_field(name, "any words") == "[secret-1]"


def test_other_fields_are_masked_by_their_content() -> None:
    assert Redactor().mask_field("labels.owner", "a@x.org, ops") == "[email-1], ops"

import json
import re
from datetime import UTC, date, datetime

import pytest

from responder.analysis import lifecycle, pricing
from responder.settings import Analysis
from template import deployed

BOOK = json.loads(lifecycle.LIFECYCLE_FILE.read_text(encoding="utf-8"))


def on(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-20", "ends on 2026-11-30 (10 days left)"),
        ("2026-11-30", "has ended on 2026-11-30"),
        ("2027-01-01", "has ended on 2026-11-30"),
    ],
)
def test_a_deprecated_model_is_told_with_its_day_and_what_to_use(day: str, said: str) -> None:
    told = lifecycle.ending("claude-sonnet-4-5", on(day))
    assert said in told
    assert "use claude-sonnet-5-5" in told
    assert BOOK["as_of"] in told


def test_any_other_model_is_nothing_to_tell_of() -> None:
    assert lifecycle.ending("claude-haiku-5-5", on("2026-11-20")) == ""


def test_what_is_named_instead_has_a_price_and_no_end() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", BOOK["as_of"])
    for entry in BOOK["models"].values():
        assert date.fromisoformat(entry["retires"])
        pricing.require_price(entry["use"])
        assert entry["use"] not in BOOK["models"]


def test_the_days_are_those_of_the_sdk_for_every_priced_model() -> None:
    """An update of the SDK that deprecates another one fails here."""
    from anthropic.resources.messages import DEPRECATED_MODELS

    priced = json.loads(pricing.PRICES_FILE.read_text(encoding="utf-8"))["models"]
    known = {model: entry["retires"] for model, entry in BOOK["models"].items()}
    assert known.keys() <= priced.keys()
    assert known == {
        model: _day(said) for model, said in DEPRECATED_MODELS.items() if model in priced
    }


def _day(said: str) -> str:
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)", "", said)
    return datetime.strptime(plain, "%B %d, %Y").replace(tzinfo=UTC).date().isoformat()


def test_no_model_that_we_configure_is_on_its_way_out() -> None:
    for environment in deployed.ENVIRONMENTS:
        given = deployed.parameters(environment)
        for name in ("ModelSmall", "ModelLarge"):
            assert lifecycle.ending(given[name], on(BOOK["as_of"])) == ""
            pricing.require_price(given[name])


def test_the_template_and_the_code_name_the_same_models_tiers_and_ways() -> None:
    """Deploying warns by the code's defaults where nobody names a parameter."""
    defaults = deployed.source()["Parameters"]
    variables = deployed.source()["Resources"]["AnalysisFunction"]["Properties"]["Environment"]
    for field in Analysis.model_fields.values():
        given = variables["Variables"].get(field.alias)
        if isinstance(given, dict) and given.get("Ref") in defaults and not field.is_required():
            written = str(defaults[given["Ref"]]["Default"])
            code = "" if field.default in (None, {}) else str(field.default)
            assert written.lower() == code.lower(), field.alias

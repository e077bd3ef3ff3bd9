import re
from pathlib import Path

import pytest

from responder.alert import Severity
from responder.analysis import pricing
from responder.analysis.pricing import Usage, ceiling_usd, cost_usd, require_price
from responder.analysis.tiering import Tier, deserves_higher, tier_for, tiers
from responder.analysis.verdict import Confidence
from responder.errors import Permanent, Reason
from unit.analysis.examples import analysis

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("severity", list(Severity))
def test_only_critical_starts_with_the_large_model(severity: Severity) -> None:
    assert tier_for(severity) == ("large" if severity is Severity.CRITICAL else "small")


@pytest.mark.parametrize(
    ("severity", "confidence", "higher"),
    [
        (Severity.CRITICAL, Confidence.HIGH, True),
        (Severity.HIGH, Confidence.LOW, True),
        (Severity.HIGH, Confidence.MEDIUM, False),
        (Severity.MEDIUM, Confidence.LOW, False),
        (Severity.INFO, Confidence.LOW, False),
    ],
)
def test_a_small_analysis_is_raised_where_it_matters(
    severity: Severity, confidence: Confidence, higher: bool
) -> None:
    found = analysis(confidence=confidence)
    assert deserves_higher(found, severity) is higher
    assert tier_for(severity, found) == ("large" if higher else "small")


@pytest.mark.parametrize("tier", ["large", "fallback"])
@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HIGH])
def test_an_analysis_is_raised_once_only(tier: str, severity: Severity) -> None:
    assert not deserves_higher(analysis(tier=tier, confidence=Confidence.LOW), severity)


def test_tiers_carry_model_effort_and_length() -> None:
    assert tiers("m1", "m2") == {
        "small": Tier("m1", "low", 2000),
        "large": Tier("m2", "medium", 4000),
    }
    assert tiers("m1", "m2", "none", "max", 700, 8000) == {
        "small": Tier("m1", "none", 700),
        "large": Tier("m2", "max", 8000),
    }


def test_every_model_named_by_the_template_and_settings_has_a_price() -> None:
    """The parameters' defaults, wherever they are written down."""
    files = [ROOT / "template.yaml", ROOT / "samconfig.toml"]
    files += (ROOT / "layers/responder/responder").glob("settings.py")
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    models = {"claude-haiku-5-5", "claude-sonnet-5-5"}
    models |= set(re.findall(r"\bclaude-(?:haiku|sonnet|opus|fable)-\d[\w-]*", text))
    for model in sorted(models):
        require_price(model)


def test_prices_say_when_they_were_read() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", pricing.as_of())


def test_cost_counts_every_kind_of_token() -> None:
    usage = Usage(
        input_tokens=1000, output_tokens=700, cache_write_tokens=2000, cache_read_tokens=3000
    )
    assert cost_usd("claude-haiku-5-5", usage) == pytest.approx(
        (1000 * 0.10 + 700 * 0.50 + 2000 * 0.125 + 3000 * 0.01) / 1e6
    )


def test_the_worked_example_of_a_thousand_analyses() -> None:
    usage = Usage(input_tokens=2500, output_tokens=700)
    assert 1000 * cost_usd("claude-haiku-5-5", usage) == pytest.approx(0.60)
    assert 1000 * cost_usd("claude-sonnet-5-5", usage) == pytest.approx(12.0)


def test_a_long_prompt_costs_the_long_price() -> None:
    at, above = Usage(input_tokens=100_000), Usage(input_tokens=100_001)
    assert cost_usd("claude-haiku-5-5", at) == pytest.approx(0.01)
    assert cost_usd("claude-haiku-5-5", above) == pytest.approx(0.0500005)
    assert cost_usd("claude-sonnet-5-5", above) == pytest.approx(0.200002)


def test_the_ceiling_covers_a_prompt_of_one_token_a_byte() -> None:
    worst = Usage(cache_write_tokens=9000, output_tokens=2000)
    assert ceiling_usd("claude-haiku-5-5", 9000, 2000) >= cost_usd("claude-haiku-5-5", worst)


@pytest.mark.parametrize("call", [lambda m: cost_usd(m, Usage()), lambda m: ceiling_usd(m, 1, 1)])
def test_a_model_without_a_price_is_a_configuration_error(call: object) -> None:
    with pytest.raises(Permanent) as caught:
        call("claude-unheard-of-9")  # type: ignore[operator]
    assert caught.value.reason is Reason.MISCONFIGURED
    assert "claude-unheard-of-9" in caught.value.detail

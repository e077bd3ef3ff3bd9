"""List prices of AWS in us-east-1 without free tiers, and what a bill comes to.

Read on the day in ``AS_OF``: https://aws.amazon.com/api-gateway/pricing/,
https://aws.amazon.com/lambda/pricing/ (arm64), https://aws.amazon.com/sqs/pricing/,
https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/cloudwatch/pricing/,
https://aws.amazon.com/secrets-manager/pricing/, https://aws.amazon.com/s3/pricing/. Claude's are
those of ``analysis/prices.json``.
"""

from collections.abc import Mapping

from responder.analysis import pricing
from responder.analysis.pricing import Usage

AS_OF = "2026-11-20"
MILLION = 1_000_000
#: Dollars a unit.
UNITS = {
    "api requests": 3.50 / MILLION,
    "sqs requests": 0.40 / MILLION,
    "dynamodb write units": 0.625 / MILLION,
    "dynamodb read units": 0.125 / MILLION,
    "log bytes": 0.50 / 1e9,
    "lambda log bytes": 0.50 / 1e9,
    "secret reads": 0.05 / 10_000,
    "s3 requests": 0.005 / 1_000,
}
INVOCATION = 0.20 / MILLION
GB_SECOND = 0.0000133334
#: Megabytes of each function, as the template has them.
MEMORY = {"reception": 512, "analysis": 1769, "distribution": 512}
#: With so much memory a function has one processor:
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
ONE_PROCESSOR = 1769
#: What an analysis writes, with its thinking: in the middle of what the evals' answers have.
ANSWER_TOKENS = 700
SERVICES = {
    "API Gateway": ("api requests",),
    "SQS": ("sqs requests",),
    "DynamoDB": ("dynamodb write units", "dynamodb read units"),
    "CloudWatch Logs": ("log bytes", "lambda log bytes"),
    "Secrets, S3": ("secret reads", "s3 requests"),
}


def dollars(units: Mapping[str, float]) -> dict[str, float]:
    """By service."""
    found = {
        service: sum(units.get(name, 0) * UNITS[name] for name in names)
        for service, names in SERVICES.items()
    }
    return {**found, "Lambda": _lambda(units), "Claude": _claude(units)}


def gb_seconds(units: Mapping[str, float], function: str) -> float:
    """What one function is billed for: its waiting, and its work on its share of a processor."""
    working = units.get(f"{function} processor seconds", 0) / share(function)
    seconds = units.get(f"{function} waiting seconds", 0) + working
    return seconds * MEMORY[function] / 1024


def share(function: str) -> float:
    """The part of one processor that comes with a function's memory."""
    return min(1.0, MEMORY[function] / ONE_PROCESSOR)


def _lambda(units: Mapping[str, float]) -> float:
    return sum(
        units.get(f"{function} invocations", 0) * INVOCATION
        + gb_seconds(units, function) * GB_SECOND
        for function in MEMORY
    )


def _claude(units: Mapping[str, float]) -> float:
    return sum(
        number * per_call(name.removeprefix("calls of "), units)
        for name, number in units.items()
        if name.startswith("calls of ")
    )


def per_call(model: str, units: Mapping[str, float]) -> float:
    """What a call of a model costs on average, by the prompts that were sent."""
    calls = units[f"calls of {model}"]
    tokens = round(units[f"prompt tokens of {model}"] / calls)
    return pricing.cost_usd(model, Usage(tokens, ANSWER_TOKENS))

"""Claude as the settings have it: the analysis function and the command line ask through this."""

from collections.abc import Callable, Mapping

from responder import settings
from responder.adapters import environment
from responder.adapters.claude import ApiKey, Claude, Guard, WayIn
from responder.adapters.claude_aws import Bedrock, PlatformOnAws
from responder.analysis.redaction import Rules
from responder.analysis.tiering import Tier, tiers


def analyst(given: settings.Claude, way: WayIn, guard: Guard) -> Claude:
    """Claude as these settings have it; the command line asks through it, too."""
    return Claude(
        way,
        tiers_of(given),
        guard,
        redaction=redaction_of(given),
        prompt_version=given.prompt_version,
    )


def tiers_of(given: settings.Claude) -> Mapping[str, Tier]:
    """The two tiers by name."""
    return tiers(
        given.model_small,
        given.model_large,
        given.effort_small,
        given.effort_large,
        given.max_tokens_small,
        given.max_tokens_large,
    )


def redaction_of(given: settings.Claude) -> Rules:
    """What is masked beyond the usual."""
    return Rules(given.redact_private, given.redact_patterns.split())


def way_in(given: settings.Claude, key: Callable[[bool], str]) -> WayIn:
    """The chosen way to Claude; ``key`` is read on the first one only."""
    url, seconds = given.anthropic_base_url, given.claude_timeout
    if given.claude_access == "aws":
        return PlatformOnAws(
            environment.credentials,
            region=given.claude_region,
            workspace=given.claude_workspace,
            base_url=url,
            timeout_seconds=seconds,
        )
    if given.claude_access == "bedrock":
        return Bedrock(
            environment.credentials,
            region=given.claude_region,
            ids={given.model_small: given.bedrock_small, given.model_large: given.bedrock_large},
            profile="" if given.bedrock_profile == "none" else given.bedrock_profile,
            schema_models=given.bedrock_schema_models.replace(" ", "").split(","),
            base_url=url,
            timeout_seconds=seconds,
        )
    return ApiKey(key, base_url=url, timeout_seconds=seconds)

"""What each function must know; read from the environment once, at init, by ``bootstrap``.

A missing or malformed variable fails the function's start with its name: a deployment that would
not work never takes traffic.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from responder.channel import canonical

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from responder.analysis.budget import Limits

Channel = Annotated[str, AfterValidator(canonical)]
# As ``analysis.tiering`` has them; not imported, as every function loads this module.
Effort = Literal["none", "low", "medium", "high", "xhigh", "max"]


def _shares(text: str) -> Mapping[str, float]:
    # Not imported above, as every function loads this module.
    from responder.analysis.budget import parse_shares

    return parse_shares(text)


class SettingsError(Exception):
    """A variable of the environment is missing or malformed; the message names each one."""


class _Settings(BaseModel):
    # Built when first used: every function loads this module, and has one of these.
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, defer_build=True)


class Common(_Settings):
    """Needed by every function."""

    stack_name: str = Field(alias="STACK_NAME", min_length=1)


class Secrets(_Settings):
    """How long a fetched secret is trusted, in seconds."""

    max_age: float = Field(300, alias="SECRET_MAX_AGE_SECONDS", ge=0)


class Reception(Common, Secrets):
    """Settings of the reception function."""

    processing_url: str = Field(alias="PROCESSING_QUEUE_URL", min_length=1)
    critical_processing_url: str = Field(alias="CRITICAL_PROCESSING_QUEUE_URL", min_length=1)
    sources_secret: str = Field(alias="SOURCES_SECRET", min_length=1)


class Lanes(Common, Secrets):
    """Settings that analysis and distribution share."""

    incidents_table: str = Field(alias="INCIDENTS_TABLE", min_length=1)
    state_table: str = Field(alias="STATE_TABLE", min_length=1)
    distribution_url: str = Field(alias="DISTRIBUTION_QUEUE_URL", min_length=1)
    distribution_dlq_url: str = Field(alias="DISTRIBUTION_DLQ_URL", min_length=1)
    critical_url: str = Field(alias="CRITICAL_QUEUE_URL", min_length=1)
    critical_dlq_url: str = Field(alias="CRITICAL_DLQ_URL", min_length=1)


class Claude(_Settings):
    """How Claude is asked: which way, which models, and what is masked.

    The analysis function and the command line have it from variables of the same names.
    """

    claude_access: Literal["api-key", "aws", "bedrock"] = Field("api-key", alias="CLAUDE_ACCESS")
    claude_region: str = Field("", alias="CLAUDE_REGION", pattern=r"^[a-z0-9-]*$")
    claude_workspace: str = Field("", alias="CLAUDE_WORKSPACE")
    bedrock_profile: Literal["global", "us", "eu", "apac", "jp", "au", "none"] = Field(
        "global", alias="BEDROCK_PROFILE"
    )
    bedrock_small: str = Field("anthropic.claude-haiku-5-5", alias="BEDROCK_ID_SMALL")
    bedrock_large: str = Field("anthropic.claude-sonnet-5-5", alias="BEDROCK_ID_LARGE")
    bedrock_schema_models: str = Field("", alias="BEDROCK_SCHEMA_MODELS")
    anthropic_base_url: str = Field("", alias="ANTHROPIC_BASE_URL")
    claude_timeout: float = Field(45, alias="CLAUDE_TIMEOUT_SECONDS", gt=0)
    # The names in prompt.VERSIONS; not imported, as every function loads this module.
    prompt_version: Literal["v1", "v2"] = Field("v2", alias="PROMPT_VERSION")
    model_small: str = Field("claude-haiku-5-5", alias="MODEL_SMALL", min_length=1)
    model_large: str = Field("claude-sonnet-5-5", alias="MODEL_LARGE", min_length=1)
    effort_small: Effort = Field("low", alias="EFFORT_SMALL")
    effort_large: Effort = Field("medium", alias="EFFORT_LARGE")
    max_tokens_small: int = Field(2000, alias="MAX_TOKENS_SMALL", ge=500)
    max_tokens_large: int = Field(4000, alias="MAX_TOKENS_LARGE", ge=500)
    redact_private: bool = Field(False, alias="REDACT_PRIVATE")
    redact_patterns: str = Field("", alias="REDACT_PATTERNS")

    @model_validator(mode="after")
    def _way_is_whole(self) -> Self:
        """What the chosen way to Claude needs is there, and asks for the models that are priced."""
        if self.claude_access != "api-key" and not self.claude_region:
            raise ValueError(f"CLAUDE_ACCESS {self.claude_access} needs CLAUDE_REGION")
        if self.claude_access == "aws" and not self.claude_workspace:
            raise ValueError("CLAUDE_ACCESS aws needs CLAUDE_WORKSPACE")
        if self.claude_access == "bedrock":
            for tier, model, bedrock in (
                ("SMALL", self.model_small, self.bedrock_small),
                ("LARGE", self.model_large, self.bedrock_large),
            ):
                if not bedrock.startswith(f"anthropic.{model}"):
                    raise ValueError(f"BEDROCK_ID_{tier} is not Bedrock's id of MODEL_{tier}")
        return self


class Analysis(Lanes, Claude):
    """Settings of the analysis function."""

    alerts_table: str = Field(alias="ALERTS_TABLE", min_length=1)
    cache_table: str = Field(alias="CACHE_TABLE", min_length=1)
    processing_url: str = Field(alias="PROCESSING_QUEUE_URL", min_length=1)
    critical_processing_url: str = Field(alias="CRITICAL_PROCESSING_QUEUE_URL", min_length=1)
    processing_dlq_url: str = Field(alias="PROCESSING_DLQ_URL", min_length=1)
    analysis_url: str = Field(alias="ANALYSIS_QUEUE_URL", min_length=1)
    analysis_dlq_url: str = Field(alias="ANALYSIS_DLQ_URL", min_length=1)
    anthropic_secret: str = Field(alias="ANTHROPIC_KEY_SECRET", min_length=1)
    claude_patience: float = Field(600, alias="CLAUDE_PATIENCE_SECONDS", ge=0)
    cache_sharing: Literal["shared", "environment", "scope"] = Field(
        "environment", alias="CACHE_SHARING"
    )
    # The names in signature.VERSIONS; not imported, as every function loads this module.
    signature_version: Literal["1"] = Field("1", alias="SIGNATURE_VERSION")
    daily_budget_usd: float = Field(5, alias="DAILY_BUDGET_USD", ge=0)
    monthly_budget_usd: float | None = Field(None, alias="MONTHLY_BUDGET_USD", ge=0)
    budget_per_source: Annotated[Mapping[str, float], BeforeValidator(_shares)] = Field(
        {}, alias="BUDGET_PER_SOURCE"
    )
    quiet_close_hours: float = Field(24, alias="QUIET_CLOSE_HOURS", gt=0, le=8760)
    storm_threshold: int = Field(8, alias="STORM_THRESHOLD", ge=0, le=100)
    throttle_threshold: int = Field(60, alias="THROTTLE_THRESHOLD", ge=0, le=500)
    runbook_bucket: str = Field(alias="RUNBOOK_BUCKET", min_length=1)

    @property
    def limits(self) -> "Limits":
        """What Claude may cost."""
        from responder.analysis.budget import Limits

        return Limits(self.daily_budget_usd, self.monthly_budget_usd, self.budget_per_source)

    @property
    def lease_lasts(self) -> timedelta:
        """The lease of an analysis outlives the longest call to Claude by 15 s."""
        return timedelta(seconds=self.claude_timeout + 15)


class Distribution(Lanes):
    """Settings of the distribution function."""

    slack_channel: Channel = Field(alias="SLACK_CHANNEL", min_length=1)
    slack_critical_channel: Channel = Field("", alias="SLACK_CRITICAL_CHANNEL")
    test_channel: Channel = Field(alias="TEST_CHANNEL", min_length=1)
    slack_webhook_secret: str = Field(alias="SLACK_WEBHOOK_SECRET", min_length=1)
    slack_bot_token_secret: str = Field(alias="SLACK_BOT_TOKEN_SECRET", min_length=1)
    slack_test_webhook_secret: str = Field(alias="SLACK_TEST_WEBHOOK_SECRET", min_length=1)
    slack_api_url: str = Field("https://slack.com/api/", alias="SLACK_API_URL", min_length=1)
    slack_pace: float = Field(1, alias="SLACK_PACE_SECONDS", ge=0)
    slack_timeout: int = Field(10, alias="SLACK_TIMEOUT_SECONDS", gt=0)
    notice_topic_arn: str = Field(alias="NOTICE_TOPIC_ARN", min_length=1)
    notice_webhook_secret: str = Field(alias="NOTICE_WEBHOOK_SECRET", min_length=1)
    notice_after_minutes: float = Field(5, alias="NOTICE_AFTER_MINUTES", ge=1)


class Heartbeat(Common):
    """Settings of the heartbeat function."""

    alerts_table: str = Field(alias="ALERTS_TABLE", min_length=1)
    incidents_table: str = Field(alias="INCIDENTS_TABLE", min_length=1)
    state_table: str = Field(alias="STATE_TABLE", min_length=1)
    webhook_url: str = Field(alias="WEBHOOK_URL", min_length=1)
    api_key_id: str = Field(alias="API_KEY_ID", min_length=1)
    reception_logs: str = Field(alias="RECEPTION_LOG_GROUP", min_length=1)
    processing_url: str = Field(alias="PROCESSING_QUEUE_URL", min_length=1)
    critical_processing_url: str = Field(alias="CRITICAL_PROCESSING_QUEUE_URL", min_length=1)
    processing_dlq_url: str = Field(alias="PROCESSING_DLQ_URL", min_length=1)


def load[S: _Settings](model: type[S], environment: Mapping[str, str]) -> S:
    """The settings of ``model``. Raises SettingsError that names every wrong variable."""
    given = {name: value for name, value in environment.items() if value != ""}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(map(_told, error.errors(include_url=False, include_input=False)))
        raise SettingsError(f"the settings are not right: {wrong}") from None


def _told(one: "ErrorDetails") -> str:
    """Which variable, and what is right; never its value, which may be a misplaced secret."""
    name, raised = ".".join(map(str, one["loc"])), one.get("ctx", {}).get("error")
    if one["type"] == "missing":
        words = "is missing"
    elif raised is not None:
        words = str(raised)
    else:
        # "Input should be a valid number, unable to parse string as a number".
        words = f"must {one['msg'].partition(' should ')[2].partition(', unable')[0]}"
    return f"{name}: {words}" if name else words

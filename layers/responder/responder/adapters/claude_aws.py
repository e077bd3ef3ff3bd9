"""Two ways to Claude that need no key of ours, only the function's role: both sign with SigV4.

Claude Platform on AWS is Anthropic's API behind AWS's door, with the same names and features.
Amazon Bedrock is AWS's own service: it names models its own way, charges more for a region's
profile, and does not take a JSON schema with every model.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from responder.adapters.claude import CONNECT_SECONDS, Client, Terms
from responder.analysis.trouble import NotServed, Trouble
from responder.errors import Reason

if TYPE_CHECKING:
    from anthropic import AnthropicAWS, AnthropicBedrock
    from botocore.credentials import ReadOnlyCredentials

#: https://docs.aws.amazon.com/claude-platform/latest/userguide: the address of a region.
PLATFORM_URL: Final = "https://aws-external-anthropic.{region}.api.aws"
#: https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
BEDROCK_URL: Final = "https://bedrock-runtime.{region}.amazonaws.com"
#: The inference profile that may answer from any region, at the price of the API.
EVERYWHERE: Final = "global"
#: https://platform.claude.com/docs/en/about-claude/pricing: whoever binds the answer to a region
#: or a group of them pays a tenth more.
REGIONAL_PRICE: Final = 1.1

Credentials = Callable[[], "ReadOnlyCredentials | None"]


class _Signed(ABC):
    """A client per set of credentials, which Lambda may change while the process lives."""

    def __init__(
        self, credentials: Credentials, region: str, base_url: str, timeout_seconds: float
    ) -> None:
        self._credentials = credentials
        self._region = region
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._signer: ReadOnlyCredentials | None = None
        self._client: Client | None = None

    def client(self) -> Client:
        """The client of the current credentials, made anew only when they have changed."""
        current = self._credentials()
        if current is None:
            raise NotServed(
                Reason.MISCONFIGURED, "the role has no credentials", Trouble.CREDENTIALS
            )
        if self._client is None or current != self._signer:
            self._client, self._signer = self._new_client(current), current
        return self._client

    def renew(self) -> Client | None:
        """The client of credentials that came meanwhile; None while they are still the same."""
        refused = self._client
        client = self.client()
        return None if client is refused else client

    def _options(self, signer: "ReadOnlyCredentials") -> dict[str, Any]:
        """What the clients of both ways are told."""
        from anthropic import Timeout

        return {
            "aws_access_key": signer.access_key,
            "aws_secret_key": signer.secret_key,
            "aws_session_token": signer.token,
            "aws_region": self._region,
            "base_url": self._base_url,
            "timeout": Timeout(self._timeout_seconds, connect=CONNECT_SECONDS),
            "max_retries": 0,
        }

    @abstractmethod
    def _new_client(self, signer: "ReadOnlyCredentials") -> Client:
        """A client that signs as ``signer``."""


class PlatformOnAws(_Signed):
    """Claude Platform on AWS: a workspace of Anthropic's, opened by an IAM role."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str,
        workspace: str,
        base_url: str = "",
        timeout_seconds: float,
    ) -> None:
        """``region`` is the workspace's. Nothing is fetched or imported yet."""
        address = base_url or PLATFORM_URL.format(region=region)
        super().__init__(credentials, region, address, timeout_seconds)
        self._workspace = workspace

    def terms(self, model: str) -> Terms:
        """The names and prices are the API's own."""
        return Terms(model)

    def _new_client(self, signer: "ReadOnlyCredentials") -> "AnthropicAWS":
        from anthropic import AnthropicAWS

        return AnthropicAWS(workspace_id=self._workspace, **self._options(signer))


class Bedrock(_Signed):
    """Amazon Bedrock's InvokeModel, through an inference profile."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str,
        ids: Mapping[str, str],
        profile: str = EVERYWHERE,
        schema_models: Collection[str] = (),
        base_url: str = "",
        timeout_seconds: float,
    ) -> None:
        """``ids`` are Bedrock's, by our names; an empty ``profile`` asks the region's own model.

        ``schema_models``, by our names, take a schema; the others find it in the prompt.
        """
        address = base_url or BEDROCK_URL.format(region=region)
        super().__init__(credentials, region, address, timeout_seconds)
        self._ids = ids
        self._profile = profile
        self._schema_models = schema_models

    def terms(self, model: str) -> Terms:
        """Bedrock's name of the model in its profile, and what it costs there."""
        return Terms(
            model=".".join(part for part in (self._profile, self._ids[model]) if part),
            schema=model in self._schema_models,
            price=1.0 if self._profile == EVERYWHERE else REGIONAL_PRICE,
        )

    def _new_client(self, signer: "ReadOnlyCredentials") -> "AnthropicBedrock":
        from anthropic import AnthropicBedrock

        return AnthropicBedrock(**self._options(signer))

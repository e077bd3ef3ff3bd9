"""What Claude's errors mean: wait, or give up, and for which reason. ``claude`` calls it.

Codes and statuses: https://platform.claude.com/docs/en/api/errors, and for the ways through AWS
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html. Nothing
is decided by the wording of a message.
"""

from typing import TYPE_CHECKING, Final

from responder.analysis.redaction import Redactor
from responder.analysis.text import one_line, shorten
from responder.analysis.trouble import NotServed, Trouble
from responder.errors import Permanent, Reason, ResponderError, Retryable

if TYPE_CHECKING:
    import httpx2
    from anthropic import APIStatusError

#: Limits that only an operator can lift; some of them come as 429.
SPEND_LIMITS: Final = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
ON_HOLD: Final = "organization_on_hold"

#: 424 is Bedrock's: the model failed at this request.
RETRYABLE: Final = {
    408: Reason.TIMEOUT,
    409: Reason.UNAVAILABLE,
    424: Reason.UNAVAILABLE,
    429: Reason.RATE_LIMITED,
}
#: Statuses that concern this one request, not the configuration.
ABOUT_THIS_REQUEST: Final = frozenset({413, 422})
#: A refusal before any work was done.
NOTHING_DONE: Final = frozenset({409, 429, 503, 529})
#: What a person must look after, by status.
TROUBLES: Final = {
    401: Trouble.CREDENTIALS,
    402: Trouble.CREDIT,
    403: Trouble.ACCESS,
    404: Trouble.MODEL,
}

#: How AWS names an error, before a colon and an address.
AWS_ERROR_HEADER: Final = "x-amzn-errortype"
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_errors.html, and those of
#: signatures: who we are was not believed. AWS sends them with 400 and 403.
AWS_CREDENTIALS: Final = frozenset(
    {
        "ExpiredTokenException",
        "ExpiredToken",
        "IncompleteSignatureException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
#: A quota that AWS reports with 400.
AWS_THROTTLED: Final = frozenset({"ServiceQuotaExceededException", "ThrottlingException"})


class KeyRefused(NotServed):
    """The credentials are refused; they may have been rotated a moment ago."""

    def __init__(self, detail: str) -> None:
        """A configuration that a person must put right, unless fresh ones work."""
        super().__init__(Reason.MISCONFIGURED, detail, Trouble.CREDENTIALS)


def refused_key(error: Permanent) -> bool:
    """Whether fresh credentials are worth one more request."""
    return isinstance(error, KeyRefused)


def translated(error: Exception) -> ResponderError:
    """An error of the SDK as one of ours."""
    from anthropic import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIStatusError):
        return _of_status(error)
    if isinstance(error, APITimeoutError):
        return Retryable(Reason.TIMEOUT, "no answer in time", took_effect=_certainly_unsent(error))
    if isinstance(error, APIConnectionError):
        return Retryable(
            Reason.UNAVAILABLE,
            f"no connection ({type(error.__cause__).__name__})",
            took_effect=_certainly_unsent(error),
        )
    return Retryable(Reason.UNAVAILABLE, f"unreadable answer ({type(error).__name__})")


def _of_status(error: "APIStatusError") -> ResponderError:
    status, detail, aws = error.status_code, _detail(error), _aws_error(error)
    if error.error_code in SPEND_LIMITS:
        return NotServed(Reason.BUDGET_SPENT, detail, Trouble.CREDIT)
    if error.error_code == ON_HOLD:
        return NotServed(Reason.MISCONFIGURED, detail, Trouble.ACCESS)
    if aws in AWS_CREDENTIALS or status == 401:
        return KeyRefused(detail)
    if aws in AWS_THROTTLED or status in RETRYABLE or status >= 500:
        throttled = aws in AWS_THROTTLED
        return Retryable(
            Reason.RATE_LIMITED if throttled else RETRYABLE.get(status, Reason.UNAVAILABLE),
            detail,
            after=_retry_after(error.response),
            took_effect=False if throttled or status in NOTHING_DONE else None,
        )
    if status in ABOUT_THIS_REQUEST:
        return Permanent(Reason.REFUSED_BY_CLAUDE, detail)
    return NotServed(Reason.MISCONFIGURED, detail, TROUBLES.get(status, Trouble.REQUEST))


def _aws_error(error: "APIStatusError") -> str:
    """AWS's name of an error; empty where Claude itself answered."""
    return str(error.response.headers.get(AWS_ERROR_HEADER, "")).partition(":")[0]


def _detail(error: "APIStatusError") -> str:
    """What a person needs to find the trouble, without anything that the request carried."""
    said = shorten(one_line(Redactor().mask(_said(error))), 200)
    request_id = error.request_id or error.response.headers.get("x-amzn-requestid", "")
    parts = (
        f"HTTP {error.status_code}",
        error.type or _aws_error(error),
        error.error_code or "",
        said,
        f"request {request_id}" if request_id else "",
    )
    return ", ".join(part for part in parts if part)


def _said(error: "APIStatusError") -> str:
    """The message for people, in Claude's form or in AWS's."""
    if error.api_message is not None or not isinstance(error.body, dict):
        return error.api_message or ""
    said = error.body.get("message") or error.body.get("Message")
    return said if isinstance(said, str) else ""


def _retry_after(response: "httpx2.Response") -> float | None:
    """The seconds that the server asked for; None where it named none that makes sense."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 86_400 else None


def _certainly_unsent(error: Exception) -> bool | None:
    """False ("it had no effect") where nothing left the process, else None: unknown."""
    import httpx2

    unsent = (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        # A key that no header can hold, or an address that is none.
        httpx2.LocalProtocolError,
        httpx2.UnsupportedProtocol,
    )
    return False if isinstance(error.__cause__, unsent) else None

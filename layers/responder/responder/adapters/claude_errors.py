"""What Claude's errors mean: wait, or give up, and for which reason. ``claude`` calls it.

Codes and statuses: https://platform.claude.com/docs/en/api/errors. Nothing is decided by the
wording of a message.
"""

from typing import TYPE_CHECKING, Final

from responder.analysis.redaction import Redactor
from responder.analysis.text import one_line, shorten
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

RETRYABLE: Final = {408: Reason.TIMEOUT, 409: Reason.UNAVAILABLE, 429: Reason.RATE_LIMITED}
#: Statuses that concern this one request, not the configuration.
ABOUT_THIS_REQUEST: Final = frozenset({413, 422})
#: A refusal before any work was done.
NOTHING_DONE: Final = frozenset({409, 429, 503, 529})


class KeyRefused(Permanent):
    """401: the key may have been rotated a moment ago."""


def refused_key(error: Permanent) -> bool:
    """Whether a fresh key is worth one more request."""
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
    status, detail = error.status_code, _detail(error)
    if error.error_code in SPEND_LIMITS:
        return Permanent(Reason.BUDGET_SPENT, detail)
    if error.error_code == ON_HOLD:
        return Permanent(Reason.MISCONFIGURED, detail)
    if status in RETRYABLE or status >= 500:
        return Retryable(
            RETRYABLE.get(status, Reason.UNAVAILABLE),
            detail,
            after=_retry_after(error.response),
            took_effect=False if status in NOTHING_DONE else None,
        )
    if status == 401:
        return KeyRefused(Reason.MISCONFIGURED, detail)
    reason = Reason.REFUSED_BY_CLAUDE if status in ABOUT_THIS_REQUEST else Reason.MISCONFIGURED
    return Permanent(reason, detail)


def _detail(error: "APIStatusError") -> str:
    """What a person needs to find the trouble, without anything that the request carried."""
    said = shorten(one_line(Redactor().mask(error.api_message or "")), 200)
    parts = (
        f"HTTP {error.status_code}",
        error.type or "",
        error.error_code or "",
        said,
        f"request {error.request_id}" if error.request_id else "",
    )
    return ", ".join(part for part in parts if part)


def _retry_after(response: "httpx2.Response") -> float | None:
    """The seconds that the server asked for; None where it named none that makes sense."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= 86_400 else None


def _certainly_unsent(error: Exception) -> bool | None:
    """False ("it had no effect") where not even a connection was made, else None: unknown."""
    import httpx2

    unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
    return False if isinstance(error.__cause__, unsent) else None

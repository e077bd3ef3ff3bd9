"""How the ports in memory fail: the errors that the adapters make of it."""

from responder.errors import Reason, Retryable


def throttled() -> Retryable:
    """A sure refusal."""
    return Retryable(Reason.UNAVAILABLE, "throttled", took_effect=False)


def unanswered() -> Retryable:
    """No answer: nobody knows what became of it."""
    return Retryable(Reason.TIMEOUT, "no answer")

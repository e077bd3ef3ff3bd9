"""Errors are types: SQS semantics hang on whether a failure is retryable or permanent.

``Retryable`` becomes a delayed copy (a deliberate wait, which never spends a receive);
``Permanent`` goes to the dead-letter queue at once, by our own hand, with its reason.
Any other exception is unexpected and uses up a receive.
"""

from collections.abc import Callable
from enum import StrEnum


class Reason(StrEnum):
    """Why something was held, delayed, refused or given up; the value is a metric dimension."""

    # Alerts that are accepted but shown on no card of their own (design: "held").
    DUPLICATE = "duplicate"
    STALE = "stale"
    RESOLVE_WITHOUT_FIRING = "resolve_without_firing"
    NO_TEST_CHANNEL = "no_test_channel"
    SILENCED = "silenced"
    MAINTENANCE = "maintenance"
    QUIET_HOURS = "quiet_hours"
    INHIBITED = "inhibited"
    BELOW_MINIMUM = "below_minimum"
    STORM = "storm"
    THROTTLE = "throttle"
    FLAPPING = "flapping"
    # A notice that a later one made untrue, or old, before anybody could be told.
    OVERTAKEN = "overtaken"
    # Events of a tool that say neither firing nor resolved: comments, tests of a connection.
    NOT_AN_ALERT = "not_an_alert"
    # Events of a source of changes that are none.
    OTHER_BRANCH = "other_branch"
    NO_CHANGE = "no_change"
    # Requests that are not let in. Their senders are told no more than that.
    UNKNOWN_SENDER = "unknown_sender"
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a reason, not a secret
    WRONG_ROUTE = "wrong_route"
    WRONG_HEADER = "wrong_header"
    UNSIGNED = "unsigned"
    WRONG_SIGNATURE = "wrong_signature"
    STALE_SIGNATURE = "stale_signature"
    UNKNOWN_TOPIC = "unknown_topic"
    # Operator notices that are not told by themselves.
    TOLD_ALREADY = "told_already"
    TOLD_WITH_THE_NEXT = "told_with_the_next"
    SHOWN_MEANWHILE = "shown_meanwhile"
    # Waiting.
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    BREAKER_OPEN = "breaker_open"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - a reason, not a secret
    LEASE_HELD = "lease_held"
    PACED = "paced"
    INTENT_UNSETTLED = "intent_unsettled"
    # Giving up, and falling back.
    UNREADABLE = "unreadable"
    UNSTORABLE = "unstorable"
    CARD_GONE = "card_gone"
    INVALID_MESSAGE = "invalid_message"
    TOO_OLD = "too_old"
    REFUSED_BY_SLACK = "refused_by_slack"
    CHANNEL_NOT_FOUND = "channel_not_found"
    CHANNEL_ARCHIVED = "channel_archived"
    NOT_IN_CHANNEL = "not_in_channel"
    CHANNEL_CLOSED = "channel_closed"
    REFUSED_BY_CLAUDE = "refused_by_claude"
    MALFORMED_ANSWER = "malformed_answer"
    BUDGET_SPENT = "budget_spent"
    ANALYSIS_OFF = "analysis_off"
    NO_KEY = "no_key"
    ABOUT_CLAUDE = "about_claude"
    REFUSED_BY_SINK = "refused_by_sink"
    MISCONFIGURED = "misconfigured"
    # Claude is not asked about the responder's own troubles.
    OWN_INCIDENT = "own_incident"
    # How far a heartbeat came that has no card.
    NOT_ACCEPTED = "not_accepted"
    NOT_RECORDED = "not_recorded"
    NOT_SHOWN = "not_shown"


class ResponderError(Exception):
    """Base of our own errors. ``reason`` is the counted one, ``detail`` is for a person."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Keep the reason and the human-readable detail (never a secret)."""
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Retryable(ResponderError):
    """May succeed later. ``after`` is the delay in seconds that the other side asked for.

    ``took_effect`` False says that the other side certainly did nothing (a refusal); True or
    unknown (None) that it may have acted, as after a time-out.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        after: float | None = None,
        took_effect: bool | None = None,
    ) -> None:
        """Keep what a retry needs to know."""
        super().__init__(reason, detail)
        self.after = after
        self.took_effect = took_effect


class Permanent(ResponderError):
    """Will never succeed as it is: goes to the dead-letter queue with its reason.

    ``card`` is what nobody can read in Slack because of it, for the dead letter's reader. What may
    be recorded as given up once the letter is there is done by ``lettered``.
    """

    card: str = ""
    lettered: Callable[[], object] | None = None


class Conflict(Exception):
    """A conditional write lost its race: read again and decide again. Raised by stores only."""

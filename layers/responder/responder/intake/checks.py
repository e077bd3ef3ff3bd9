"""States and types of notifications that Nagios, Icinga and Checkmk share.

https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html#notificationtype

RECOVERY resolves; an acknowledgement leaves its problem open; flapping, during which no problem is
told, is an alert of its own; downtimes are none.
"""

from typing import NamedTuple

from responder.alert import Severity, Status
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.severity import read_severity

_SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "CRIT": Severity.CRITICAL,
    "DOWN": Severity.CRITICAL,
    "UNREACHABLE": Severity.HIGH,
    "UNREACH": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
    "WARN": Severity.MEDIUM,
    "UNKNOWN": Severity.MEDIUM,
    "UNKN": Severity.MEDIUM,
}
_GOOD = frozenset({"OK", "UP", "PENDING"})
_FLAPPING = "FLAPPING"
# Exit codes of plugins, as some scripts send them instead of words.
_SERVICE_CODES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_HOST_CODES = ("UP", "DOWN", "DOWN", "DOWN")


class Verdict(NamedTuple):
    """What a notification says. ``about`` is "flapping" or empty, and tells fingerprints apart."""

    status: Status
    severity: Severity | None
    about: str


def judge(kind: str, state: str, before: str = "") -> Verdict:
    """The verdict on a type of notification, a state and the state before it.

    Raises NotAnAlert for downtimes, Unreadable where nothing says a state.
    """
    kind = kind.upper().replace(" ", "").replace("_", "").partition("(")[0]
    kind = kind.replace("FLAPPINGEND", "FLAPPINGSTOP")
    state, before = state.upper(), before.upper()
    severity = _SEVERITIES.get(state) or _SEVERITIES.get(before)
    if not severity and state not in _GOOD:
        severity = read_severity(state)
    if kind.startswith("DOWNTIME"):
        raise NotAnAlert(f"a notification of {kind.lower()[:20]}")
    if kind.startswith(_FLAPPING):
        status = Status.FIRING if kind == "FLAPPINGSTART" else Status.RESOLVED
        return Verdict(status, severity, "flapping")
    if not kind and not state:
        raise Unreadable("neither a type of notification nor a state")
    is_over = kind == "RECOVERY" or (state in _GOOD and kind != "PROBLEM")
    return Verdict(Status.RESOLVED if is_over else Status.FIRING, severity, "")


def state_word(state: str, *, of_host: bool) -> str:
    """A state as a word, from a word or an exit code."""
    codes = _HOST_CODES if of_host else _SERVICE_CODES
    whole = state.removesuffix(".0")
    return codes[int(whole)] if whole in ("0", "1", "2", "3") else state


def titled(host: str, service: str, about: str) -> str:
    """What is checked, the same in every state of it."""
    name = f"{service} on {host}" if service and host else service or host
    return f"{name}: {about}" if about else name

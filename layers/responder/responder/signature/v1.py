"""Signature version 1: rule, service, identity labels and the constant words of an alert's text.

Neither severity nor scope takes part, nor anything that differs between the copies of a problem.
"""

from collections.abc import Iterable

from responder.alert import Alert
from responder.signature.explain import explain
from responder.signature.patterns import (
    DIGIT,
    POD_LABELS,
    POD_SUFFIX,
    RULE_IDENTIFIER,
    RULE_SAYS_ALL,
    SCOPE_LABELS,
    SEVERITY_LABELS,
    VOLATILE_ENDINGS,
    VOLATILE_LABELS,
)
from responder.signature.text import normalise
from responder.signature.value import Signature, key_of

VERSION = 1
_SHORTEST_VALUE = 3
_SEPARATORS = str.maketrans("", "", "_-. /")
_PARTS = "-./:|_"

_fates: dict[str, str] = {}
_MAX_FATES = 10_000


def signature(alert: Alert) -> Signature:
    """The signature of an alert; firing and resolved have the same."""
    rule = RULE_IDENTIFIER.sub("", alert.rule)
    kept, ignored = _sorted_out(alert)
    text = "" if rule and alert.source in RULE_SAYS_ALL else _text(alert)
    rule = rule or normalise(alert.title)
    identity = sorted(kept.items())
    key = key_of(VERSION, [alert.source, alert.service, rule, identity, text])
    return Signature(key, explain(alert, rule, identity, ignored, text))


def _sorted_out(alert: Alert) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The identity labels, and the ignored ones by the reason why."""
    kept: dict[str, str] = {}
    ignored: dict[str, list[str]] = {}
    for name, value in alert.labels.items():
        fate = _fate(name)
        value = POD_SUFFIX.sub("", value) if fate == "pod" else value
        stable = value if not DIGIT.search(value) else _without_numbers(value)
        if fate not in ("kept", "pod"):
            ignored.setdefault(fate, []).append(name)
        elif not stable:
            ignored.setdefault("varies", []).append(name)
        elif fate == "pod" and stable == alert.service:
            # Some alerts of a service carry the pod and some do not; it says nothing new.
            ignored.setdefault("same as service", []).append(name)
        else:
            kept[name] = stable
    return kept, ignored


def _fate(name: str) -> str:
    """What becomes of a label by its name alone: kept, pod, or the reason why it is ignored."""
    fate = _fates.get(name)
    if fate is None:
        if len(_fates) >= _MAX_FATES:
            _fates.clear()
        fate = _fates[name] = _judged(name)
    return fate


def _judged(name: str) -> str:
    bare = name.lower().translate(_SEPARATORS)
    if bare in SCOPE_LABELS:
        return "scope"
    if bare in SEVERITY_LABELS:
        return "not the problem"
    if bare in POD_LABELS:
        return "pod"
    if bare in VOLATILE_LABELS or bare.endswith(VOLATILE_ENDINGS):
        return "varies"
    return "kept"


def _without_numbers(value: str) -> str:
    """``value`` without its parts that hold a digit, as in a job's name with its number."""
    for separator in _PARTS:
        if separator in value:
            parts = value.split(separator)
            return separator.join(part for part in parts if part and not DIGIT.search(part))
    return ""


def _text(alert: Alert) -> str:
    """Title and message without label values, which templates render into them."""
    text = f"{alert.title}\n{alert.message}" if alert.message else alert.title
    plain, woven = _values(alert)
    for value in woven:
        if value in text:
            text = text.replace(value, " ")
    return normalise(text, plain)


def _values(alert: Alert) -> tuple[frozenset[str], list[str]]:
    """Label values: single words, to be dropped as words, and others, to be cut out as they are.

    The longest go first, so that a value inside a longer one leaves no rest of it behind.
    """
    values: Iterable[str] = {alert.service, alert.resource, *alert.labels.values()}
    telling = [value for value in values if len(value) >= _SHORTEST_VALUE]
    plain = frozenset(value for value in telling if value.isalpha())
    woven = sorted((value for value in telling if not value.isalpha()), key=lambda v: (-len(v), v))
    return plain, woven

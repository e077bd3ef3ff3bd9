"""Signature version 1: rule, service, identity labels and the constant words of an alert's text.

Neither severity nor scope takes part, nor anything that differs between the copies of a problem.
What is learnt of a label or a value is remembered, as most alerts of a stream resemble each other.
"""

from collections.abc import Callable, Mapping
from functools import partial

from responder.alert import Alert
from responder.signature.explain import explain
from responder.signature.patterns import (
    CODE_LABELS,
    DIGIT,
    NAME_WORD,
    NAMED_IDS,
    POD_LABELS,
    POD_SUFFIX,
    RULE_IDENTIFIER,
    RULE_SAYS_ALL,
    SCOPE_LABELS,
    SEVERITY_LABELS,
    VOLATILE_LABELS,
    VOLATILE_LAST_WORDS,
)
from responder.signature.rules import Corrections
from responder.signature.text import normalise
from responder.signature.value import Signature, key_of

VERSION = 1
_SHORTEST_VALUE = 3
_SEPARATORS = str.maketrans("", "", "_-. /")
_PARTS = "-./:|_"
_MAX_MEMO = 50_000
_MAX_REMEMBERED = 80
_MAX_PLANS = 2_000
_MAX_NAMES = 50

# The fate of a label, by its name: how it is kept, or why it is ignored.
_STABLE = "stable"
_POD = "pod"
_CODE = "code"
_NAMED = "named"
_DROP = "drop"
_CUT = "cut"
_SAME_AS_SERVICE = "same as service"
_VARIES = "varies"


type _Plan = list[tuple[str, _Memo]]


class _Memo(dict[str, str]):
    """A function's results by its argument, forgotten when they are too many."""

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, argument: str) -> str:
        result = self._function(argument)
        if len(argument) <= _MAX_REMEMBERED:
            if len(self) >= _MAX_MEMO:
                self.clear()
            self[argument] = result
        return result


def signature(alert: Alert, corrections: Corrections | None = None) -> Signature:
    """The signature of an alert; firing and resolved have the same."""
    rule, identity, text = _parts(alert, corrections)
    parts = [alert.source, alert.service, rule, text]
    for label in identity:
        parts += label
    explained = partial(_explained, alert, corrections, rule, identity, text)
    return Signature(key_of(VERSION, parts), explained)


def _parts(alert: Alert, corrections: Corrections | None) -> tuple[str, list[tuple[str, str]], str]:
    """Rule, identity labels in order, and the text; either of rule and text may be empty."""
    if corrections is not None:
        return _corrected(alert, corrections)
    rule = _rules[alert.rule] if alert.rule else ""
    text = "" if rule and alert.source in RULE_SAYS_ALL else _text(alert, _whole(alert))
    return rule or normalise(alert.title), _identity(alert), text


def _corrected(alert: Alert, corrections: Corrections) -> tuple[str, list[tuple[str, str]], str]:
    """Likewise, by the rules of the operators."""
    whole = _whole(alert)
    rule, identity, text = _parts(alert, None)
    identity = corrections.labels(alert, identity)
    for name, is_whole in corrections.kept_labels(alert).items():
        value = alert.labels[name]
        identity.append((name, value if is_whole else _stable(value)))
    if corrections.same_as:
        rule, text = corrections.same_as, ""
    elif text:
        text = _text(alert, corrections.cut(whole))
    # No label has an empty name.
    identity += [("", words) for words in corrections.kept_text(whole)]
    return rule, sorted(identity), text


def _identity(alert: Alert) -> list[tuple[str, str]]:
    """The labels that name the problem, in order, each with what is stable of its value."""
    labels = alert.labels
    return [
        (name, stable)
        for name, stables in _plan(labels)
        if (stable := stables[labels[name]]) and not (stables is _pods and stable == alert.service)
    ]


def _plan(labels: Mapping[str, str]) -> _Plan:
    """The names that may name the problem, in order, each with where its values become stable."""
    names = tuple(labels)
    plan = _plans.get(names)
    if plan is None:
        fates = {name: _names[name] for name in sorted(names)}
        plan = [(name, _stables_of[fate]) for name, fate in fates.items() if fate in _stables_of]
        if len(_plans) >= _MAX_PLANS:
            _plans.clear()
        if len(names) <= _MAX_NAMES:
            _plans[names] = plan
    return plan


def _explained(
    alert: Alert,
    corrections: Corrections | None,
    rule: str,
    identity: list[tuple[str, str]],
    text: str,
) -> str:
    kept = dict(identity)
    ignored: dict[str, list[str]] = {}
    for name, value in alert.labels.items():
        if name not in kept:
            fate = _names[name]
            if fate is _POD and _pods[value]:
                # Some alerts of a service carry the pod and some do not; it says nothing new.
                fate = _SAME_AS_SERVICE
            why = _VARIES if fate in _stables_of else fate
            ignored.setdefault(why, []).append(name)
    line = explain(alert, rule, identity, ignored, text)
    return line if corrections is None else f"{corrections.explanation} {line}"


def _judged_name(name: str) -> str:
    """What becomes of a label by its name alone: how it is kept, or why it is ignored."""
    bare = name.lower().translate(_SEPARATORS)
    if bare in SCOPE_LABELS:
        return "scope"
    if bare in SEVERITY_LABELS:
        return "not the problem"
    if bare in POD_LABELS:
        return _POD
    if bare in CODE_LABELS:
        return _CODE
    if bare in NAMED_IDS:
        return _NAMED
    words = NAME_WORD.findall(name)
    if bare in VOLATILE_LABELS or (words and words[-1].lower() in VOLATILE_LAST_WORDS):
        return _VARIES
    return _STABLE


def _stable(value: str) -> str:
    """``value`` without its parts that hold a digit, as in a job's name with its number."""
    if not DIGIT.search(value):
        return value
    for separator in _PARTS:
        if separator in value:
            parts = value.split(separator)
            return separator.join(part for part in parts if part and not DIGIT.search(part))
    return ""


def _owner(pod: str) -> str:
    return _stable(POD_SUFFIX.sub("", pod))


def _without_identifiers(rule: str) -> str:
    return RULE_IDENTIFIER.sub("", rule)


_names = _Memo(_judged_name)
_stable_values = _Memo(_stable)
_pods = _Memo(_owner)
_rules = _Memo(_without_identifiers)


def _if_named(value: str) -> str:
    return "" if DIGIT.search(value) else value


_stables_of: Mapping[str, _Memo] = {
    _STABLE: _stable_values,
    _POD: _pods,
    _CODE: _Memo(str),
    _NAMED: _Memo(_if_named),
}
_plans: dict[tuple[str, ...], _Plan] = {}


def _way_out(value: str) -> str:
    """How a label's value leaves a text: as a word, cut out as it is, or not at all."""
    if value.isalpha():
        return _DROP if len(value) >= _SHORTEST_VALUE else ""
    # A number alone, cut out of a longer one, would leave a rest.
    shortest = _SHORTEST_VALUE if value.isalnum() else _SHORTEST_VALUE - 1
    return _CUT if len(value) >= shortest and not value.isdigit() else ""


_ways = _Memo(_way_out)


def _whole(alert: Alert) -> str:
    return f"{alert.title}\n{alert.message}" if alert.message else alert.title


def _text(alert: Alert, text: str) -> str:
    """Title and message without label values, which templates render into them.

    Values of letters alone are dropped as words. Others are cut out as they are, the longest first,
    so that a value inside a longer one leaves no rest of it behind.
    """
    plain: list[str] = []
    woven: list[str] = []
    for value in (alert.service, alert.resource, *alert.labels.values()):
        if value in text:
            way = _ways[value]
            if way is _CUT:
                woven.append(value)
            elif way is _DROP:
                plain.append(value)
    if len(woven) > 1:
        woven.sort()
        woven.sort(key=len, reverse=True)
    for value in woven:
        text = text.replace(value, " ")
    return normalise(text, frozenset(plain))

"""One line on why alerts share a signature; cards and ``responder explain`` show it."""

from collections.abc import Mapping, Sequence

from responder.alert import Alert

_LONGEST = 600
_MOST_NAMES = 8


def explain(
    alert: Alert,
    rule: str,
    identity: Sequence[tuple[str, str]],
    ignored: Mapping[str, Sequence[str]],
    text: str,
) -> str:
    """What was kept of an alert, and what was ignored and why."""
    kept = [f"source {alert.source}", f"rule {rule}" if rule else ""]
    kept.append(f"service {alert.service}" if alert.service else "")
    kept.append(_listed("labels", [f"{name}={value}" for name, value in identity]))
    kept.append(f"{len(text.split())} constant words of the text" if text else "")
    left_out = ["severity", "scope"]
    left_out += [_listed(f"labels ({why})", names) for why, names in sorted(ignored.items())]
    left_out.append("label values and words with digits in the text" if text else "the text")
    line = f"Kept: {_joined(kept)}. Ignored: {_joined(left_out)}."
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(sorted(names)[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{what} {shown} and {more} more" if more > 0 else f"{what} {shown}"

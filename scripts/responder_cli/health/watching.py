"""``responder health --watch``: looking again and again, drawn in place on a terminal.

Piped, it prints the findings of the first look, and then what changed: a log that can be kept.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import words
from responder_cli.health.verdict import Finding, Verdict, failing

Look = Callable[[datetime], Sequence[Finding]]

COLUMNS = ("component", "verdict", "reason", "to mend it")
#: The number of the column that is coloured.
VERDICT = 1


def rows(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Findings as a table has them."""
    return [(one.component, one.verdict.value, one.reason, one.mend) for one in findings]


def every(seconds: float) -> Iterator[datetime]:
    """The moments of looking: now, and then every so many seconds, for ever."""
    while True:
        begun = time.monotonic()
        yield utc_now()
        time.sleep(max(0.0, seconds - (time.monotonic() - begun)))


def watch(
    stack: str, look: Look, moments: Iterator[datetime], *, as_json: bool
) -> Sequence[Finding]:
    """Look at each of ``moments`` and show it; the last findings, when they end or on Ctrl-C."""
    terminal = sys.stdout.isatty() and not as_json
    before: Sequence[Finding] = ()
    screen = Live(console=Console(), auto_refresh=False, screen=True) if terminal else None
    try:
        with screen or nullcontext():
            for moment in moments:
                found = _look(look, moment)
                if screen is not None:
                    screen.update(drawing(stack, moment, found), refresh=True)
                elif as_json:
                    console.say(console.to_json(_document(stack, moment, found)))
                else:
                    _print_changes(moment, before, found)
                before = found
    except KeyboardInterrupt:
        pass
    return before


def _look(look: Look, moment: datetime) -> Sequence[Finding]:
    """A watch outlives what it watches: AWS may be away for a while."""
    try:
        return look(moment)
    except (BotoCoreError, ClientError, ConnectionError) as error:
        return [failing("aws", f"cannot be reached: {words(error)}")]


def drawing(stack: str, moment: datetime, findings: Sequence[Finding]) -> Group:
    """One look as a terminal shows it: what is wrong comes first, as the end may not fit."""
    counts = {one: sum(f.verdict is one for f in findings) for one in Verdict}
    said = ", ".join(f"{number} {one.value}" for one, number in counts.items() if number)
    worst = next((one for one in reversed(Verdict) if counts[one]), Verdict.OK)
    title = Text(f"{console.safe(stack)}  {moment:%H:%M:%S} UTC  {said}  (Ctrl-C ends it)")
    title.stylize(console.STYLES[worst.value])
    ordered = sorted(findings, key=lambda one: -list(Verdict).index(one.verdict))
    table = console.drawn(COLUMNS, rows(ordered), verdict=VERDICT, copied=True)
    return Group(title, Text(), table)


def _document(stack: str, moment: datetime, findings: Sequence[Finding]) -> dict[str, object]:
    return {"stack": stack, "at": moment, "findings": [asdict(one) for one in findings]}


def _print_changes(moment: datetime, before: Sequence[Finding], found: Sequence[Finding]) -> None:
    """Figures change all the time: what counts is a verdict."""
    known = {one.component: one.verdict for one in before}
    for one in found:
        if known.get(one.component) is not one.verdict:
            said = f"{one.verdict.value} {one.component}: {one.reason}"
            mend = f" | {one.mend}" if one.mend else ""
            console.say(f"{moment:%Y-%m-%dT%H:%M:%SZ} {said}{mend}")
    sys.stdout.flush()

"""A bash at a terminal of its own, and the hands that answer what commands ask there."""

import os
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INTERRUPT, END = "\x03", "\x04"
#: Wide enough that no table folds a cell.
ROWS, COLUMNS = 60, 200
_CHUNK = 65_536


@dataclass(frozen=True)
class Reply:
    """What is typed, once, as soon as the terminal shows ``sees``; ahead where that is empty."""

    sees: str
    types: str


#: Every question of ours is agreed to.
YES = re.compile(r"\[y/N\]: $")


@dataclass(frozen=True)
class Done:
    """How a script ended, and all that its terminal showed."""

    code: int
    shown: str


def run(
    script: str,
    environment: Mapping[str, str],
    directory: Path,
    replies: Sequence[Reply] = (),
    seconds: float = 300,
) -> Done:
    """Run a script as a person would who stops at the first command that fails."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(ours, (ROWS, COLUMNS))
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env=dict(environment),
        # A session of its own, whose controlling terminal this is: hidden prompts open /dev/tty.
        preexec_fn=lambda: os.login_tty(theirs),
        pass_fds=[theirs],
    )
    os.close(theirs)
    try:
        shown = _watched(ours, replies, time.monotonic() + seconds)
        return Done(process.wait(30), shown)
    finally:
        os.close(ours)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _watched(terminal: int, replies: Sequence[Reply], deadline: float) -> str:
    """All that is shown until nobody has the terminal open any more; raises AssertionError."""
    shown, answered, waiting = "", 0, list(replies)
    while waiting and not waiting[0].sees:
        os.write(terminal, waiting.pop(0).types.encode())
    while True:
        if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"it did not end; shown:\n{shown}")
        try:
            read = os.read(terminal, _CHUNK)
        except OSError:
            # Linux says so of a terminal that everybody has left.
            return shown
        if not read:
            return shown
        shown += read.decode(errors="replace")
        news = shown[answered:]
        if waiting and re.search(waiting[0].sees, news):
            answered = len(shown)
            os.write(terminal, waiting.pop(0).types.encode())
        elif YES.search(news):
            answered = len(shown)
            os.write(terminal, b"y\n")

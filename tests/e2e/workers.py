"""Ends function processes as a machine's end would: SIGKILL, in the middle of what they do."""

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

FUNCTIONS = ("AlertReceptionFunction", "AnalysisFunction", "DistributionFunction")


def kill_all(parent: int, functions: Collection[str] = FUNCTIONS) -> Counter[str]:
    """Kill every process of these functions of the emulator ``parent``; how many of which."""
    killed: Counter[str] = Counter()
    for pid, function in _workers(parent):
        if function not in functions:
            continue
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed[function] += 1
    return killed


@contextmanager
def killing(parent: int, every: float) -> Iterator[Counter[str]]:
    """Kill all function processes ``every`` so many seconds until the block ends."""
    killed: Counter[str] = Counter()
    ending = threading.Event()

    def loop() -> None:
        while not ending.wait(every):
            killed.update(kill_all(parent))

    killer = threading.Thread(target=loop)
    killer.start()
    try:
        yield killed
    finally:
        ending.set()
        killer.join()


def pids(parent: int, function: str) -> set[int]:
    """The processes of one function."""
    return {pid for pid, name in _workers(parent) if name == function}


def _workers(parent: int) -> Iterator[tuple[int, str]]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "command="],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listed.stdout.splitlines():
        pid, ppid, command = line.split(None, 2)
        if int(ppid) == parent and command.endswith("/_worker.py"):
            yield int(pid), next(name for name in FUNCTIONS if name in command)

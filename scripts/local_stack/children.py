"""Child processes of the local stack: started with a clean environment, stopped as groups."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Long enough for the emulator to end its function processes.
STOP_SECONDS = 10.0


#: The groups of the servers that run, by the process that leads each.
_GROUPS: set[int] = set()


class ChildError(Exception):
    """A child that would not start or has died; the message names its log."""


@dataclass(frozen=True)
class Child:
    """One running server. It leads a process group of its own, so Ctrl-C reaches us alone."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ChildError when it has died."""
        status = self.process.poll()
        if status is not None:
            raise ChildError(
                f"{self.name} ended with status {status}. The end of {self.log}:\n" + tail(self.log)
            )

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End it and everything that it started; after ``seconds`` whatever it still does."""
        _signal_group(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        # Function processes outlive the emulator that started them.
        _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        _GROUPS.discard(self.process.pid)


def start(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
) -> Child:
    """Start ``command`` with exactly ``environment``, its output in ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own commands)
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _GROUPS.add(process.pid)
    return Child(name, process, log)


def kill_all() -> None:
    """End everything that was started, without waiting."""
    for group in tuple(_GROUPS):
        _signal_group(group, signal.SIGKILL)


def run(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
) -> None:
    """Run ``command`` to its end; on failure raise ChildError with the end of its output."""
    child = start(name, command, environment, log, cwd)
    try:
        child.process.wait()
    finally:
        if child.process.poll() is None:
            child.stop()
        _GROUPS.discard(child.process.pid)
    if child.process.returncode:
        child.check()


def clean_environment(scripts: Path, home: Path) -> dict[str, str]:
    """What a child may know of the developer's machine: the interpreter's path, no more."""
    # A bare PATH finds `ps`, `sh` and the like; the first entry is this very Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", os.defpath])
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(scripts),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> None:
    """Ask ``ready`` again and again; raise ChildError when the child dies or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        child.check()
        if time.monotonic() > deadline:
            raise ChildError(
                f"{child.name} did not answer within {seconds:.0f} s. The end of {child.log}:\n"
                + tail(child.log)
            )
        time.sleep(0.05)


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        # Gone already; macOS reports a group of zombies as a lack of permission.
        return

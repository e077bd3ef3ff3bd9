"""Function processes that fail alone and start without holding up all others."""

import hashlib
import subprocess
import sys
import tempfile
import threading
import zipfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

from ministack.core import lambda_runtime

_unpacking = threading.Lock()


def code_is_unpacked_once() -> None:
    """Each process of a function unpacks its archives anew, within the emulator's own process.

    Under the one lock of its interpreter, that is: with 7,000 files it takes seconds, and in a
    storm half a minute, in which a message waits for its function.
    """
    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=partial(_Archive, Path(tempfile.mkdtemp(prefix="unpacked-"))),
        BadZipFile=zipfile.BadZipFile,
        LargeFileError=zipfile.LargeZipFile,
    )


def one_failed_start_ends_no_other() -> None:
    """A process that dies while it starts takes every process of its function with it.

    Also those in the middle of a batch and those that are starting: their failure ends the next
    ones, so that a few kills on a slow machine keep a function down for minutes.
    """
    invoke = lambda_runtime.Worker.invoke

    def alone(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return dict(invoke(self, *arguments, **named))
        except Exception as error:
            lambda_runtime.kill_workers([self])
            return {"status": "error", "error": f"{type(error).__name__}: {error}", "log": ""}

    lambda_runtime.Worker.invoke = alone


class _Archive:
    """What the emulator asks of ``zipfile.ZipFile``; as on AWS, code is not the process' own."""

    def __init__(self, shelf: Path, file: str) -> None:
        self._shelf, self._file = shelf, Path(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def namelist(self) -> list[str]:
        """No names that are to be looked at: unpacking keeps all of them in their place."""
        return []

    def extractall(self, target: str) -> None:
        """Put a link in the place of the empty ``target``."""
        unpacked = self._unpacked()
        Path(target).rmdir()
        Path(target).symlink_to(unpacked)

    def _unpacked(self) -> Path:
        found = self._shelf / hashlib.sha256(self._file.read_bytes()).hexdigest()
        with _unpacking:
            if not found.exists():
                fresh = tempfile.mkdtemp(dir=self._shelf)
                _unpack(self._file, fresh)
                Path(fresh).rename(found)
        return found


def _unpack(archive: Path, target: str) -> None:
    """In a process of its own, which holds up other starts and nothing else."""
    command = [sys.executable, "-m", "zipfile", "-e", str(archive), target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise zipfile.BadZipFile(done.stderr)

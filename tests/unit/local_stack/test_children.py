"""Servers of the local stack: clean environments, clear deaths, and no survivors."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack import children, layout
from local_stack.children import Child, ChildError
from unit.local_stack.processes import gone

SLEEP = "import time; time.sleep(60)"


@contextmanager
def started(tmp_path: Path, code: str) -> Iterator[Child]:
    environment = children.clean_environment(layout.SCRIPTS, tmp_path)
    child = children.start("a server", [sys.executable, "-c", code], environment, tmp_path / "log")
    try:
        yield child
    finally:
        child.stop()


def test_a_child_knows_nothing_of_the_developer_s_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "mine")
    monkeypatch.setenv("AWS_PROFILE", "production")
    with started(tmp_path, "import os; print(sorted(os.environ))") as child:
        child.process.wait(20)

    assert "ANTHROPIC" not in child.log.read_text()
    assert "AWS" not in child.log.read_text()


def test_a_dead_child_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with started(tmp_path, "raise SystemExit('no such table')") as child:
        child.process.wait(20)
        with pytest.raises(ChildError, match=r"(?s)a server .*no such table"):
            child.check()


def test_waiting_ends_when_the_child_dies(tmp_path: Path) -> None:
    with (
        started(tmp_path, "raise SystemExit(3)") as child,
        pytest.raises(ChildError, match="status 3"),
    ):
        children.wait_until(lambda: False, child, seconds=20)


def test_waiting_ends_when_time_is_up(tmp_path: Path) -> None:
    with started(tmp_path, SLEEP) as child, pytest.raises(ChildError, match="did not answer"):
        children.wait_until(lambda: False, child, seconds=0)


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    environment = children.clean_environment(layout.SCRIPTS, tmp_path)
    command = [sys.executable, "-c", "raise SystemExit('wrong template')"]

    with pytest.raises(ChildError, match="wrong template"):
        children.run("sam", command, environment, tmp_path / "log")


def test_stopping_ends_grandchildren_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"one = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        "print(one.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with started(tmp_path, code) as child:
        children.wait_until(lambda: child.log.read_text().endswith("\n"), child, seconds=20)
        grandchild = int(child.log.read_text())

    assert gone(grandchild)


def test_a_guarded_server_ends_with_its_starter(tmp_path: Path) -> None:
    """As after a SIGKILL of ``make local``."""
    (tmp_path / "sleeper.py").write_text(SLEEP)
    code = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'local_stack.guarded', str(os.getpid()), 'sleeper']\n"
        "print(subprocess.Popen(command).pid, flush=True)\n"
        "time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": f"{layout.SCRIPTS}{os.pathsep}{tmp_path}"}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        guarded = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)

    assert gone(guarded)

"""Temporary homes: removed at the end, and by the next stack where a killed one left its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from local_stack import layout, servers

HOLD = """
import time
from local_stack import servers
with servers.temporary_home() as home:
    print(home, flush=True)
    time.sleep(60)
"""
LONG_AGO = time.time() - 3600


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_by_a_killed_stack(place: Path) -> Path:
    environment = {**os.environ, "PYTHONPATH": str(layout.SCRIPTS), "TMPDIR": str(place)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        home = Path(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
    assert home.is_dir()
    return home


def test_a_home_is_removed_at_the_end() -> None:
    with servers.temporary_home() as home:
        assert home.is_dir()
    assert not home.exists()


def test_the_home_of_a_killed_stack_is_removed_by_the_next(place: Path) -> None:
    home = left_by_a_killed_stack(place)
    os.utime(home, (LONG_AGO, LONG_AGO))
    with servers.temporary_home():
        assert not home.exists()


def test_a_home_in_use_or_just_made_is_left_alone(place: Path) -> None:
    young = left_by_a_killed_stack(place)
    with servers.temporary_home() as used:
        os.utime(used, (LONG_AGO, LONG_AGO))
        with servers.temporary_home():
            assert used.is_dir()
            assert young.is_dir()

"""Finds Prometheus and Alertmanager, or installs Debian's; ``test_prometheus`` skips without."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

INSTALL = Path(__file__).with_name("install.sh")
#: Debian's name, and its authors'.
_ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")


class Missing(Exception):
    """A program is neither on the PATH nor to be had from Debian's packages; says why."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    prometheus: str
    alertmanager: str


def find_or_install() -> Programs:
    """The programs on the PATH; where they are not, and we may, install them first."""
    found = _found() or _installed()
    if found is None:
        raise Missing("prometheus and alertmanager are not on the PATH after their installation")
    return found


def _found() -> Programs | None:
    prometheus = shutil.which("prometheus")
    alertmanager = next(filter(None, map(shutil.which, _ALERTMANAGER)), None)
    return Programs(prometheus, alertmanager) if prometheus and alertmanager else None


def _installed() -> Programs | None:
    if not shutil.which("apt-get"):
        raise Missing("prometheus and alertmanager are not on the PATH, and there is no apt-get")
    done = subprocess.run([str(INSTALL)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
        raise Missing(f"prometheus and alertmanager are not on the PATH, not installed: {said}")
    return _found()

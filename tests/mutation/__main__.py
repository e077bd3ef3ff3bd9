"""``python -m mutation``: turns each condition of the lease, the card and the alert id around.

The unit tests of the module must fail for every mutant; survivors are listed, and the exit code is
then 1. Each mutant is tried in a copy of the package, in a process of its own.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from mutation.mutants import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "responder" / "responder"
WORKERS = 2
#: A mutant that never ends has been noticed, too.
TIMEOUT = 60

#: What is mutated, and the tests that must notice.
TARGETS: dict[str, Sequence[str]] = {
    "protocols/lease.py": ["tests/unit/protocols/test_lease.py"],
    "protocols/feedback.py": [
        "tests/unit/protocols/test_feedback_keeping.py",
        "tests/unit/protocols/test_feedback_obeying.py",
        "tests/unit/protocols/test_feedback_telling.py",
        "tests/unit/protocols/test_feedback_races.py",
    ],
    "protocols/card_steps.py": [
        "tests/unit/protocols/test_card_steps.py",
        "tests/unit/protocols/test_escalation.py",
        "tests/unit/protocols/test_refused_channels.py",
        "tests/unit/protocols/test_channels_made_anew.py",
        "tests/unit/protocols/test_silences.py",
        "tests/unit/protocols/test_storm_reminders.py",
    ],
    "protocols/card.py": [
        "tests/unit/protocols/test_card.py",
        "tests/unit/protocols/test_card_steps.py",
        "tests/unit/protocols/test_escalation.py",
        "tests/unit/protocols/test_operators_reports.py",
        "tests/unit/protocols/test_operators_windows.py",
        "tests/unit/protocols/test_operators_sinks.py",
        "tests/unit/protocols/test_operators_crashes.py",
    ],
    "protocols/card_waits.py": [
        "tests/unit/protocols/test_card.py",
        "tests/unit/protocols/test_operators_reports.py",
        "tests/unit/protocols/test_operators_windows.py",
    ],
    "protocols/details.py": ["tests/unit/protocols/test_details.py"],
    "intake/draft.py": [
        "tests/unit/intake/test_alert_identity.py",
        "tests/unit/intake/test_draft.py",
    ],
}
#: Conditions whose negation changes nothing that anybody can see, each with the reason.
EQUIVALENT: dict[tuple[str, str], str] = {
    ("intake/draft.py", "len(url) <= MAX_LINK"): "decides only whether an answer is remembered",
}


@dataclass(frozen=True)
class Trial:
    """A mutant of a target."""

    target: str
    mutant: Mutant

    def __str__(self) -> str:
        """Where it is, and what was negated."""
        return f"{self.target}:{self.mutant.line}: not ({self.mutant.condition})"


def main() -> int:
    """Try every mutant; 0 when each was noticed."""
    argparse.ArgumentParser(prog="python -m mutation", description=__doc__).parse_args()
    with _copies() as copies:
        for target, tests in TARGETS.items():
            if not _passes(copies[0], tests):
                print(f"{target}: its tests fail without any mutation", file=sys.stderr)
                return 1
        trials = list(_trials())
        survivors = _survivors(trials, copies)
    for survivor in survivors:
        print(f"survived {survivor}")
    print(f"{len(trials) - len(survivors)} of {len(trials)} mutants noticed")
    return 1 if survivors else 0


def _trials() -> Iterator[Trial]:
    for target in TARGETS:
        for mutant in mutants((PACKAGE / target).read_text()):
            if (target, mutant.condition) not in EQUIVALENT:
                yield Trial(target, mutant)


def _survivors(trials: Sequence[Trial], copies: Sequence[Path]) -> list[Trial]:
    free: SimpleQueue[Path] = SimpleQueue()
    for one in copies:
        free.put(one)

    def survives(trial: Trial) -> bool:
        place = free.get()
        module = place / "responder" / trial.target
        original = module.read_text()
        try:
            module.write_text(trial.mutant.source)
            return _passes(place, TARGETS[trial.target])
        finally:
            module.write_text(original)
            free.put(place)

    with ThreadPoolExecutor(WORKERS) as pool:
        return [
            trial for trial, alive in zip(trials, pool.map(survives, trials), strict=True) if alive
        ]


def _passes(place: Path, tests: Sequence[str]) -> bool:
    """Whether the tests pass on the package in ``place``."""
    paths = f"{place} {ROOT / 'scripts'} {ROOT / 'tests'}"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-o", f"pythonpath={paths}", *tests]
    # Without caches: a mutant may have the size and the second of the one before it.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    } | {
        "PYTHONPATH": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        # These tests need no plugin, and loading them takes longer than the tests.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0


@contextmanager
def _copies() -> Iterator[list[Path]]:
    """Copies of the package, one per worker, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(number) for number in range(WORKERS)]
        for place in places:
            shutil.copytree(
                PACKAGE, place / "responder", ignore=shutil.ignore_patterns("__pycache__")
            )
        yield places


if __name__ == "__main__":
    sys.exit(main())

"""A process of its own for what must not share this one's memory or modules."""

import os
import subprocess
import sys

from bench.imports import REPOSITORY


def python(*arguments: str) -> str:
    """What this Python prints with those arguments, finding modules where this process does.

    Whoever started this process may have told it by an environment variable, as ``make bench``
    does, or by its settings, as pytest does.

    Raises:
        RuntimeError: it ended with an error; the text has what it said.
    """
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} fails:\n{done.stderr}")
    return done.stdout

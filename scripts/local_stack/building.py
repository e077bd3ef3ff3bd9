"""``python -m local_stack.building``: ``sam build`` when something changed, then compiled.

``make build`` calls it for deployments, ``stack`` for this machine.
"""

import argparse
import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_stack import children, layout

#: What ``sam build`` reads.
_INPUTS = ("template.yaml", "functions", "layers")
_STAMP = "inputs.sha256"


def build(folder: Path, architecture: str, say: Callable[[str], None]) -> None:
    """Bring ``folder`` up to date; a second process that wants the same waits."""
    stamp = folder / _STAMP
    with _alone():
        if is_current(folder, architecture):
            return
        wanted = _digest(architecture)
        say("Building the functions and layers")
        log = layout.LOCAL / "log"
        stamp.unlink(missing_ok=True)
        with sam_environment() as environment:
            _sam_build(folder, architecture, environment, log / "build.log")
        # Lambda cannot write compiled files: without them every cold start compiles again.
        children.run(
            "compileall",
            [
                sys.executable,
                *("-m", "compileall", "-q", "-j", "0"),
                *("--invalidation-mode", "unchecked-hash", str(folder)),
            ],
            os.environ,
            log / "compile.log",
        )
        stamp.write_text(wanted)


def is_current(folder: Path, architecture: str) -> bool:
    """Whether what was built there is of today's code, for this processor."""
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == _digest(architecture)


def _sam_build(folder: Path, architecture: str, environment: Mapping[str, str], log: Path) -> None:
    children.run(
        "sam build",
        [
            str(layout.SAM),
            *("build", "--cached", "--parallel"),
            *("--build-dir", str(folder), "--cache-dir", str(folder.parent / "cache")),
            *("--parameter-overrides", f"Architecture={architecture}"),
        ],
        environment,
        log,
        cwd=layout.REPOSITORY,
    )


@contextmanager
def sam_environment() -> Iterator[dict[str, str]]:
    """The developer's environment (pip's settings count) without any AWS account in it.

    SAM leaves empty folders wherever it may keep temporary files: it gets a place that goes.
    """
    with tempfile.TemporaryDirectory(prefix="responder-sam-") as scratch:
        yield {**_without_account(), "TMPDIR": scratch}


def _without_account() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **mine,
        # SAM looks for a python3.13 with pip; ours has it.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), mine.get("PATH", os.defpath)]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": layout.REGION,
        "SAM_CLI_TELEMETRY": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@contextmanager
def _alone() -> Iterator[None]:
    layout.LOCAL.mkdir(exist_ok=True)
    with (layout.LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(architecture: str) -> str:
    inputs: Mapping[str, str] = {
        str(path.relative_to(layout.REPOSITORY)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _files()
    }
    text = json.dumps([architecture, sys.version, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _files() -> Iterator[Path]:
    for name in _INPUTS:
        start = layout.REPOSITORY / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.is_file() and path.suffix != ".pyc":
                yield path


def main() -> None:
    """The command line of ``make build``."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.building", description=__doc__)
    parser.add_argument("--architecture", choices=("arm64", "x86_64"), default="arm64")
    chosen = parser.parse_args()
    try:
        build(layout.BUILD, chosen.architecture, print)
    except children.ChildError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

"""The servers of a local stack, each for as long as its ``with``; ``stack`` puts them together."""

import fcntl
import os
import shutil
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from local_stack import certificates, children, layout
from local_stack.children import Child
from local_stack.ports import LOOPBACK

START_SECONDS = 30.0
_HOME = "responder-local-"
_LOCK = "held"
_YOUNG_SECONDS = 60.0
#: Writing down what it keeps may take the emulator long where others use the processors.
KEEPING_SECONDS = 60.0


@dataclass
class Emulator:
    """The local AWS: its address, whom to trust, and its process."""

    endpoint: str
    bundle: Path
    child: Child
    begin: Callable[[], Child]

    def restart(self) -> None:
        """End it with SIGTERM, its functions as well, and start it with what it kept."""
        self.child.stop(KEEPING_SECONDS)
        self.child = self.begin()


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Where functions are unpacked and certificates lie, removed at the end."""
    _sweep(Path(tempfile.gettempdir()))
    home = Path(tempfile.mkdtemp(prefix=_HOME))
    with (home / _LOCK).open("w") as lock:
        # Given back by the system, however we end.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield home
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove the homes that nobody holds: a stack that was killed could not remove its own."""
    for home in place.glob(f"{_HOME}*"):
        with suppress(OSError):
            if time.time() - home.stat().st_mtime < _YOUNG_SECONDS:
                # Perhaps made just now, and not locked yet.
                continue
            with (home / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)


@contextmanager
def emulator(home: Path, port: int, logs: Path, *, keeps: bool = False) -> Iterator[Emulator]:
    """The patched emulator with IAM and TLS on; one that ``keeps`` its state can be restarted."""
    trust = certificates.create(home / "tls")
    kept = {"PERSIST_STATE": "1", "STATE_DIR": str(home / "state")} if keeps else {}
    settings = {**_emulator_settings(port, trust), **kept}
    endpoint = f"https://{LOOPBACK}:{port}"
    numbers = count()

    def begin() -> Child:
        again = next(numbers)
        log = logs / (f"aws-{again}.log" if again else "aws.log")
        child = _start(layout.EMULATOR_PYTHON, "emulator", (), settings, home, "aws", log)
        ready = _answers(f"{endpoint}/_ministack/health", trust.bundle)
        return _awaited(child, ready)

    running = Emulator(endpoint, trust.bundle, begin(), begin)
    try:
        yield running
    finally:
        running.child.stop()


@contextmanager
def ours(name: str, port: int, arguments: Sequence[str], home: Path, logs: Path) -> Iterator[Child]:
    """The local Slack or Claude, by its short name."""
    given = ("--port", str(port), *arguments)
    log = logs / f"{name}.log"
    child = _start(Path(sys.executable), f"{name}_server", given, {}, home, name, log)
    try:
        yield _awaited(child, _answers(f"http://{LOOPBACK}:{port}"))
    finally:
        child.stop()


def _start(
    python: Path,
    module: str,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    home: Path,
    name: str,
    log: Path,
) -> Child:
    guarded = (str(python), "-m", "local_stack.guarded", str(os.getpid()))
    environment = {**children.clean_environment(layout.SCRIPTS, home), **settings}
    return children.start(name, (*guarded, f"local_stack.{module}", *arguments), environment, log)


def _awaited(child: Child, ready: Callable[[], bool]) -> Child:
    """The child once it answers; one that does not is ended."""
    try:
        children.wait_until(ready, child, START_SECONDS)
    except BaseException:
        child.stop()
        raise
    return child


def _emulator_settings(port: int, trust: certificates.Certificates) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": LOOPBACK,
        "AUTH": "true",
        "USE_SSL": "1",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": layout.REGION,
        "MINISTACK_SSL_CERT": str(trust.chain),
        "MINISTACK_SSL_KEY": str(trust.key),
        # The functions inherit these: they must trust the emulator and the outside world.
        "AWS_CA_BUNDLE": str(trust.bundle),
        "SSL_CERT_FILE": str(trust.bundle),
        "REQUESTS_CA_BUNDLE": str(trust.bundle),
        "LOG_LEVEL": "WARNING",
        # They inherit that, too, and would log no step; on AWS the template's LogLevel sets this.
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
    }


def _answers(url: str, bundle: Path | None = None) -> Callable[[], bool]:
    context = ssl.create_default_context(cafile=str(bundle)) if bundle else None

    def ask() -> bool:
        try:
            urllib.request.urlopen(url, timeout=2, context=context).close()  # noqa: S310 (ours)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    return ask

"""``.local/stack.env``, from which shells and tools learn how to reach the stack, and its lock.

``__main__`` writes it; ``demo`` reads it to use the stack that runs.
"""

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local_stack import layout
from local_stack.stack import Stack

FILE = "stack.env"
_LOCK = "stack.lock"
_BUNDLE = "ca.pem"
#: curl, OpenSSL (Python, Go), requests and the AWS SDKs each have a variable of their own.
_TRUST = ("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class AlreadyRunning(Exception):
    """Another process holds the directory; the message says which."""


def variables(stack: Stack) -> dict[str, str]:
    """Everything that a client of the stack needs."""
    return {
        "WEBHOOK_URL": stack.webhook_url,
        "API_KEY": stack.api_key,
        "IN_URL": stack.in_url,
        "SLACK_URL": stack.slack_url,
        "CLAUDE_URL": stack.claude_url,
        "NOTICES_URL": stack.notices_url,
        "STACK_NAME": layout.STACK_NAME,
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_DEFAULT_REGION": layout.REGION,
        # The developer's own, which goes before it, must not lead elsewhere.
        "AWS_REGION": layout.REGION,
        **layout.CREDENTIALS,
        # A profile or session of the developer's own account must not be mixed in.
        "AWS_PROFILE": "",
        "AWS_SESSION_TOKEN": "",
        **dict.fromkeys(_TRUST, str(stack.bundle)),
    }


def with_lasting_trust(directory: Path, stack: Stack) -> Stack:
    """The stack with its trust bundle in ``directory``, where it stays when the stack has ended.

    A shell that sourced ``stack.env`` would else trust nobody from then on: the bundle holds this
    machine's usual authorities, too.
    """
    kept = directory / _BUNDLE
    kept.write_bytes(stack.bundle.read_bytes())
    return replace(stack, bundle=kept.resolve())


def write(directory: Path, stack: Stack) -> Path:
    """Write ``stack.env``, readable by its owner alone; the caller removes it."""
    file = directory / FILE
    lines = [
        "# How to reach the local stack:  source .local/stack.env",
        *(_line(name, value) for name, value in variables(stack).items()),
    ]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")
    return file


def read(directory: Path) -> Stack:
    """The stack that ``write`` described; its processes belong to another."""
    words = shlex.split((directory / FILE).read_text(), comments=True)
    values = dict(word.split("=", 1) for word in words if "=" in word)
    intake, token = values["IN_URL"].rsplit("/", 1)
    return Stack(
        endpoint=values["AWS_ENDPOINT_URL"],
        slack_url=values["SLACK_URL"],
        claude_url=values.get("CLAUDE_URL", ""),
        notices_url=values["NOTICES_URL"],
        bundle=Path(values["AWS_CA_BUNDLE"]),
        api_key=values["API_KEY"],
        token=token,
        outputs={"WebhookUrl": values["WEBHOOK_URL"], "IntakeUrl": intake},
    )


def find(directory: Path) -> Stack | None:
    """The stack that runs in ``directory``, None where none does."""
    try:
        with held(directory):
            return None
    except AlreadyRunning:
        return read(directory) if (directory / FILE).exists() else None


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the directory for one running stack; raise AlreadyRunning when it is held."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / _LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise AlreadyRunning(
                f"A local stack is running already (process {lock.read().strip() or 'unknown'}). "
                f"Use it with: source {layout.LOCAL.name}/{FILE}; end it with Ctrl-C there."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _line(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}" if value else f"unset {name}"

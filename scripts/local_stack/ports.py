"""Which ports the local stack listens on, all on loopback; ``stack`` and ``demo`` ask here."""

import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

LOOPBACK = "127.0.0.1"
_DEFAULTS = {"aws": 4566, "slack": 8090, "claude": 8091, "notices": 8092}


class PortError(Exception):
    """A port that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Ports:
    """One port per server."""

    aws: int
    slack: int
    claude: int
    notices: int

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> Self:
        """The defaults, or what AWS_PORT, SLACK_PORT, CLAUDE_PORT and NOTICES_PORT say."""
        return cls(**{name: _number(environment, name, port) for name, port in _DEFAULTS.items()})

    @classmethod
    def unused(cls) -> Self:
        """Ports that nobody uses now, for tests and for a demo beside ``make local``."""
        with ExitStack() as opened:
            listeners = [opened.enter_context(_listener(0)) for _ in _DEFAULTS]
            return cls(*(listener.getsockname()[1] for listener in listeners))

    def check(self, names: Iterable[str]) -> None:
        """Raise PortError, naming the port and its variable, if one of these servers' is taken."""
        for name in names:
            port = getattr(self, name)
            try:
                _listener(port).close()
            except OSError as error:
                variable = _variable(name)
                raise PortError(
                    f"Port {port} ({name}) cannot be used: {error.strerror}. Stop what listens "
                    f"there, or choose another: make local {variable}={port + 1000}"
                ) from None


def _variable(name: str) -> str:
    return f"{name.upper()}_PORT"


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(_variable(name)) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise PortError(f"{_variable(name)} must be a port number, not {text!r}.")
    return int(text)


def _listener(port: int) -> socket.socket:
    opened = socket.socket()
    # As the servers do: a port in TIME_WAIT after a stop is free.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
        opened.listen()
    except OSError:
        opened.close()
        raise
    return opened

"""The local Slack as a process: where it is, and how it stops."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from local_stack import slack_server

SCRIPTS = Path(slack_server.__file__).parents[1]


def test_stopping_closes_connections_that_are_kept_alive() -> None:
    running = slack_server.start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(b"GET /control HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(9) == b"HTTP/1.1 "
        running.stop()
        while connection.recv(4096):
            pass


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local_stack.slack_server", *arguments],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_is_and_stops_on_a_signal(number: signal.Signals) -> None:
    process = command("--port", "0")
    assert process.stdout is not None
    ready = process.stdout.readline()
    url = ready.split()[-1]
    with urllib.request.urlopen(f"{url}/api/messages", timeout=5) as answer:
        assert answer.read() == b"[]"
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, ready, out, err) == (0, f"local Slack ready at {url}\n", "", "")


def test_the_command_names_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = command("--port", port)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert port in err

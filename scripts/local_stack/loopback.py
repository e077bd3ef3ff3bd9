"""A small threaded HTTP server on loopback, with keep-alive, for the local Slack and Claude.

An application is one function from Request to Reply; everything about sockets stays here.
"""

import contextlib
import json
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
LONGEST_BODY = 32 * 1024 * 1024
LONGEST_SILENCE = 60.0
"""Seconds after which a held connection is closed even if its client still waits."""


class Fate(Enum):
    """What becomes of the connection: answered, closed without a word, or left waiting."""

    ANSWER = "answer"
    DROP = "drop"
    HOLD = "hold"


@dataclass(frozen=True)
class Request:
    """One HTTP request, read whole; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        """The body as form fields (empty values kept)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, sent after ``delay`` seconds; ``stream`` follows the body piece by piece."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fate: Fate = Fate.ANSWER
    stream: Iterable[bytes] | None = None


type Application = Callable[[Request], Reply]
type Wait = Callable[[float], object]


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """``value`` as JSON; underscores in header names stand for hyphens."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def text_reply(text: str, status: int = 200, **headers: str) -> Reply:
    """``text`` as plain text."""
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Reply(status, text.encode(), "text/plain; charset=utf-8", named)


def html_reply(status: int) -> Reply:
    """The HTML that a proxy in front of an API answers with on a bad day."""
    page = b"<html><head><title>Bad gateway</title></head><body>Bad gateway</body></html>"
    return Reply(status, page, "text/html; charset=utf-8")


class Server:
    """A running server. ``wait`` sleeps through a reply's delay; tests inject their own."""

    def __init__(self, application: Application, port: int, wait: Wait | None = None) -> None:
        """Bind (OSError when the port is taken) and serve on a thread of its own."""
        self._stopping = threading.Event()
        try:
            self._sockets = _Sockets((HOST, port), application, wait or self._stopping.wait)
        except OSError as error:
            raise OSError(error.errno, f"port {port} on {HOST}: {error.strerror}") from None
        self.port = int(self._sockets.server_address[1])
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(
            target=self._sockets.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close every connection, kept-alive ones included."""
        self._stopping.set()
        self._sockets.shutdown()
        self._sockets.close_all()
        self._thread.join()


class _Sockets(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Application, wait: Wait) -> None:
        self.application = application
        self.wait = wait
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        self.server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is everyday life here; anything else is our own bug.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Sockets
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a command prints its ready line and no more."""

    def _serve(self) -> None:
        refusal = self._refusal()
        if refusal:
            self.close_connection = True
            self._answer(refusal)
            return
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length", "0"))),
        )
        reply = self.server.application(request)
        if reply.delay > 0:
            self.server.wait(reply.delay)
        if reply.fate is Fate.HOLD:
            self._wait_for_hangup()
        if reply.fate is Fate.ANSWER:
            self._answer(reply)
        else:
            self.close_connection = True

    def _refusal(self) -> Reply | None:
        # Any web page that a developer has open could otherwise reach these ports
        # (cross-site request, DNS rebinding).
        host = self.headers.get("host", "")
        origin = self.headers.get("origin")
        name = host.rsplit(":", 1)[0]
        if name not in {HOST, "localhost"} and not name.endswith(".localhost"):
            return text_reply("this server answers to loopback names only\n", 403)
        if origin is not None and urlsplit(origin).netloc != host:
            return text_reply("requests from other sites are not served\n", 403)
        length = self.headers.get("content-length", "0")
        if self.headers.get("transfer-encoding") or not length.isdecimal():
            return text_reply("a Content-Length is required\n", 411)
        if int(length) > LONGEST_BODY:
            return text_reply("the body is too large\n", 413)
        return None

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        if reply.stream is None:
            self.send_header("Content-Length", str(len(reply.body)))
        else:
            self.close_connection = True
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)
        for piece in reply.stream or ():
            self.wfile.write(piece)
            self.wfile.flush()

    def _wait_for_hangup(self) -> None:
        ends = time.monotonic() + LONGEST_SILENCE
        with contextlib.suppress(OSError, ValueError):
            while (left := ends - time.monotonic()) > 0:
                readable, _, _ = select.select([self.connection], [], [], left)
                if readable and not self.connection.recv(1024):
                    return


def run_until_signal(start: Callable[[], Server], name: str) -> int:
    """Run as a command: one ready line, then serve until SIGTERM or SIGINT. Returns exit code."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    try:
        server = start()
    except OSError as error:
        sys.stderr.write(f"{name} cannot start: {error}\n")
        return 1
    sys.stdout.write(f"{name} ready at {server.url}\n")
    sys.stdout.flush()
    ending.wait()
    server.stop()
    return 0

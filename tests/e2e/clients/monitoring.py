"""A shop with one metric, watched by a real Prometheus and a real Alertmanager on loopback.

Each is a context manager; ``test_prometheus`` puts them together. Their configuration is written
as JSON, which is YAML.
"""

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local_stack import children
from local_stack.children import Child
from local_stack.ports import LOOPBACK

START_SECONDS = 30.0
#: Prometheus says that a firing alert ends after four of these, and prolongs it while it fires:
#: long enough for a slow machine, short enough to see repeats.
RESEND = "3s"
Config = Mapping[str, Any]


@dataclass
class Shop:
    """What is watched: a metric that the test sets."""

    address: str
    orders_stuck: int = 0


@dataclass(frozen=True)
class Sender:
    """The program that posts to us. Its own metrics say how often it did, and how often in vain."""

    child: Child
    address: str
    sent_metric: str
    failed_metric: str

    def sent(self) -> float:
        """Alerts or notifications sent, failed ones included."""
        return _metric(self.address, self.sent_metric)

    def failed(self) -> float:
        """Those that were refused or got no answer."""
        return _metric(self.address, self.failed_metric)


@contextmanager
def shop() -> Iterator[Shop]:
    """Serve the shop's metric."""
    server = ThreadingHTTPServer((LOOPBACK, 0), BaseHTTPRequestHandler)
    watched = Shop(f"{LOOPBACK}:{server.server_address[1]}")

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"shop_orders_stuck {watched.orders_stuck}\n".encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server.RequestHandlerClass = Metrics
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def alertmanager(program: str, directory: Path, webhook: Config) -> Iterator[Sender]:
    """An Alertmanager that notifies one webhook, and repeats itself every second."""
    config = {
        "route": {
            "receiver": "responder",
            "group_wait": "1s",
            "group_interval": "1s",
            "repeat_interval": "1s",
        },
        "receivers": [{"name": "responder", "webhook_configs": [webhook]}],
    }
    file = _written(directory / "alertmanager.yml", config)
    address = _unused_address()
    arguments = (
        f"--config.file={file}",
        f"--storage.path={directory / 'alertmanager'}",
        f"--web.listen-address={address}",
        # No cluster: the default would listen on every address.
        "--cluster.listen-address=",
    )
    with _running("alertmanager", program, arguments, address, directory) as child:
        yield Sender(
            child,
            address,
            'alertmanager_notifications_total{integration="webhook"',
            'alertmanager_notifications_failed_total{integration="webhook"',
        )


@contextmanager
def prometheus(
    program: str, directory: Path, watched: Shop, rule: str, target: Config
) -> Iterator[Sender]:
    """A Prometheus that watches the shop by one rule and tells one Alertmanager, ``target``."""
    rules = {
        "alert": rule,
        "expr": "shop_orders_stuck > 0",
        "labels": {"severity": "critical", "service": "shop"},
        "annotations": {
            "summary": f"{rule}: orders are stuck",
            "description": "{{ $value }} orders wait for payment.",
        },
    }
    config = {
        "global": {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
        },
        "scrape_configs": [
            {"job_name": "shop", "static_configs": [{"targets": [watched.address]}]}
        ],
        "rule_files": [
            _written(directory / "rules.yml", {"groups": [{"name": "shop", "rules": [rules]}]})
        ],
        "alerting": {"alertmanagers": [target]},
    }
    address = _unused_address()
    arguments = (
        f"--config.file={_written(directory / 'prometheus.yml', config)}",
        f"--storage.tsdb.path={directory / 'prometheus'}",
        f"--web.listen-address={address}",
        f"--rules.alert.resend-delay={RESEND}",
    )
    with _running("prometheus", program, arguments, address, directory) as child:
        yield Sender(
            child,
            address,
            "prometheus_notifications_sent_total",
            "prometheus_notifications_errors_total",
        )


@contextmanager
def _running(
    name: str, program: str, arguments: tuple[str, ...], address: str, directory: Path
) -> Iterator[Child]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "LANG": "C.UTF-8"}
    child = children.start(name, [program, *arguments], environment, directory / f"{name}.log")
    try:
        children.wait_until(lambda: _is_ready(address), child, START_SECONDS)
        yield child
    finally:
        child.stop()


def _is_ready(address: str) -> bool:
    try:
        urllib.request.urlopen(f"http://{address}/-/ready", timeout=2).close()
    except OSError:
        return False
    return True


def _metric(address: str, start: str) -> float:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))


def _written(file: Path, config: Config) -> str:
    file.write_text(json.dumps(config, indent=2))
    return str(file)


def _unused_address() -> str:
    with socket.create_server((LOOPBACK, 0)) as server:
        return f"{LOOPBACK}:{server.getsockname()[1]}"

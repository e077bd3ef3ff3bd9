"""Requests as API Gateway hands them over, from tools that report problems of a shop's services.

A problem's name has no digits, as a signature takes all numbers for one.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

_SUBJECTS = (
    "orders", "payments", "checkout", "catalog", "search", "stock", "invoices", "mail", "login",
    "sessions", "carts", "prices", "reviews", "shipping", "returns", "coupons", "images", "offers",
    "ledger", "exports",
)  # fmt: skip
_PARTS = (
    "api", "worker", "database", "cache", "queue", "proxy", "gateway", "scheduler", "importer",
    "indexer",
)  # fmt: skip
_TROUBLES = (
    "answers with errors",
    "is slow",
    "is out of memory",
    "has a full disk",
    "lags behind",
    "refuses connections",
    "has no leader",
    "misses its schedule",
    "lost a replica",
    "throttles requests",
)
PROBLEMS = tuple(product(_SUBJECTS, _PARTS, _TROUBLES))
#: Who sends; the first one alone puts several alerts into one request.
TOOLS = ("alertmanager", "datadog", "generic")


@dataclass(frozen=True)
class Told:
    """What a tool says of a ``problem``, by its number, on one of its hosts."""

    problem: int
    host: int = 0
    firing: bool = True

    @property
    def service(self) -> str:
        """What the problem is of."""
        subject, part, _ = PROBLEMS[self.problem % len(PROBLEMS)]
        return f"{subject}-{part}"

    @property
    def trouble(self) -> str:
        """What is wrong with it."""
        return PROBLEMS[self.problem % len(PROBLEMS)][2]

    @property
    def instance(self) -> str:
        """The host by its address."""
        return f"10.0.{self.host >> 8}.{self.host & 255}:9100"

    @property
    def message(self) -> str:
        """In a sentence."""
        return f"{self.service} {self.trouble} on {self.instance} for more than 5 minutes."


def request(tool: str, told: Sequence[Told], at: datetime) -> dict[str, Any]:
    """One request of API Gateway."""
    body = json.dumps(_WRITERS[tool](told, at)).encode()
    return {
        "httpMethod": "POST",
        "resource": "/alerts/{tool+}",
        "path": f"/v1/alerts/{tool}",
        "pathParameters": {"tool": tool},
        "headers": {
            "Content-Type": "application/json",
            "Host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "User-Agent": "Alertmanager/0.28.1",
            "X-Amzn-Trace-Id": "Root=1-691f1a2b-0123456789abcdef01234567",
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
            "x-api-key": "0123456789abcdefghijABCDEFGHIJ0123456789",
        },
        "queryStringParameters": None,
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode(),
    }


def _alertmanager(told: Sequence[Told], at: datetime) -> dict[str, Any]:
    """Version 4 of its webhook, as in ``events/alertmanager``."""
    return {
        "receiver": "responder",
        "status": "firing",
        "alerts": [_of_alertmanager(one, at) for one in told],
        "groupLabels": {"env": "prod"},
        "commonLabels": {"env": "prod"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.net",
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }


def _of_alertmanager(one: Told, at: datetime) -> dict[str, Any]:
    return {
        "status": "firing" if one.firing else "resolved",
        "labels": {
            "alertname": "".join(word.title() for word in one.trouble.split()),
            "cluster": "eu-1",
            "env": "prod",
            "instance": one.instance,
            "job": one.service,
            "namespace": "shop",
            "severity": "warning",
        },
        "annotations": {
            "summary": f"{one.service} {one.trouble}",
            "description": one.message,
            "runbook_url": f"https://runbooks.example.net/{one.service}",
        },
        "startsAt": at.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z" if one.firing else at.isoformat(),
        "generatorURL": "http://prometheus.example.net/graph?g0.expr=up",
        "fingerprint": f"{one.problem:012x}{one.host:04x}",
    }


def _datadog(told: Sequence[Told], at: datetime) -> dict[str, Any]:
    """The template of docs/sources.md, as in ``events/datadog``."""
    (one,) = told
    where = f"service:{one.service},host:{one.instance}"
    transition = "Triggered" if one.firing else "Recovered"
    return {
        "alert_id": str(10_000 + one.problem),
        "alert_cycle_key": f"{one.problem}{one.host:04d}",
        "alert_transition": transition,
        "alert_priority": "P2",
        "alert_type": "error" if one.firing else "success",
        "alert_scope": where,
        "alert_title": f"[{transition} on {{{where}}}] {one.service} {one.trouble}",
        "alert_status": f"errors over {where} was > 5 on average during the last 5m.",
        "alert_query": "avg(last_5m):sum:http.errors{*} by {service,host} > 5",
        "alert_metric": "http.errors",
        "text_only_msg": one.message,
        "hostname": one.instance,
        "tags": f"env:prod,monitor,region:eu-west-1,service:{one.service},team:shop",
        "link": f"https://app.datadoghq.eu/monitors/{10_000 + one.problem}",
        "aggreg_key": f"{one.problem:08x}{one.host:08x}",
        "event_id": f"{at.timestamp() * 1_000_000:.0f}",
        "event_type": "metric_alert_monitor",
        "date": f"{at.timestamp() * 1_000:.0f}",
        "org_id": "123456",
        "org_name": "Example",
    }


def _generic(told: Sequence[Told], at: datetime) -> dict[str, Any]:
    """Our own format, as in ``events/generic``."""
    (one,) = told
    return {
        "source": "nightly-checks",
        "title": f"{one.service} {one.trouble}",
        "message": one.message,
        "severity": "HIGH",
        "status": "firing" if one.firing else "resolved",
        "service": one.service,
        "resource": one.instance,
        "environment": "prod",
        "timestamp": at.isoformat(),
    }


_WRITERS = {"alertmanager": _alertmanager, "datadog": _datadog, "generic": _generic}

"""Alerts for the end-to-end tests: as many problems as wanted, all with a time of their own."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

LETTERS = "bcdfghjklmnpqrstvwxz"
SEVERITIES = ("HIGH", "MEDIUM", "LOW", "INFO", "CRITICAL")
STILL_FIRING = "0001-01-01T00:00:00Z"


def word(number: int) -> str:
    """A word of its own for every number; a signature ignores digits."""
    letters: list[str] = []
    while number or not letters:
        number, digit = divmod(number, len(LETTERS))
        letters.append(LETTERS[digit])
    return "".join(letters)


def problem(
    family: str,
    number: int,
    *,
    at: datetime | None = None,
    host: str = "",
    severity: str = "",
    status: str = "firing",
) -> bytes:
    """A generic alert; each number is a problem of its own, each host a copy of it."""
    return json.dumps(
        {
            "source": "e2e",
            "title": f"Conveyor {family} {word(number)} stands still",
            "message": "No parcel has passed the sensor",
            "severity": severity or SEVERITIES[number % len(SEVERITIES)],
            "service": "parcels",
            "host": host,
            "status": status,
            "timestamp": (at or datetime.now(UTC)).isoformat(),
        }
    ).encode()


def alertmanager(
    rule: str,
    instance: str,
    starts: datetime,
    *,
    ends: datetime | None = None,
    severity: str = "warning",
) -> bytes:
    """A notification of Alertmanager with one alert."""
    labels = {"alertname": rule, "instance": instance, "job": "parcels", "severity": severity}
    alert = {
        "status": "resolved" if ends else "firing",
        "labels": labels,
        "annotations": {"summary": "Belt stands still", "description": f"No parcel at {instance}"},
        "startsAt": starts.isoformat(),
        "endsAt": ends.isoformat() if ends else STILL_FIRING,
        "fingerprint": sha256(f"{rule}{instance}".encode()).hexdigest()[:16],
    }
    return json.dumps(
        {
            "receiver": "responder",
            "status": alert["status"],
            "alerts": [alert],
            "version": "4",
            "groupKey": f'{{}}:{{alertname="{rule}"}}',
        }
    ).encode()


def notification(alerts: Sequence[tuple[str, str, str]], starts: datetime) -> bytes:
    """A notification of Alertmanager with many alerts: rule, instance and severity of each."""
    return together(
        [
            alertmanager(rule, instance, starts, severity=severity)
            for rule, instance, severity in alerts
        ]
    )


def together(notifications: Sequence[bytes]) -> bytes:
    """The alerts of several notifications of Alertmanager in one."""
    bodies = [json.loads(one) for one in notifications]
    alerts = [alert for body in bodies for alert in body["alerts"]]
    return json.dumps({**bodies[0], "alerts": alerts}).encode()


def alarm(name: str, account: str, region: str, at: datetime) -> dict[str, object]:
    """The message that CloudWatch sends to a topic when an alarm goes off."""
    return {
        "AlarmName": name,
        "AlarmDescription": "The parcels API answers with server errors",
        "AWSAccountId": account,
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [41.0] was greater than 10.0.",
        "StateChangeTime": _aws_time(at),
        "Region": region,
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
        "OldStateValue": "OK",
        "Trigger": {
            "MetricName": "5XXError",
            "Namespace": "AWS/ApiGateway",
            "Dimensions": [{"name": "ApiName", "value": "parcels"}],
        },
    }


def a_minute_ago() -> datetime:
    """A start that leaves room for what follows it."""
    return datetime.now(UTC) - timedelta(minutes=1)


def _aws_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"

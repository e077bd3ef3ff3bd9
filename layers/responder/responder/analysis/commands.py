"""Exact read-only commands for a person to run, from an alert's labels. ``fallback`` uses it.

Values come from outside: each is quoted for a shell, and one that could be read as an option, or
is no plain one-line name, yields no command at all.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache

from responder.alert import Alert
from responder.analysis.verdict import Check

_NAME = re.compile(r"(?![-~])[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
#: A Kubernetes object's name; CloudWatch's "namespace" (AWS/Lambda) is none.
_OBJECT = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_HOST = re.compile(r"(?![-.])[A-Za-z0-9.-]{1,253}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-\d")
_URL_HOST = re.compile(r"https?://(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>\d{1,5}))?(?:[/?#]|$)")


def checks(alert: Alert, category: str) -> Iterator[Check]:
    """The commands that this alert's labels allow, the most telling first."""
    names = _names(alert)
    if category == "certificate":
        yield from _certificate(alert, names)
    yield from _kubernetes(names)
    yield from _aws(alert, names)
    yield from _machine(names, category)


def _names(alert: Alert) -> Mapping[str, str]:
    """Labels by a name without case and punctuation: ``QueueName`` and ``queue_name`` are one."""
    names: dict[str, str] = {}
    for label, value in alert.labels.items():
        if _NAME.fullmatch(value):
            names.setdefault(_plain(label), value)
    return names


# Tools name their labels alike.
@lru_cache(maxsize=256)
def _plain(label: str) -> str:
    return "".join(filter(str.isalnum, label)).lower()


def _command(*words: str) -> str:
    return shlex.join(words)


def _kubernetes(names: Mapping[str, str]) -> Iterator[Check]:
    objects = {name: value for name, value in names.items() if _OBJECT.fullmatch(value)}
    namespace, pod = objects.get("namespace", ""), objects.get("pod") or objects.get("podname", "")
    node = objects.get("node") or objects.get("nodename", "")
    if namespace and pod:
        within = ("kubectl", "-n", namespace)
        yield Check(
            text="State, restarts and events of the pod",
            command=_command(*within, "describe", "pod", pod),
        )
        container = ("-c", objects["container"]) if "container" in objects else ()
        yield Check(
            text="What it logged last",
            command=_command(*within, "logs", pod, *container, "--tail=100"),
        )
    if namespace and (deployment := objects.get("deployment", "")):
        yield Check(
            text="What was rolled out, and when",
            command=_command(
                "kubectl", "-n", namespace, "rollout", "history", f"deployment/{deployment}"
            ),
        )
    if namespace and not pod:
        yield Check(
            text="Recent events of the namespace",
            command=_command(
                "kubectl", "-n", namespace, "get", "events", "--sort-by=.lastTimestamp"
            ),
        )
    if node and not pod:
        yield Check(
            text="Conditions of the node", command=_command("kubectl", "describe", "node", node)
        )


def _aws(alert: Alert, names: Mapping[str, str]) -> Iterator[Check]:
    region = alert.scope.region
    where = ("--region", region) if _REGION.fullmatch(region) else ()
    if function := names.get("functionname", ""):
        yield Check(
            text="What the function logged in the last half hour",
            command=_command(
                "aws", "logs", "tail", f"/aws/lambda/{function}", "--since", "30m", *where
            ),
        )
    if database := names.get("dbinstanceidentifier", ""):
        yield Check(
            text="Events of the database in the last hour (fail-over, storage, restart)",
            command=_command(
                "aws", "rds", "describe-events", "--source-type", "db-instance",
                "--source-identifier", database, "--duration", "60", *where,
            ),
        )  # fmt: skip
    if instance := names.get("instanceid", ""):
        yield Check(
            text="Status checks of the instance",
            command=_command(
                "aws", "ec2", "describe-instance-status", "--include-all-instances",
                "--instance-ids", instance, *where,
            ),
        )  # fmt: skip
    if queue := names.get("queuename", ""):
        yield Check(
            text="Where the queue is; then read its depth with get-queue-attributes",
            command=_command("aws", "sqs", "get-queue-url", "--queue-name", queue, *where),
        )
    if alert.source == "cloudwatch" and _NAME.fullmatch(alert.rule):
        yield Check(
            text="How the alarm got into this state",
            command=_command(
                "aws", "cloudwatch", "describe-alarm-history", "--alarm-name", alert.rule,
                "--history-item-type", "StateUpdate", "--max-items", "10", *where,
            ),
        )  # fmt: skip


def _machine(names: Mapping[str, str], category: str) -> Iterator[Check]:
    unit = next((names[key] for key in ("unit", "systemdunit", "name") if key in names), "")
    if unit.endswith((".service", ".timer", ".mount", ".socket")):
        yield Check(
            text="State and last log lines of the unit",
            command=_command("systemctl", "status", unit),
        )
    mount = names.get("mountpoint", "")
    if category == "disk" and mount.startswith("/"):
        yield Check(text="How full it is, on the host itself", command=_command("df", "-h", mount))


def _certificate(alert: Alert, names: Mapping[str, str]) -> Iterator[Check]:
    for text in (
        names.get("instance", ""),
        names.get("target", ""),
        names.get("host", ""),
        alert.resource,
    ):
        host, port = _host_and_port(text)
        if host:
            yield Check(
                text="Which certificate is served, and until when",
                command=(
                    _command(
                        "openssl", "s_client", "-connect", f"{host}:{port}", "-servername", host
                    )
                    + " </dev/null | openssl x509 -noout -subject -dates"
                ),
            )
            return


def _host_and_port(text: str) -> tuple[str, str]:
    if match := _URL_HOST.match(text):
        return match["host"], match["port"] or "443"
    host, _, port = text.partition(":")
    if _HOST.fullmatch(host) and "." in host and re.fullmatch(r"[0-9]{0,5}", port):
        return host, port or "443"
    return "", ""

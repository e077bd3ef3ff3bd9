"""Records what a version of the responder writes: its items, messages and files, for later ones.

    git worktree add /tmp/old COMMIT
    PYTHONPATH=/tmp/old/layers/responder:/tmp/old/scripts:.:tests \\
        .venv/bin/python -m upgrades.record NAME

runs that version's code against memory, a local Slack and Claude. It writes ``golden/NAME.json``,
which is never changed, and ``previous.json``, which is how that version reads.
"""

import contextlib
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.cost.town import Town, alert, town
from bench.cost.wire import STACK, Wire
from click.testing import CliRunner

from responder.adapters import environment
from upgrades.kinds import readers

GOLDEN = Path(__file__).parent / "golden"
PREVIOUS = Path(__file__).parent / "previous.json"
#: Operators' decisions, by every command that a version has.
ROUTES = {"routes": [{"name": "payments", "match": ["service=~pay.*"], "mentions": ["here"]}]}
INHIBITIONS = {
    "rules": [
        {
            "name": "golden",
            "why": "golden",
            "source": ["service=down"],
            "target": ["service=beneath"],
            "equal": ["environment"],
        }
    ]
}
RULES = {"rules": [{"why": "golden", "rule": "HostDown", "split_by": ["instance"]}]}
QUIET = ["silence", "add", "service=silenced", "--for", "20d", "--comment", "golden"]
WINDOW = ["window", "add", "service=windowed", "--every", "day", "--at", "00:00", "--for", "23h59m",
          "--zone", "UTC", "--comment", "golden"]  # fmt: skip


class Recorder:
    """What is noted while a version works."""

    def __init__(self, pipeline: Town, wire: Wire) -> None:
        """Listen to the queues."""
        self.pipeline, self.wire = pipeline, wire
        self.messages: dict[str, list[str]] = {}
        self.commands: dict[str, str] = {}
        sent = pipeline.sent

        def noted(url: str, entry: Mapping[str, Any]) -> None:
            self.messages.setdefault(url.rsplit("/", 1)[-1], []).append(entry["MessageBody"])
            sent(url, entry)

        wire._sent = noted
        vars(wire)["_UpdateItem"] = self._switched

    def operate(self, *words: str) -> None:
        """A command, where this version has it."""
        from responder_cli.aws import Stack
        from responder_cli.main import cli

        clients = {name: getattr(environment, name)() for name in ("dynamodb", "sqs")}
        clients["cloudformation"] = _Described()
        target = Stack(STACK, clients.__getitem__)
        done = CliRunner().invoke(cli, [*words], obj=lambda *_: target)
        said = "done" if done.exit_code == 0 else done.output.strip().splitlines()[-1:]
        self.commands[" ".join(words[:3])] = str(said)

    def _switched(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """The one update that an operator's command makes: of the switch of analyses."""
        values = asked["ExpressionAttributeValues"]
        switch = {"id": asked["Key"]["id"], "version": values[":one"]}
        switch |= {name: values[f":{name}"] for name in ("off", "by", "at")}
        self.wire.tables[asked["TableName"]][switch["id"]["S"]] = switch
        return 200, {}

    def apply(self, content: object, *words: str) -> None:
        """A command with a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file.json"
            path.write_text(json.dumps(content))
            self.operate(*words, str(path))

    def document(self, name: str) -> dict[str, Any]:
        """All of it; messages of one shape once."""
        shapes = {
            queue: list(
                {json.dumps(sorted(_shape(json.loads(one)))): one for one in bodies}.values()
            )
            for queue, bodies in self.messages.items()
        }
        return {
            "version": name,
            "at": self.pipeline.clock().isoformat(),
            "commands": self.commands,
            "messages": shapes,
            "tables": {
                table.removeprefix(f"{STACK}-"): found for table, found in self.wire.tables.items()
            },
        }


class _Described:
    def describe_stacks(self, **_: object) -> dict[str, Any]:
        urls = {
            "AnalysisQueueUrl": "analysis",
            "DistributionQueueUrl": "distribution",
            "CriticalQueueUrl": "critical",
        }
        outputs = [
            {"OutputKey": key, "OutputValue": f"https://sqs.us-east-1.amazonaws.com/1/{queue}"}
            for key, queue in urls.items()
        ]
        return {"Stacks": [{"StackName": STACK, "Outputs": outputs, "Parameters": []}]}


def record(name: str) -> dict[str, Any]:
    """A day in the life of a version."""
    with town(STORM_THRESHOLD="2") as (pipeline, wire):
        noted = Recorder(pipeline, wire)
        pipeline.ticks = False
        _operators(noted)
        _alerts(pipeline)
        incident = next(
            key.removeprefix("incident#")
            for key, item in wire.tables[f"{STACK}-incidents"].items()
            if key.startswith("incident#") and item["service"] == {"S": "orders"}
        )
        noted.operate("feedback", incident, "noise", "--note", "golden")
        _troubles(pipeline)
        _storm(pipeline)
        pipeline.ticks = True
        pipeline.until(pipeline.clock() + timedelta(minutes=6))
        _troubled(pipeline)
        return noted.document(name)


def _operators(noted: Recorder) -> None:
    noted.operate(*QUIET)
    noted.operate(*WINDOW)
    noted.apply(ROUTES, "route", "apply", "--yes")
    noted.apply(INHIBITIONS, "inhibit", "apply", "--yes")
    noted.apply(RULES, "signature", "rules", "apply", "--yes")
    noted.operate("analysis", "off")
    noted.operate("analysis", "on")


def _alerts(pipeline: Town) -> None:
    """Shown and analysed, repeated, resolved, silenced, in a window, of an unknown format."""
    pipeline.request(alert(id="orders-1"))
    pipeline.settle()
    pipeline.request(alert(id="orders-2"))
    pipeline.settle()
    for service in ("search", "silenced", "windowed", "pay-api"):
        title = f"Errors of the {service} service are above their limit"
        pipeline.request(alert(id=f"{service}-1", service=service, title=title))
        pipeline.settle()
    title = "Errors of the search service are above their limit"
    pipeline.request(alert(id="search-1", service="search", title=title, status="resolved"))
    pipeline.request(alert(service="down", title="All is down", severity="CRITICAL"))
    pipeline.request(json.dumps({"weird": {"shape": [1, 2]}, "level": "bad"}))
    pipeline.settle()


def _troubles(pipeline: Town) -> None:
    """Claude refuses for now, and so does Slack: waits, of both lanes."""
    _control("ANTHROPIC_BASE_URL", {"fail": {"mode": "529"}})
    pipeline.request(alert(service="unanalysed", title="Latency of the unanalysed service"))
    pipeline.settle(20)
    _control("ANTHROPIC_BASE_URL", {"fail": None})
    _control("SLACK_API_URL", {"fail": {"mode": "500"}})
    pipeline.request(alert(service="unshown", title="Latency of the unshown service"))
    pipeline.settle(20)


def _storm(pipeline: Town) -> None:
    """More new problems in a minute than have cards."""
    _control("SLACK_API_URL", {"fail": None})
    for name in ("alpha", "beta", "gamma", "delta"):
        pipeline.request(alert(service=name, title=f"Pod of {name} crashes", source="stormy"))
        pipeline.settle(1)
    pipeline.settle(20)


def _troubled(pipeline: Town) -> None:
    """Once more at the end, so that what waits is left in the tables."""
    _control("SLACK_API_URL", {"fail": {"mode": "500"}})
    _control("ANTHROPIC_BASE_URL", {"fail": {"mode": "529"}})
    pipeline.request(alert(service="last", title="Throughput of the last service fell"))
    pipeline.settle(10)
    _control("SLACK_API_URL", {"fail": None})
    _control("ANTHROPIC_BASE_URL", {"fail": None})


def _control(variable: str, order: Mapping[str, Any]) -> None:
    url = os.environ[variable].removesuffix("/api/") + "/control"
    wanted = urllib.request.Request(url, json.dumps(order).encode(), method="POST")
    urllib.request.urlopen(wanted).close()


def _shape(value: Any) -> set[str]:
    """The names in a document, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(_shape, value.values()))
    return set().union(*map(_shape, value)) if isinstance(value, list) else set()


def _written(found: Mapping[str, Any]) -> str:
    """An item and a message a line, so that a reader finds them."""
    lines = [f'"{name}": {json.dumps(found[name])}' for name in ("version", "at", "commands")]
    for part in ("messages", "tables"):
        groups = [
            f"{json.dumps(name)}: [\n{_lines(members)}\n]" for name, members in found[part].items()
        ]
        lines.append(f'"{part}": {{\n{",\n".join(groups)}\n}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(members: Any) -> str:
    each = members.values() if isinstance(members, dict) else members
    return ",\n".join(json.dumps(one, sort_keys=True, ensure_ascii=True) for one in each)


def main() -> None:
    """Record the version on the path."""
    (name,) = sys.argv[1:]
    with contextlib.redirect_stderr(sys.stderr):
        found = record(name)
    path = GOLDEN / f"{name}.json"
    path.write_text(_written(found))
    PREVIOUS.write_text(json.dumps({"version": name, "readers": readers()}, sort_keys=True) + "\n")
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n{found['commands']}\n")


if __name__ == "__main__":
    main()

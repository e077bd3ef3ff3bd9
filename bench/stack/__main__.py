"""``python -m bench.stack``: throughput and delays on the local stack; ``make bench`` calls it."""

import argparse
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import quantiles

from bench.stack import BACKLOG_SECONDS, CLAUDE_SECONDS, recording, senders
from e2e.payloads import problem, word
from e2e.pipeline import Pipeline, by_clients, started, wait_until
from local_stack import layout

#: Problems that are known before anything is measured.
KNOWN = 20
WARM_UP = 60


@dataclass(frozen=True)
class Found:
    """What one run found."""

    alerts: int
    #: Alerts a second until their cards stand in Slack, of ours and of the ceiling.
    ours: float
    ceiling: float
    #: Requests that one alert costs, alone, of AWS and Slack; without receiving and deleting.
    requests: int
    #: Alerts a second, and the seconds until the card of 50 and 95 of 100 and of the last one.
    steady_rate: float
    steady_alerts: int
    median: float
    p95: float
    longest: float

    @property
    def share(self) -> float:
        """Our throughput as a part of the ceiling."""
        return self.ours / self.ceiling


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stack", description=__doc__)
    parser.add_argument("--alerts", type=int, default=300, help="for each throughput (300)")
    parser.add_argument("--seconds", type=int, default=60, help="of steady sending (60)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    found = measure(chosen.alerts, chosen.seconds)
    print(json.dumps({**asdict(found), "share": found.share}) if chosen.json else table(found))


def measure(alerts: int, seconds: int) -> Found:
    """Start a stack, measure, and remove it; progress goes to standard error."""
    with (
        tempfile.TemporaryDirectory() as folder,
        redirect_stdout(sys.stderr),
        started(Path(folder)) as pipeline,
    ):
        return _measure(pipeline, alerts, seconds)


def table(found: Found) -> str:
    """For people."""
    return "\n".join(
        [
            f"Local stack, {found.alerts} alerts of known problems, each an incident of its own",
            "functions                              alerts/s  ratio",
            f"the same requests, fixed ({found.requests} an alert) {found.ceiling:>10.1f}   1.00",
            f"ours {found.ours:>42.1f}   {found.share:.2f}",
            "",
            f"New problems, {found.steady_rate:.1f} a second for {found.steady_alerts} alerts, "
            f"Claude takes {CLAUDE_SECONDS} s",
            "from 202 to the card        s",
            f"median                   {found.median:>4.2f}",
            f"95 of 100 below          {found.p95:>4.2f}",
            f"longest                  {found.longest:>4.2f}",
        ]
    )


def _measure(pipeline: Pipeline, alerts: int, seconds: int) -> Found:
    _learn(pipeline)
    body = _elsewhere()
    print("Recording our requests")
    requests = recording.record(pipeline, lambda: next(body))
    print("Measuring ours")
    ours = _warm_throughput(pipeline, body, alerts)
    rate = ours / 2
    print(f"Sending {rate:.1f} new problems a second")
    waited = _steady(pipeline, rate, round(rate * seconds))
    print("Measuring the ceiling")
    _replace_functions(pipeline, requests)
    ceiling = _warm_throughput(pipeline, body, alerts)
    percent = quantiles(waited, n=100, method="inclusive")
    return Found(
        alerts=alerts,
        ours=ours,
        ceiling=ceiling,
        requests=sum(len(sizes[1]) for sizes in requests.values()),
        steady_rate=rate,
        steady_alerts=len(waited),
        median=percent[49],
        p95=percent[94],
        longest=waited[-1],
    )


def _learn(pipeline: Pipeline) -> None:
    bodies = [_known(number) for number in range(KNOWN)]
    alert_ids = by_clients(4, pipeline.accept, bodies)
    wait_until(
        lambda: [one.analysis.is_fallback for one in pipeline.incidents(alert_ids).values()],
        lambda fallbacks: len(fallbacks) == KNOWN and not any(fallbacks),
        120,
    )
    pipeline.idle()


def _elsewhere() -> Iterator[bytes]:
    """The known problems, each time in another account: another incident, the same analysis."""
    for number in count(1):
        alert = json.loads(_known(number % KNOWN))
        yield json.dumps({**alert, "account": f"{number:012}"}).encode()


def _known(number: int) -> bytes:
    # One environment, within which analyses are shared, and one severity: a worse one deserves a
    # better model, which would be asked once more.
    alert = json.loads(problem("known", number, severity="MEDIUM"))
    return json.dumps({**alert, "environment": "prod"}).encode()


def _warm_throughput(pipeline: Pipeline, body: Iterator[bytes], alerts: int) -> float:
    senders.throughput(pipeline, [next(body) for _ in range(WARM_UP)])
    pipeline.idle()
    return senders.throughput(pipeline, [next(body) for _ in range(alerts)])


def _steady(pipeline: Pipeline, rate: float, alerts: int) -> list[float]:
    pipeline.idle()
    pipeline.claude(delay=CLAUDE_SECONDS)
    accepted = senders.steadily(pipeline, rate, [_new(number) for number in range(alerts)])
    found = senders.delays(pipeline, accepted)
    pipeline.claude(delay=0)
    # What Claude kept waiting is asked for first; of a quick machine that is a thousand requests.
    pipeline.idle(BACKLOG_SECONDS)
    return found


def _new(number: int) -> Callable[[], bytes]:
    return lambda: problem(f"steady {word(number)}", number, at=datetime.now(UTC))


def _replace_functions(pipeline: Pipeline, requests: recording.Requests) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as packed:
        packed.write(Path(__file__).with_name("ceiling.py"), "app.py")
        packed.writestr("requests.txt", repr(requests))
    functions = pipeline.client("lambda")
    for name in recording.DEPLOYED.values():
        function = f"{layout.STACK_NAME}-{name}"
        version = functions.update_function_code(
            FunctionName=function, ZipFile=package.getvalue(), Publish=True
        )["Version"]
        functions.update_alias(FunctionName=function, Name="live", FunctionVersion=version)


if __name__ == "__main__":
    main()

"""The model beside a measured run of the local stack (``python -m bench.stack --json``).

One number is fitted, to the throughput alone: the seconds that one request takes of a processor.
With it the delays of the steady run are predicted, which the fit has not seen. How much the machine
does at once is not known: ``__main__`` tries one thing, and as many as it has processors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.capacity import times
from bench.capacity.model import at_once, steadily
from bench.capacity.values import Mix, Run, Settings, percentile
from bench.capacity.work import Work
from bench.stack import CLIENTS

#: What samconfig.toml has for the local stack; nothing is paced or held there.
LOCAL = Settings(
    reception=1_000, processing=2, analysis=4, distribution=2, rate=1e9, burst=10**9,
    pace=0, storm=0, throttle=0,
)  # fmt: skip
KNOWN, UNKNOWN = Mix(new=1, fresh=0, critical=0), Mix(new=1, fresh=1, critical=0)
_HALVINGS = 20
_LEAST, _MOST = 1e-6, 1.0


@dataclass(frozen=True)
class Checked:
    """Fitted and predicted beside measured; ratios are predicted by measured."""

    processors: int
    request: float
    throughput: float
    fitted: float
    median: float
    predicted_median: float
    p95: float
    predicted_p95: float

    @property
    def ratio_median(self) -> float:
        """Of the medians."""
        return self.predicted_median / self.median

    @property
    def ratio_p95(self) -> float:
        """Of the 95th percentiles."""
        return self.predicted_p95 / self.p95


def check(work: Work, measured: Mapping[str, Any], processors: int) -> Checked:
    """Fit to ``ours``; predict ``median`` and ``p95`` at ``steady_rate``."""
    request = fit(work, measured["ours"], measured["alerts"], processors)
    took = times.local(work, request, processors)
    run = steadily(measured["steady_rate"], measured["steady_alerts"], took, LOCAL, UNKNOWN)
    return Checked(
        processors=processors,
        request=request,
        throughput=measured["ours"],
        fitted=throughput(work, request, measured["alerts"], processors),
        median=measured["median"],
        predicted_median=percentile(run.cards, 50),
        p95=measured["p95"],
        predicted_p95=percentile(run.cards, 95),
    )


def fit(work: Work, rate: float, alerts: int, processors: int) -> float:
    """The seconds of a request with which the model has this throughput, by halving."""
    low, high = _LEAST, _MOST
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        if throughput(work, middle, alerts, processors) > rate:
            low = middle
        else:
            high = middle
    return high


def throughput(work: Work, request: float, alerts: int, processors: int) -> float:
    """Alerts a second from the first request until the last card."""
    took = times.local(work, request, processors)
    run: Run = at_once(CLIENTS, alerts, took, LOCAL, KNOWN)
    return alerts / run.finished

"""The signature: how well it groups labelled texts and alerts, and how fast it is.

Quality is measured where the labelled data and its harness lie beside this repository (or where
``SIGNATURE_DATA`` and ``SIGNATURE_TOOLS`` say). Speed is measured beside plain baselines on those
texts, else on the corpus of our own tests; no pass sees the numbers of an earlier one.
"""

import importlib
import importlib.util
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.imports import REPOSITORY
from responder.alert import Alert, Severity, Status
from responder.signature import normalise, signature

SHARED = REPOSITORY.parent / "shared"
DATA = Path(os.environ.get("SIGNATURE_DATA", SHARED / "data" / "signature"))
TOOLS = Path(os.environ.get("SIGNATURE_TOOLS", SHARED / "tools"))
CORPUS = REPOSITORY / "tests" / "corpus" / "signature"
PASSES = 5
#: Each of the corpus' few lines stands for many: with other numbers, each time.
COPIES = 40
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Quality:
    """How the signatures of one data set compare with its true groups.

    ``accuracy`` is the share of messages whose group is exact, ``f1`` counts groups instead,
    ``signatures`` is per true group, and ``wrong`` the share that is served another's analysis.
    """

    dataset: str
    accuracy: float
    f1: float
    signatures: float
    wrong: float


@dataclass(frozen=True)
class Speed:
    """Texts (or alerts) a second on one core; ``ratio`` is in units of the first of its kind."""

    name: str
    per_second: float
    ratio: float


def quality() -> list[Quality]:
    """Of every data set; empty where there is none."""
    harness = _module("signature_eval")
    if harness is None:
        return []
    found = []
    for path in sorted(DATA.glob("*.gz")):
        name, items, truth = harness.load(str(path), "group")
        keys = [signature(_alert(harness.as_alert(item, name))).key for item in items]
        score = harness.score(truth, keys)
        found.append(
            Quality(name, score["GA"], score["FGA"], score["excess"], score["wrong"]),
        )
    return found


def speed() -> list[Speed]:
    """Of texts beside the baselines, then of whole alerts."""
    texts, alerts = _material()
    methods: dict[str, Callable[[str], object]] = {
        "masking digits alone": lambda text: DIGITS.sub("0", text),
        "normalise": normalise,
    }
    baselines = _module("signature_baselines")
    if baselines is not None:
        methods = {"Sentry-like masks": baselines.sentry_like, **methods}
        if importlib.util.find_spec("drain3"):
            methods["Drain3 with its masks"] = baselines.drain3_example()
    rates = {name: _rate(method, texts) for name, method in methods.items()}
    unit = next(iter(rates.values()))
    found = [Speed(name, rate, rate / unit) for name, rate in rates.items()]
    whole = _rate(signature, alerts)
    return [*found, Speed("signature of whole alerts", whole, whole / unit)]


def _material() -> tuple[list[list[str]], list[list[Alert]]]:
    """Texts and alerts of each pass."""
    harness = _module("signature_eval")
    logs = sorted(DATA.glob("*.csv.gz"))
    stream = DATA / "stream_0.jsonl.gz"
    if harness is None or not logs or not stream.exists():
        lines = [line for file in CORPUS.rglob("*.txt") for line in file.read_text().splitlines()]
        texts = [_turned(line, number) for line in lines if line for number in range(COPIES)]
        given = [{"title": "Corpus", "message": text, "labels": {}} for text in texts]
        return _passes(texts), [[_alert(one) for one in given]] * PASSES
    items = [item for path in logs for item in harness.load(str(path), "group")[1]]
    alerts = harness.load(str(stream), "group")[1]
    fresh = [[_alert(harness.fresh(one, turn)) for one in alerts] for turn in range(PASSES)]
    return _passes(items), fresh


def _passes(texts: Sequence[str]) -> list[list[str]]:
    distinct = list(dict.fromkeys(texts))
    return [[_turned(text, turn) for text in distinct] for turn in range(PASSES)]


def _turned(text: str, turn: int) -> str:
    """The text with other digits, and one more word that no other pass has."""
    digits = "".join(str((digit + turn) % 10) for digit in range(10))
    return text.translate(str.maketrans("0123456789", digits)) + f" pass{chr(97 + turn % 26)}"


def _rate(method: Callable[[Any], object], passes: Iterable[Sequence[Any]]) -> float:
    """The median of the passes."""
    rates = []
    for given in passes:
        begun = time.perf_counter()
        for one in given:
            method(one)
        rates.append(len(given) / (time.perf_counter() - begun))
    return statistics.median(rates)


def _alert(given: Mapping[str, Any]) -> Alert:
    labels = dict(given["labels"])
    return Alert(
        alert_id="al-bench",
        source=given.get("source", "bench"),
        fingerprint="bench",
        title=given["title"],
        message=given["message"],
        severity=Severity.HIGH,
        status=Status.FIRING,
        event_at=NOW,
        received_at=NOW,
        rule=labels.get("alertname", ""),
        service=given.get("service", ""),
        labels=labels,
    )


def _module(name: str) -> Any:  # noqa: ANN401 - a module is typed by its attributes
    """A module of the harness, or None where it is absent."""
    if not (TOOLS / f"{name}.py").exists():
        return None
    if str(TOOLS) not in sys.path:
        sys.path.append(str(TOOLS))
    return importlib.import_module(name)

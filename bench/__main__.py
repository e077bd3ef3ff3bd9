"""``python -m bench``: measure and print, as tables or with ``--json``; ``make bench`` calls it."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import added, coldstart, cpu, intake, signatures, sizes
from bench.cost import prices
from bench.load import functions, handlers
from bench.tables import table

PACKAGES = ("boto3", "pydantic", "aws-lambda-powertools", "slack_sdk", "anthropic")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    chosen = parser.parse_args()
    found = measure()
    if chosen.json:
        json.dump(found, sys.stdout, indent=2)
        print()
        return
    print(
        "\n\n".join(
            [
                _about(found),
                _starts(found),
                _own(found),
                _firsts(found),
                _reading(found),
                _costs(found),
                _load(found),
                _rendering(found),
                _silences(found),
                _added(found),
                _prompts(found),
                _signatures(found),
                _packages(found),
            ]
        )
    )


def measure() -> dict[str, Any]:
    """Everything, as JSON has it."""
    return {
        "machine": _machine(),
        "versions": {name: version(name) for name in PACKAGES},
        "starts": [asdict(one) for one in coldstart.measure()],
        "first_requests": [
            {**asdict(one), "seconds": one.seconds} for one in coldstart.first_requests()
        ],
        "reading": [
            {**asdict(one), "ratio": one.ratio, "per_second": one.per_second}
            for one in intake.measure()
        ],
        "reading_megabytes": intake.memory(),
        "costs": {
            name: {**asdict(cost), "ratios": cost.ratios()} for name, cost in cpu.measure().items()
        },
        "load": {
            name: {**asdict(load), "whole": load.whole} for name, load in handlers.measure().items()
        },
        "reception": asdict(handlers.reception()),
        "repeat_log": handlers.repeat_log(),
        "rendering": asdict(cpu.rendering()),
        "silences": cpu.silencing(),
        "added": asdict(added.measure()),
        "prompts": added.prompts(),
        "signature_quality": [asdict(one) for one in signatures.quality()],
        "signature_speed": [asdict(one) for one in signatures.speed()],
        "architecture": sizes.architecture(),
        "packages": [asdict(one) for one in sizes.measure()],
    }


def _machine() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": f"{os.cpu_count()} x {_processor()}",
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _about(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    machine = found["machine"]
    return f"Python {machine['python']}, {machine['system']}, {machine['processors']}\n{versions}"


def _starts(found: Mapping[str, Any]) -> str:
    rows = [
        (
            one["name"],
            f"{one['least']:.0f}",
            f"{one['least_ratio']:.2f}",
            f"{one['median']:.0f}",
            f"{one['median_ratio']:.2f}",
            str(one["modules"]),
            f"{one['code_megabytes']:.1f}",
            str(one["folders"]),
            f"{one['peak_megabytes']:.0f}",
            f"{one['package_megabytes']:.1f}" if one["package_megabytes"] else "-",
        )
        for one in found["starts"]
    ]
    head = (
        *("cold start of", "least ms", "ratio", "median", "ratio", "modules", "source MB"),
        *("folders listed", "peak MB", "unpacked MB"),
    )
    title = f"Processor time of a start in a fresh process, as built, {coldstart.ROUNDS} in turns"
    return f"{title}\n{table(head, rows)}"


def _own(found: Mapping[str, Any]) -> str:
    lines = [
        f"{one['name']}: " + ", ".join(f"{name} {took:.0f}" for name, took in one[part].items())
        for one in found["starts"]
        for part in ("packages", "modules_own")
        if one[part]
    ]
    title = "What dominates, in ms beyond the bare client's imports: by package, by single import"
    return "\n".join((title, *lines))


def _firsts(found: Mapping[str, Any]) -> str:
    rows = [
        (one["name"], f"{one['milliseconds']:.0f}", f"{one['seconds']:.2f}")
        for one in found["first_requests"]
    ]
    head = ("first request to", "cpu ms", f"s at {prices.MEMORY['reception']} MB")
    return f"Reception's first request after its start\n{table(head, rows)}"


def _reading(found: Mapping[str, Any]) -> str:
    rows = [
        (
            one["name"],
            f"{one['bytes']:,}",
            f"{one['json_loads']:.1f}",
            f"{one['parse']:.1f}",
            f"{one['ratio']:.1f}",
            f"{one['per_second']:,.0f}",
        )
        for one in found["reading"]
    ]
    head = ("request", "bytes", "json.loads us", "parse us", "ratio", "alerts/s")
    most = f"{intake.MOST:,} alerts in one request: {found['reading_megabytes']:.0f} MB at most"
    return f"Reading requests on one core\n{table(head, rows)}\n{most}"


def _costs(found: Mapping[str, Any]) -> str:
    rows = [
        (
            sample,
            f"{cost['json_loads']:.1f}",
            *(f"{cost[step]:.0f} ({ratio:.0f})" for step, ratio in cost["ratios"].items()),
        )
        for sample, cost in found["costs"].items()
    ]
    head = ("sample", "json.loads", "parse", "signature", "opened", "repeated", "render")
    title = "Processor time of one alert in microseconds (in units of json.loads of its body)"
    return f"{title}\n{table(head, rows)}"


def _load(found: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            *(f"{microseconds:.0f}" for microseconds in load["microseconds"].values()),
            f"{load['whole']:.0f}",
            f"{load['whole'] / load['json_loads']:.0f}",
            f"{1e6 / load['whole']:,.0f}",
            f"{sum(load['log'].values()):,.0f}",
        )
        for name, load in found["load"].items()
    ]
    head = ("mix", *functions.NAMES, "all three", "ratio", "alerts/s", "log bytes")
    title = "Load on one core: microseconds of processor time of one alert, by function"
    one, hundred = found["reception"]["one"], found["reception"]["hundred"]
    warm = (
        f"A warm reception: {one:.2f} ms for one alert, {hundred:.1f} ms for a hundred in a request"
    )
    logs = ", ".join(f"{size:,.0f} bytes {how}" for how, size in found["repeat_log"].items())
    return f"{title}\n{table(head, rows)}\n{warm}\nThe log of a repeat: {logs}"


def _rendering(found: Mapping[str, Any]) -> str:
    one = found["rendering"]
    unit = one["json_dumps"]
    rows = [
        (name, f"{one[key]:.0f}", f"{one[key] / unit:.1f}")
        for name, key in (
            ("json.dumps of the card, median", "json_dumps"),
            ("render, median", "median"),
            ("render, 95 of 100 below", "slow"),
        )
    ]
    title = f"Cards of {cpu.INCIDENTS:,} random hostile incidents, microseconds of processor time"
    return f"{title}\n{table(('step', 'us', 'ratio'), rows)}"


def _silences(found: Mapping[str, Any]) -> str:
    rows = [(written, f"{us:.0f}") for written, us in found["silences"].items()]
    title = f"Is an incident silenced, by {cpu.SILENCES:,} active silences of one form"
    return f"{title}\n{table(('form', 'us'), rows)}"


def _added(found: Mapping[str, Any]) -> str:
    one = found["added"]
    rows = [
        (name, f"{one[key]:.1f}", f"{one[key] / one['trip']:.1f}")
        for name, key in (
            ("one call of the store", "trip"),
            ("added, median", "median"),
            ("added, 95 of 100 below", "slow"),
            ("of it processor time", "cpu"),
        )
    ]
    title = "Added to Claude's own time, from the analysis message to the announced result"
    calls = ", ".join(f"{number:g} {name}" for name, number in one["calls"].items())
    return f"{title}\n{table(('step', 'ms', 'ratio'), rows)}\neach: {calls}"


def _prompts(found: Mapping[str, Any]) -> str:
    one = found["prompts"]
    rows = [(name, f"{tokens:.0f}") for name, tokens in one.items()]
    title = "Prompts, instructions and schema included, at four bytes a token"
    return f"{title}\n{table(('prompt', 'tokens'), rows)}"


def _signatures(found: Mapping[str, Any]) -> str:
    rates = [
        (one["name"], f"{one['per_second']:,.0f}", f"{one['ratio']:.1f}")
        for one in found["signature_speed"]
    ]
    speed = f"Signatures on one core\n{table(('method', 'a second', 'ratio'), rates)}"
    rows = [
        (
            one["dataset"],
            f"{one['accuracy']:.3f}",
            f"{one['f1']:.3f}",
            f"{one['signatures']:.2f}",
            f"{one['wrong']:.4f}",
        )
        for one in found["signature_quality"]
    ]
    if not rows:
        return f"{speed}\nNo labelled data here (SIGNATURE_DATA, SIGNATURE_TOOLS): no quality."
    head = ("data", "accuracy", "f1", "signatures/group", "wrong")
    return f"{speed}\n\nSignatures against true groups\n{table(head, rows)}"


def _packages(found: Mapping[str, Any]) -> str:
    if not found["packages"]:
        return "Nothing is built; make build, or make demo, builds what is deployed."
    rows = [
        (one["name"], f"{one['megabytes']:.3f}", str(one["files"])) for one in found["packages"]
    ]
    title = f"What is deployed, built for {found['architecture']}"
    return f"{title}\n{table(('package', 'MB', 'files'), rows)}"


if __name__ == "__main__":
    main()

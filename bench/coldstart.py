"""Cold starts as Lambda has them: from what is deployed, with its compiled files, and boto3 beside.

A process sees the package of its function, the layers, and boto3, which Lambda brings; nothing else
of this environment. Processor time is compared, in turns, with the start of a bare boto3 client.
"""

import json
import statistics
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import imports, sizes
from bench.cost import prices
from bench.imports import Start
from local_stack import building, layout
from local_stack.loopback import Reply, Request, Server, json_reply

UNIT = "boto3 + client('sqs')"
ROUNDS = 15
#: Packages, and single imports, that are told of a start.
TOLD = 8
LAYERS = ("ResponderLayer", "DependenciesLayer")
#: Lambda's own, and what it needs.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
PACKAGES: Mapping[str, str] = {
    "reception": "AlertReceptionFunction",
    "analysis": "AnalysisFunction",
    "distribution": "DistributionFunction",
    "hook": "DeploymentHookFunction",
    "heartbeat": "HeartbeatFunction",
}


@dataclass(frozen=True)
class First:
    """The first request that a process answers: processor milliseconds, and what Lambda waits.

    ``seconds`` is at the memory that reception has by default, which comes with a share of a
    processor.
    """

    name: str
    milliseconds: float

    @property
    def seconds(self) -> float:
        """The same at that share."""
        return self.milliseconds / 1000 / prices.share("reception")


@dataclass(frozen=True)
class Cold:
    """The starts of one function: processor time in milliseconds, and in units of the bare client.

    ``packages`` and ``modules_own`` say what of it is whose, the dearest first, in milliseconds.
    """

    name: str
    least: float
    median: float
    least_ratio: float
    median_ratio: float
    modules: int
    code_megabytes: float
    folders: int
    peak_megabytes: float
    package_megabytes: float
    packages: Mapping[str, float]
    modules_own: Mapping[str, float]


def measure() -> list[Cold]:
    """All starts, of what is built for this machine, which is brought up to date before."""
    building.build(layout.LOCAL_BUILD, layout.architecture(), lambda _: None)
    with _runtime() as runtime:
        starts = _starts(layout.LOCAL_BUILD, runtime)
        rounds = [
            {name: start(counting=False) for name, start in starts.items()} for _ in range(ROUNDS)
        ]
        counted = {
            name: [start(counting=True) for _ in range(ROUNDS // 3)]
            for name, start in starts.items()
        }
    seconds = {name: [one[name].seconds for one in rounds] for name in starts}
    bare = {name for one in counted[UNIT] for name in one.own}
    return [_cold(name, seconds, counted[name], bare if name != UNIT else set()) for name in starts]


def first_requests() -> list[First]:
    """Reception's first answer, on each route; queue and secret answer at once."""
    server = Server(_aws, 0)
    try:
        with _runtime() as runtime:
            path = _path(layout.LOCAL_BUILD, PACKAGES["reception"], runtime)
            given = {**imports.variables_of("reception"), "AWS_ENDPOINT_URL": server.url}
            return [
                First(name, min(_first(path, given, event) for _ in range(ROUNDS // 3)) * 1000)
                for name, event in _EVENTS.items()
            ]
    finally:
        server.stop()


def _first(path: list[Path], given: Mapping[str, str], event: Mapping[str, object]) -> float:
    context = "type('Context', (), {'aws_request_id': 'r'})"
    then = f"assert app.handler({event!r}, {context})['statusCode'] == 202"
    return imports.start("import app", path, given, alone=True, then=then).seconds_then


def _aws(request: Request) -> Reply:
    """SQS takes whatever comes, and the secret holds one source and one field mapping."""
    if request.headers["x-amz-target"].startswith("secretsmanager."):
        secret = {"tokens": {"mine": _TOKEN}, "mappings": {"shopmon": {"title": "what"}}}
        return json_reply({"Name": "sources", "SecretString": json.dumps(secret)})
    sent = json.loads(request.body)["Entries"]
    answers = [{"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for one in sent]
    return json_reply({"Successful": answers, "Failed": []})


def _event(resource: str, tool: str, body: Mapping[str, object]) -> dict[str, object]:
    return {
        "httpMethod": "POST",
        "resource": resource,
        "pathParameters": {"token": _TOKEN, "tool": tool},
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }


_TOKEN = "t0ken-of-a-monitoring-tool"  # noqa: S105 - opens nothing
_ALERT = {"title": "Disk full on db-1", "severity": "HIGH"}
_EVENTS = {
    "/alerts": {**_event("/alerts", "", _ALERT), "pathParameters": None},
    "/in/{token}/alertmanager": _event(
        "/in/{token}/{tool+}",
        "alertmanager",
        json.loads((imports.REPOSITORY / "events/alertmanager/firing.json").read_text()),
    ),
    "/in/{token}/shopmon, by a field mapping": _event(
        "/in/{token}/{tool+}", "shopmon", {"what": "Disk full on db-1"}
    ),
}


@contextmanager
def _runtime() -> Iterator[Path]:
    """A folder with the packages that Lambda brings."""
    installed = Path(sysconfig.get_paths()["purelib"])
    with tempfile.TemporaryDirectory() as name:
        for package in RUNTIME:
            (Path(name) / package).symlink_to(installed / package)
        yield Path(name)


def _starts(build: Path, runtime: Path) -> dict[str, "partial[Start]"]:
    starts = {UNIT: partial(imports.start, imports.UNIT, [runtime], {}, alone=True)}
    for name, package in PACKAGES.items():
        path = _path(build, package, runtime)
        given = imports.variables_of(name)
        starts[name] = partial(imports.start, imports.statement_of(), path, given, alone=True)
    path, given = _path(build, PACKAGES["analysis"], runtime), imports.variables_of("analysis")
    also = imports.statement_of("anthropic")
    starts["analysis + anthropic"] = partial(imports.start, also, path, given, alone=True)
    return starts


def _path(build: Path, package: str, runtime: Path) -> list[Path]:
    return [build / package, *(build / layer / "python" for layer in LAYERS), runtime]


def _cold(
    name: str, seconds: Mapping[str, Sequence[float]], counted: Sequence[Start], bare: set[str]
) -> Cold:
    mine, unit = seconds[name], seconds[UNIT]
    own = _least(counted, bare)
    packages: dict[str, float] = {}
    for module, took in own.items():
        package = module.partition(".")[0]
        packages[package] = packages.get(package, 0.0) + took
    first = counted[0]
    return Cold(
        name=name,
        least=min(mine) * 1000,
        median=statistics.median(mine) * 1000,
        least_ratio=min(mine) / min(unit),
        median_ratio=statistics.median(mine) / statistics.median(unit),
        modules=len(first.modules),
        code_megabytes=first.code_bytes / 1e6,
        folders=first.folders,
        peak_megabytes=min(one.peak_megabytes for one in counted),
        package_megabytes=_megabytes(PACKAGES.get(name.partition(" ")[0])),
        packages=_dearest(packages),
        modules_own=_dearest(own),
    )


def _least(counted: Sequence[Start], bare: set[str]) -> dict[str, float]:
    """Milliseconds of each import in its fastest round, without those of the bare client."""
    names = counted[0].own.keys() - bare
    return {name: min(one.own[name] for one in counted) * 1000 for name in names}


def _dearest(milliseconds: Mapping[str, float]) -> dict[str, float]:
    told = sorted(milliseconds.items(), key=lambda pair: -pair[1])[:TOLD]
    return {name: took for name, took in told if took >= 1}


def _megabytes(package: str | None) -> float:
    """What Lambda unpacks for a function; the layers only where it has them."""
    if package is None:
        return 0.0
    layers = () if package == PACKAGES["hook"] else LAYERS
    built = {one.name: one.megabytes for one in sizes.of(layout.LOCAL_BUILD)}
    return sum(built[one] for one in (package, *layers))

"""What ``responder tune memory`` reads of Lambda's reports, and what it proposes."""

import json
from base64 import b64encode
from typing import Any

import pytest
from click.testing import CliRunner

from responder_cli.main import cli
from responder_cli.tune.measuring import Failed, Measured, Run, Way, measure, read
from responder_cli.tune.proposing import Size, judged, proposal
from unit.cli.stacks import Client, refusal, stack

TEXT = (
    "START RequestId: r Version: 3\nREPORT RequestId: r\tDuration: 12.34 ms\tBilled Duration: 13 ms"
    "\tMemory Size: 512 MB\tMax Memory Used: 96 MB\tInit Duration: 410.5 ms\t\n"
)
JSON = {
    "time": "…",
    "type": "platform.report",
    "record": {
        "requestId": "r",
        "metrics": {
            "durationMs": 12.34,
            "billedDurationMs": 13,
            "memorySizeMB": 512,
            "maxMemoryUsedMB": 96,
            "initDurationMs": 410.5,
        },
    },
}


@pytest.mark.parametrize("log", [TEXT, f'{{"message": "x"}}\n{json.dumps(JSON)}\n'])
def test_a_report_is_read_as_text_and_as_json(log: str) -> None:
    assert read(log) == Run(12.34, 13, 96, 410.5)


def test_a_warm_run_has_no_start() -> None:
    assert read(TEXT.replace("\tInit Duration: 410.5 ms", "")).init == 0


@pytest.mark.parametrize("log", ["", "REPORT RequestId: r", "{}"])
def test_without_figures_nothing_is_made_up(log: str) -> None:
    with pytest.raises(Failed, match="no figures"):
        read(log)


def test_a_size_is_judged_by_its_warm_runs_and_priced_by_what_is_billed() -> None:
    runs = (Run(30, 440, 90, 400), Run(10, 10, 90), Run(12, 12, 95), Run(50, 50, 91))
    found = judged(Measured(1024, runs), "arm64")
    assert (found.cold, found.warm, found.slowest, found.used) == (430, 12, 50, 95)
    assert found.usd_per_million == pytest.approx(0.012 * 0.0000133334 * 1_000_000 + 0.2)
    assert judged(Measured(1024, runs), "x86_64").usd_per_million > found.usd_per_million


def size(mb: int, warm: float, usd: float, used: int = 90) -> Size:
    return Size(mb, 500, warm, warm, used, usd)


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([size(256, 40, 1.0), size(512, 20, 1.09), size(1024, 10, 1.2)], 512),
        ([size(256, 40, 1.0), size(512, 39, 2.0)], 256),
        ([size(128, 40, 0.5, used=110), size(256, 40, 1.0)], 256),
        ([size(256, 40, 1.0), size(512, 40, 1.0)], 256),
        ([size(128, 40, 0.5, used=110)], None),
    ],
)
def test_the_fastest_that_costs_hardly_more_than_the_cheapest_is_proposed(
    sizes: list[Size], chosen: int | None
) -> None:
    best = proposal(sizes)
    assert (best.size if best else None) == chosen


LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:it-responder:3"
#: Calls that change no function.
READS = (
    "get_function",
    "get_function_configuration",
    "get_layer_version_by_arn",
    "get_waiter",
)


class Lambda(Client):
    """Lambda that remembers what was done to which function, and fails where it is told to."""

    def __init__(self, failing: bool = False, gone: str = "") -> None:
        live = {
            "Configuration": {
                "Runtime": "python3.13", "Role": "arn:role", "Handler": "app.handler",
                "Timeout": 75, "Architectures": ["arm64"], "MemorySize": 1769,
                "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "g"},
                "Environment": {"Variables": {"STACK_NAME": "it"}}, "Layers": [{"Arn": LAYER}],
            },
            "Code": {"Location": "data:,code"},
        }  # fmt: skip
        log = b64encode(json.dumps(JSON).encode()).decode()
        invoked: dict[str, Any] = {"LogResult": log}
        if failing:
            invoked = {"FunctionError": "Unhandled", "Payload": Said()}

        def layer(Arn: str) -> dict[str, Any]:
            if gone:
                raise refusal(gone)
            return {"Content": {"Location": "data:,layer"}}

        super().__init__(
            {
                "get_function": live,
                "get_layer_version_by_arn": layer,
                "get_function_configuration": live["Configuration"],
                "get_waiter": Client({"wait": None}),
                "delete_function": {},
                "create_function": {},
                "update_function_configuration": {},
                "invoke": invoked,
            }
        )

    def changed(self) -> list[str]:
        """The functions that anything was done to."""
        return [options["FunctionName"] for name, options in self.calls if name not in READS]


class Said:
    def read(self) -> bytes:
        return b"boom \x1b[2J"


def test_only_a_copy_is_touched_and_it_is_gone_afterwards() -> None:
    client = Lambda()
    way = Way("AnalysisFunction", (256, 512), 2)
    found = list(measure(stack({}, {"lambda": client}), way, lambda: None))
    assert [(one.size, len(one.runs)) for one in found] == [(256, 3), (512, 3)]
    assert set(client.changed()) == {"it-tune-AnalysisFunction"}
    assert client.calls[-1][0] == "delete_function"
    (made,) = client.asked("create_function")
    assert made["Code"] == {"ZipFile": b"code"}
    assert made["Layers"] == [LAYER]
    assert made["Environment"] == {"Variables": {"STACK_NAME": "it"}}
    (asked,) = client.asked("get_function")
    assert asked["Qualifier"] == "live"


def test_a_copy_that_fails_is_deleted_and_says_why_safely() -> None:
    client = Lambda(failing=True)
    target = stack({}, {"lambda": client})
    words = ["tune", "memory", "analysis", "--yes"]
    done = CliRunner().invoke(cli, words, obj=lambda *_: target)
    assert (done.exit_code, "the function fails: boom" in done.output) == (1, True)
    assert "\x1b" not in done.output
    assert client.calls[-1][0] == "delete_function"


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException"])
def test_no_copy_is_made_with_a_layer_that_a_deployment_deleted_and_what_to_do_is_told(
    code: str,
) -> None:
    client = Lambda(gone=code)
    target = stack({}, {"lambda": client})
    words = ["tune", "memory", "analysis", "--yes"]
    done = CliRunner().invoke(cli, words, obj=lambda *_: target)
    assert done.exit_code == 1
    assert "it-responder:3" in done.stderr
    assert "scripts/responder rollback --undo --stack it" in done.stderr
    assert client.changed() == []


@pytest.mark.parametrize(("words", "answer"), [(["--dry-run"], ""), ([], "n\n")])
def test_nothing_is_made_before_a_yes(words: list[str], answer: str) -> None:
    client = Lambda()
    target = stack({}, {"lambda": client})
    done = CliRunner().invoke(
        cli, ["tune", "memory", "distribution", *words], obj=lambda *_: target, input=answer
    )
    assert "posts a line to the test channel" in done.stderr
    assert client.changed() == []


def test_a_dry_run_as_json_is_one_document_with_nothing_measured() -> None:
    target = stack({}, {"lambda": Lambda()})
    words = ["tune", "memory", "analysis", "--dry-run", "--json"]
    done = CliRunner().invoke(cli, words, obj=lambda *_: target)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"now": 1769, "proposal": None, "sizes": []}


@pytest.mark.parametrize("sizes", ["64", "10241", "many", ""])
def test_sizes_that_lambda_does_not_take_are_wrong_usage(sizes: str) -> None:
    done = CliRunner().invoke(cli, ["tune", "memory", "analysis", "--sizes", sizes])
    assert done.exit_code == 2

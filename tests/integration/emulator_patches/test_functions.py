"""Functions: their processes, their code, and what who invokes them is told."""

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from integration.emulator_patches.asking import Client, eventually

ONLY_THE_FIRST_STARTS = """
import os, pathlib, time
begun = pathlib.Path(os.environ["BEGUN"])
if begun.exists():
    os._exit(1)
def handler(event, context):
    begun.touch()
    time.sleep(4)
    return "not disturbed"
"""

TWO_AT_ONCE = """
import os, pathlib, time
met = pathlib.Path(os.environ["MET"])
def handler(event, context):
    (met / str(os.getpid())).touch()
    while len(list(met.iterdir())) < 2:
        time.sleep(0.01)
    return os.getpid(), os.path.realpath(__file__)
"""


def test_a_process_that_dies_at_its_start_ends_no_other(
    client: Client, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    functions, begun = client("lambda"), tmp_path / "begun"
    variables = {"BEGUN": str(begun)}
    create(functions, outputs, "only-the-first-starts", ONLY_THE_FIRST_STARTS, variables)

    def invoke() -> Any:
        answer = functions.invoke(FunctionName="only-the-first-starts")
        return json.load(answer["Payload"])

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(invoke)
        assert eventually(begun.exists)
        assert "errorMessage" in invoke()
        assert first.result() == "not disturbed"


def test_all_processes_of_a_function_have_their_code_from_one_place(
    client: Client, outputs: Mapping[str, str], tmp_path: Path
) -> None:
    functions = client("lambda")
    create(functions, outputs, "two-at-once", TWO_AT_ONCE, {"MET": str(tmp_path)})

    def invoke() -> Any:
        return json.load(functions.invoke(FunctionName="two-at-once")["Payload"])

    with ThreadPoolExecutor(2) as pool:
        (one, its_code), (other, others_code) = (
            found.result() for found in [pool.submit(invoke) for _ in range(2)]
        )
    assert one != other
    assert its_code == others_code


def test_who_invokes_is_told_the_report(client: Client, outputs: Mapping[str, str]) -> None:
    answer = client("lambda").invoke(
        FunctionName=outputs["FunctionName"], LogType="Tail", Payload='{"Records": []}'
    )
    *_, report = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert report.startswith("REPORT RequestId: ")
    assert "Max Memory Used: " in report


def test_code_is_told_to_be_where_the_emulator_serves_it(
    client: Client, outputs: Mapping[str, str]
) -> None:
    """``test_cli_on_emulator`` follows the address."""
    found = client("lambda").get_function(FunctionName=outputs["FunctionName"])
    assert found["Code"]["Location"].startswith("https://")


def create(
    functions: Any,
    outputs: Mapping[str, str],
    name: str,
    code: str,
    variables: Mapping[str, str],
) -> None:
    role = functions.get_function_configuration(FunctionName=outputs["FunctionName"])["Role"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", code)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role,
        Timeout=20,
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": dict(variables)},
    )

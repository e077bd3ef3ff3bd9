"""``tune memory`` and ``rollback`` on an emulator's real functions, versions and aliases."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bare_emulator import emulated
from local_stack import deploying
from responder_cli.aws import FUNCTIONS, Stack
from responder_cli.main import cli
from unit.cli.stacks import Client

HANDLER = "def handler(event, context):\n    return {'version': context.function_version}\n"


class House:
    """Three functions with an alias each, at the version that was asked for."""

    def __init__(self, functions: Any) -> None:
        self.functions = functions
        described = Client({"describe_stacks": {"Stacks": [{"Outputs": []}]}})
        clients = {"lambda": functions, "cloudformation": described}
        self.stack = Stack("it", clients.__getitem__)

    def make(self, iam: Any) -> None:
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                "Action": "sts:AssumeRole"}]}  # fmt: skip
        role = iam.create_role(RoleName="it", AssumeRolePolicyDocument=json.dumps(trust))
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", HANDLER)
        for short in FUNCTIONS:
            self.functions.create_function(
                FunctionName=f"it-{short}",
                Runtime="python3.13",
                Handler="app.handler",
                Role=role["Role"]["Arn"],
                Code={"ZipFile": code.getvalue()},
                Publish=True,
            )
            self.functions.create_alias(
                FunctionName=f"it-{short}", Name="live", FunctionVersion="1"
            )

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, [*words], obj=lambda *_: self.stack)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with emulated(tmp_path_factory) as emulator, pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(emulator.bundle))
        house = House(deploying.client("lambda", emulator.endpoint, emulator.bundle))
        house.make(deploying.client("iam", emulator.endpoint, emulator.bundle))
        yield house


def test_sizes_are_measured_on_a_copy_that_is_gone_afterwards(house: House) -> None:
    done = house.run(
        "tune", "memory", "analysis", "--sizes", "256,512", "--times", "2", "--yes", "--json"
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["size"] for one in told["sizes"]] == [256, 512]
    names = [one["FunctionName"] for one in house.functions.list_functions()["Functions"]]
    assert sorted(names) == sorted(f"it-{short}" for short in FUNCTIONS)

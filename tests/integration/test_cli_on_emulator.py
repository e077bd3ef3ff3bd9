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
from unit.cli.stacks import Client, refusal

HANDLER = "def handler(event, context):\n    return {'version': context.function_version}\n"


class House:
    """Three functions with an alias each, at the version that was asked for."""

    def __init__(self, functions: Any) -> None:
        self.functions = functions

        def no_codedeploy(**_: object) -> None:
            raise refusal("ValidationError")

        described = Client(
            {
                "describe_stacks": {"Stacks": [{"Outputs": []}]},
                "describe_stack_resource": no_codedeploy,
            }
        )
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

    def answered(self) -> set[str]:
        """The versions that the traffic goes to."""
        return {self._asked(f"it-{short}") for short in FUNCTIONS}

    def _asked(self, name: str) -> str:
        answer = self.functions.invoke(FunctionName=name, Qualifier="live", Payload="{}")
        return str(json.load(answer["Payload"])["version"])

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, [*words], obj=lambda *_: self.stack)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with emulated(tmp_path_factory) as emulator, pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_CA_BUNDLE", str(emulator.bundle))
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


def test_a_rollback_moves_the_aliases_and_its_undoing_moves_them_forward(house: House) -> None:
    for short in FUNCTIONS:
        name = f"it-{short}"
        house.functions.update_function_configuration(FunctionName=name, MemorySize=256)
        published = house.functions.publish_version(FunctionName=name)["Version"]
        house.functions.update_alias(FunctionName=name, Name="live", FunctionVersion=published)
    assert house.answered() == {"2"}

    done = house.run("rollback", "--yes")
    assert done.exit_code == 0, done.output
    assert house.answered() == {"1"}

    assert house.run("rollback", "--undo", "--yes").exit_code == 0
    assert house.answered() == {"2"}

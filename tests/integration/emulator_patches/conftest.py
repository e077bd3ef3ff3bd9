"""An emulator with our patches, and a stack of everything that its CloudFormation reads over."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bare_emulator import emulated
from integration.emulator_patches.asking import Client
from local_stack import deploying
from local_stack.servers import Emulator

TEMPLATE = Path(__file__).with_name("stack.yaml")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with emulated(tmp_path_factory) as emulator:
        yield _clients(emulator)


@pytest.fixture(scope="module")
def outputs(client: Client) -> Mapping[str, str]:
    formation = client("cloudformation")
    formation.create_stack(
        StackName="patches", TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    formation.get_waiter("stack_create_complete").wait(
        StackName="patches", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    found = formation.describe_stacks(StackName="patches")["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def _clients(emulator: Emulator) -> Client:
    made: dict[str, Any] = {}

    def one(service: str) -> Any:
        if service not in made:
            made[service] = deploying.client(service, emulator.endpoint, emulator.bundle)
        return made[service]

    return one

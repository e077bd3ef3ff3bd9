"""Everything that a campaign on moto runs over, for the time of one seed."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from faults.queues import MemoryQueues
from faults.services import Services
from faults.substitutes import replaced
from faults.wire.aws import REGION, TABLES, Wire, WireStore, url_of
from faults.wire.claude import serving_claude
from faults.wire.slack import serving_slack
from faults.world import World
from responder.adapters.dynamodb import DynamoStore
from responder.adapters.environment import _config
from responder.adapters.sqs import SqsQueues
from responder.ports import Queue


@contextmanager
def on_moto(world: World) -> Iterator[Services]:
    """An empty account, and servers of its own."""
    # botocore and moto draw their jitter and their ids here.
    random.seed(world.seed)
    # moto answers for AWS's own addresses, not for an emulator's.
    plain = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]  # not in stubs
    with mock_aws():
        clients: dict[str, Any] = {
            name: boto3.client(name, region_name=REGION, config=_config().merge(plain))
            for name in ("dynamodb", "sqs", "secretsmanager")
        }
        store, queues = WireStore(world), MemoryQueues(world)
        wire = Wire(world, store, queues)
        wire.set_up(clients)
        with (
            replaced(wire.replacements()),
            serving_slack(world, clients["secretsmanager"]) as slack,
            serving_claude(world, store, clients) as claude,
        ):
            yield Services(
                store=store,
                queues=queues,
                slack=slack,
                claude=claude,
                lane_store=DynamoStore(
                    clients["dynamodb"], TABLES, lambda: world.now().timestamp()
                ),
                lane_queues=SqsQueues(
                    clients["sqs"],
                    {queue: url_of(queue) for queue in Queue},
                    {queue: url_of(queue, dead=True) for queue in Queue},
                ),
            )

"""Tries the new versions of the functions before they get traffic; called by CodeDeploy.

Every deployment of an update calls it, and each time it tries all versions: they belong together,
and one that fails holds back the others.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config

SYNTHETIC = {"synthetic": "pre-traffic"}

#: Longer than the longest timeout of a function, so that the function's own trouble is what we see.
READ_SECONDS = 95

Ask = Callable[[str], Mapping[str, Any]]
Tell = Callable[[str, str, str], object]

log = logging.getLogger(__name__)
log.setLevel(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"))


def handler(event: Mapping[str, str], context: object) -> None:
    """Answer an event of CodeDeploy; without a verdict it would wait for an hour."""
    config = Config(read_timeout=READ_SECONDS, retries={"total_max_attempts": 1})
    invoker = boto3.client("lambda", config=config)
    codedeploy = boto3.client("codedeploy")
    judge(
        event,
        os.environ["NEW_VERSIONS"].split(","),
        lambda version: invoker.invoke(FunctionName=version, Payload=json.dumps(SYNTHETIC)),
        lambda deployment, execution, status: codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment,
            lifecycleEventHookExecutionId=execution,
            status=status,
        ),
    )


def judge(event: Mapping[str, str], versions: Sequence[str], ask: Ask, tell: Tell) -> None:
    """Try all versions and tell CodeDeploy whether every one of them answered."""
    answered = [_answers(version, ask) for version in versions]
    status = "Succeeded" if answered and all(answered) else "Failed"
    tell(event["DeploymentId"], event["LifecycleEventHookExecutionId"], status)


def _answers(version: str, ask: Ask) -> bool:
    """Whether one version took the synthetic event; whatever goes wrong counts as no."""
    try:
        answer = ask(version)
    except Exception:
        log.exception("cannot try %s", version)
        return False
    if "FunctionError" in answer:
        log.error("%s failed: %s", version, answer["Payload"].read().decode(errors="replace"))
        return False
    log.info("%s answers", version)
    return True

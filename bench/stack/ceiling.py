"""A function without our package: what it asks of AWS and Slack is written down, by batch size.

The benchmark puts it in the place of the three functions of a running stack, beside the file
``requests.txt`` that ``recording`` makes. It is the fastest that a function can be that makes these
requests.
"""

import ast
import http.client
import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

#: By queue (or ``http``) and number of messages: service, operation and parameters, in order.
REQUESTS: dict[str, dict[int, list[tuple[str, str, dict[str, Any]]]]] = ast.literal_eval(
    Path(__file__).with_name("requests.txt").read_text()
)
#: What fixed values meet that were written by another call a moment ago.
BEATEN = {"ConditionalCheckFailedException", "TransactionCanceledException"}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Make the requests that our function made for a batch of this size."""
    if "httpMethod" in event:
        _replay(REQUESTS["http"][1])
        return {"statusCode": 202, "body": json.dumps({"alert_ids": []})}
    if "Records" in event:
        queue = event["Records"][0]["eventSourceARN"].rpartition(":")[2]
        _replay(REQUESTS[queue][len(event["Records"])])
    return {}


def _replay(requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    for service, operation, parameters in requests:
        if service == "slack":
            _post(operation, parameters)
            continue
        try:
            getattr(_client(service), operation)(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] not in BEATEN:
                raise


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - boto3's are made at run time
    session: Any = boto3.session.Session()
    return session.client(service)


@cache
def _slack(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(address, timeout=10)


def _post(method: str, parameters: dict[str, Any]) -> None:
    url = urlsplit(os.environ["SLACK_API_URL"])
    connection = _slack(url.netloc)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "authorization": parameters["authorization"],
    }
    connection.request("POST", f"{url.path}{method}", json.dumps(parameters["body"]), headers)
    connection.getresponse().read()

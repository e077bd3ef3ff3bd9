"""Calls of the local Slack that its tests share."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from local_stack.loopback import Server

ALERTS = "C0ALERTS"
METADATA = {"event_type": "card", "event_payload": {"delivery_id": "d-1"}}


def web_client(server: Server, bearer: str = "xoxb-local", timeout: int = 5) -> WebClient:
    return WebClient(bearer, base_url=f"{server.url}/api/", retry_handlers=[], timeout=timeout)


def get(server: Server, path: str, **headers: str) -> Any:
    request = urllib.request.Request(server.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def control(server: Server, **order: Any) -> Any:
    request = urllib.request.Request(f"{server.url}/control", json.dumps(order).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def listed(server: Server) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = get(server, "/api/messages")
    return messages


def refusal(call: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call(*arguments, **named)
    answer: dict[str, Any] = caught.value.response.data
    return answer


def webhook(server: Server, path: str = "/services/T0/B0/key") -> WebhookClient:
    return WebhookClient(server.url + path, retry_handlers=[])


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}

"""Credentials that payloads carry are taken out before anything of a payload is kept or shown."""

import re

# Names under which payloads carry credentials (SNS, PagerDuty, Honeycomb, StatusCake and others).
_NAMES = frozenset(
    {"token", "subscribeurl", "unsubscribeurl", "routing_key", "service_key", "shared_secret",
     "secret", "password", "api_key", "apikey", "authorization", "ping_url",
     "pushtoken", "basic_auth_pass", "mqttpassword", "radiussecret", "databaseconnectionstring",
     "oauth_client_secret", "tlskey", "bearer_token", "gamedigtoken", "radiuspassword",
     "rabbitmqpassword", "unsubscribe"}
)  # fmt: skip
# A few short texts of which every name holds one: a few searches cost less than a regex.
_HINTS = ("token", "secret", "pass", "key", "authorization", "subscribe", "ping_url",
          "connectionstring")  # fmt: skip
_IN_TEXT = re.compile(
    rf"""(["'](?:{"|".join(sorted(_NAMES))})["']\s{{0,9}}:\s{{0,9}})["'][^"'\r\n]{{0,4000}}["']?""",
    re.IGNORECASE,
)
_REMOVED = "[removed by intake]"
_DEEPEST = 40
_CONTAINERS = (dict, list)


def may_hold_secrets(text: str) -> bool:
    """Whether any of the names may occur at all; most payloads need no closer look."""
    lower = text.lower()
    for hint in _HINTS:  # noqa: SIM110 - half the time of any()
        if hint in lower:
            return True
    return False


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a credential."""
    return name.lower() in _NAMES


def text_without_secrets(text: str) -> str:
    """Text that was meant to be JSON, with the credentials removed that can still be seen in it."""
    return _IN_TEXT.sub(rf'\1"{_REMOVED}"', text) if may_hold_secrets(text) else text


def without_secrets(value: object, depth: int = 0) -> object:
    """The JSON value with credentials, and whatever is nested too deep to look at, removed."""
    if not value:
        return value
    if depth > _DEEPEST:
        return _REMOVED
    if isinstance(value, dict):
        return {
            name: _REMOVED
            if is_secret(str(name))
            else without_secrets(item, depth + 1)
            if isinstance(item, _CONTAINERS)
            else item
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [
            without_secrets(item, depth + 1) if isinstance(item, _CONTAINERS) else item
            for item in value
        ]
    return value

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
# How the names end that people give to their own, such as DB_PASSWORD.
_ENDS = ("password", "passwd", "_token", "-token", "authtoken", "accesstoken", "_secret",
         "-secret", "clientsecret", "secretkey", "secret_key", "secret_access_key",
         "secretaccesskey", "private_key", "privatekey", "api_key", "apikey",
         "api-key")  # fmt: skip
# A few short texts of which every name holds one: a few searches cost less than a regex.
_HINTS = ("token", "secret", "pass", "key", "authorization", "subscribe", "ping_url",
          "connectionstring")  # fmt: skip
_IN_TEXT = re.compile(r"""(["']([\w.-]{1,80})["']\s{0,9}:\s{0,9})["'][^"'\r\n]{0,4000}["']?""")
_IN_QUERY = re.compile(r"([?&]([\w.-]{1,80})=)[^&#]{1,4000}")
_USER = re.compile(r"(https?://)[^/?#]{1,1000}@", re.IGNORECASE)
REMOVED = "[removed by intake]"
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
    lower = name.lower()
    return lower in _NAMES or lower.endswith(_ENDS)


def url_without_secrets(url: str) -> str:
    """A link that may be shown: no user's name and password, no credentials in its query."""
    if "@" in url:
        url = _USER.sub(r"\1", url, count=1)
    if "?" in url and may_hold_secrets(url):
        url = _IN_QUERY.sub(lambda found: found[1] if is_secret(found[2]) else found[0], url)
    return url


def text_without_secrets(text: str) -> str:
    """Text that was meant to be JSON, with the credentials removed that can still be seen in it."""
    return _IN_TEXT.sub(_written, text) if may_hold_secrets(text) else text


def _written(found: re.Match[str]) -> str:
    return f'{found[1]}"{REMOVED}"' if is_secret(found[2]) else found[0]


def without_secrets(value: object, depth: int = 0) -> object:
    """The JSON value with credentials, and whatever is nested too deep to look at, removed."""
    if not value:
        return value
    if depth > _DEEPEST:
        return REMOVED
    if isinstance(value, dict):
        return {
            name: REMOVED
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

"""What API Gateway (REST, proxy integration) hands over, as a request, and what it takes back.

Who may send, and what becomes of what was sent, is ``reception``'s.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from responder.errors import Reason, ResponderError, Retryable
from responder.intake.authentication.senders import QUERY_TOKENS
from responder.intake.errors import BadRequest
from responder.intake.fields import first, mapping, sequence

Answer = dict[str, object]

_OPEN_ROUTE = "/in/"
_KEY_ROUTE = "/alerts"
_PUSH_PATH = "api/v2/alerts"
_PROBES = ("-/healthy", "-/ready")
_WITH_BODY = ("POST", "PUT")
# Methods whose fields may be in the query instead of the body (UptimeRobot posts them there).
_QUERYING = ("GET", *_WITH_BODY)
# LibreNMS takes all but 200 for a failure, and so did vmalert (the push path) for years:
# https://github.com/librenms/librenms/tree/master/LibreNMS/Alert/Transport
# https://github.com/VictoriaMetrics/VictoriaMetrics/tree/master/app/vmalert/notifier
_WANT_200 = frozenset({"librenms"})
_RETRY_AFTER = timedelta(seconds=5)
_MENDABLE = frozenset({Reason.SECRET_MISSING, Reason.MISCONFIGURED})


@dataclass(frozen=True)
class HttpRequest:
    """A request, and where it wants to go.

    ``segment`` is None on the route with API Gateway's key. ``headers`` are by lower-case name,
    ``raw`` is the body, byte for byte as it was sent and may be signed.
    """

    method: str
    tool: str
    path: str
    segment: str | None
    headers: Mapping[str, str]
    query: Mapping[str, object]
    raw: bytes

    @property
    def succeeds_with(self) -> int:
        """The status of success: 202, and 200 for the senders that take nothing else for one."""
        return 200 if self.path.endswith(_PUSH_PATH) or self.tool in _WANT_200 else 202

    @property
    def is_probe(self) -> bool:
        """Whether it only asks if somebody is there."""
        return self.method == "GET" and self.path.endswith(_PROBES)

    @property
    def signed(self) -> bytes | None:
        """What a signature is over, None where nothing was sent."""
        return self.raw if self.raw and self.method in _WITH_BODY else None

    def content(self) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers to be read; fields that came in the query become a form's."""
        fields = {name: value for name, value in self.query.items() if name not in QUERY_TOKENS}
        if fields and not self.raw and self.method in _QUERYING:
            form = {**self.headers, "content-type": "application/x-www-form-urlencoded"}
            return urlencode(fields, errors="replace").encode(), form
        return self.raw, self.headers


def request_of(event: Mapping[str, object]) -> HttpRequest:
    """The request of an event. Raises BadRequest.

    It is routed by API Gateway's own resource, never by what the sender wrote into the path.
    """
    resource = first(event, ["resource", "path"])
    parameters = mapping(event.get("pathParameters"))
    path = first(parameters, ["tool"]).strip("/")
    is_open = resource.startswith(_OPEN_ROUTE)
    if not is_open and resource != _KEY_ROUTE and not resource.startswith(f"{_KEY_ROUTE}/"):
        raise BadRequest(404, "not_found", "Alerts go to /alerts or to /in/{name or token}.")
    method = first(event, ["httpMethod"]).upper()
    allowed = ("POST", "PUT", "GET", "OPTIONS") if is_open else ("POST",)
    if method not in allowed:
        raise BadRequest(405, "method_not_allowed", f"Use {' or '.join(allowed)}.")
    return HttpRequest(
        method=method,
        tool="alertmanager" if path.endswith(_PUSH_PATH) else path.partition("/")[0],
        path=path,
        segment=first(parameters, ["token"]) if is_open else None,
        headers=_headers(event),
        query=mapping(event.get("queryStringParameters")),
        raw=_raw(event),
    )


def _headers(event: Mapping[str, object]) -> dict[str, str]:
    """Headers by lower-case name; several values of one are joined as HTTP joins them."""
    single = {name.lower(): str(value) for name, value in mapping(event.get("headers")).items()}
    several = {
        name.lower(): ", ".join(map(str, sequence(values)))
        for name, values in mapping(event.get("multiValueHeaders")).items()
        if sequence(values)
    }
    return single | several


def _raw(event: Mapping[str, object]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if not event.get("isBase64Encoded"):
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "The body is declared as base64 and is none."
        raise BadRequest(400, "undecodable", message, "body") from error


def welcome(headers: Mapping[str, str]) -> Answer:
    """Allow an origin to send: https://github.com/cloudevents/spec (HTTP webhook, section 4)."""
    allowed = {"Allow": "POST"}
    if origin := headers.get("webhook-request-origin", ""):
        allowed["WebHook-Allowed-Origin"] = origin
    return answer(200, {"status": "ready"}, allowed)


def refusal(error: BadRequest) -> Answer:
    """The answer to what cannot be taken as it is, naming the field."""
    said = {"error": error.code, "message": error.message, "field": error.field}
    return answer(error.status, said)


def unavailable(error: ResponderError) -> Answer:
    """The answer to our own trouble; 503 makes every sender try again."""
    after = error.after if isinstance(error, Retryable) else None
    seconds = max(1, round(after or _RETRY_AFTER.total_seconds()))
    # Only what an operator must mend is told; a client's error text may name roles and accounts.
    told = error.detail if error.reason in _MENDABLE else error.reason.value
    message = f"Not accepted, please send again: {told}."
    said = {"error": error.reason.value, "message": message, "field": ""}
    return answer(503, said, {"Retry-After": str(seconds)})


def answer(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer with a JSON body."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }

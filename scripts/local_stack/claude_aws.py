"""What the ways to Claude through AWS check before they look at a request: who signed it, for whom.

The local Claude calls it. No signature is recomputed, as nobody's secret key is known here; the
rest of the header must be as AWS wants it, and the errors have AWS's form.
"""

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from local_stack.loopback import Reply, Request, json_reply

# docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/(?P<day>\d{8})/[a-z0-9-]+"
    r"/(?P<service>[a-z0-9-]+)/aws4_request, SignedHeaders=(?P<headers>[a-z0-9;-]+), "
    r"Signature=[0-9a-f]{64}"
)
# docs.aws.amazon.com/claude-platform/latest/userguide/iam-actions.html
PLATFORM = "aws-external-anthropic"
WORKSPACE_HEADER = "anthropic-workspace-id"
_WORKSPACE = re.compile(r"wrkspc_[A-Za-z0-9]+")
# docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
BEDROCK = "bedrock"
_INVOKE = re.compile(r"/model/(?P<id>[^/]+)/invoke")
_BEDROCK_ID = re.compile(
    r"(?:(?:global|us|eu|apac|jp|au)\.)?anthropic\.(?P<model>claude-[a-z0-9.:-]+)"
)
# docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-structured-outputs.html; of newer
# models it says nothing.
_SCHEMA_TAKEN = ("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-6")
ERRORS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


def is_signed(request: Request) -> bool:
    """Whether it claims a signature at all."""
    return request.headers.get("authorization", "").startswith("AWS4-")


def signature_fault(request: Request, service: str) -> str:
    """What is wrong with the signature; empty when nothing is."""
    found = _SIGNED.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return "the authorization header is no signature of version 4"
    if found["service"] != service:
        return f"Credential should be scoped to correct service: '{service}'"
    signed = found["headers"].split(";")
    wanted = {"host", "x-amz-date"} | ({"x-amz-security-token"} & request.headers.keys())
    if missing := sorted(wanted - set(signed)):
        return f"not signed: {', '.join(missing)}"
    if not request.headers["x-amz-date"].startswith(found["day"]):
        return "the date of the signature is not the request's"
    return ""


def workspace_fault(request: Request) -> str:
    """What is wrong with the workspace that a request names; empty when nothing is."""
    named = request.headers.get(WORKSPACE_HEADER, "")
    return "" if _WORKSPACE.fullmatch(named) else f"{WORKSPACE_HEADER}: names no workspace"


def bedrock_id(request: Request) -> str:
    """The model that a request of Bedrock's invokes; empty for any other request."""
    found = _INVOKE.fullmatch(request.path)
    return unquote(found["id"]) if found and request.method == "POST" else ""


def known_bedrock_id(model: str) -> bool:
    """Whether it looks like one of Claude's, with or without an inference profile."""
    return bool(_BEDROCK_ID.fullmatch(model))


def bedrock_fault(body: Any, model: str) -> str:
    """What Bedrock refuses that Claude's own API would take; empty when nothing."""
    if not isinstance(body, Mapping):
        return "body: must be an object"
    if not isinstance(body.get("anthropic_version"), str):
        return "anthropic_version: Field required"
    if "model" in body:
        return "model: Extra inputs are not permitted"
    config = body.get("output_config", {})
    named = _BEDROCK_ID.fullmatch(model)
    taken = named is not None and named["model"].startswith(_SCHEMA_TAKEN)
    if isinstance(config, Mapping) and "format" in config and not taken:
        return "output_config.format: Extra inputs are not permitted"
    return ""


def as_messages(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The request as Claude's own API has it."""
    return {"model": model} | {name: body[name] for name in body if name != "anthropic_version"}


def error(status: int, said: str, kind: str = "", **headers: str) -> Reply:
    """An error in AWS's form."""
    named = {
        "x_amzn_errortype": f"{kind or ERRORS[status]}:",
        "x_amzn_requestid": str(uuid.uuid4()),
    }
    return json_reply({"message": said}, status, **named, **headers)


def outage(status: int) -> Reply:
    """What AWS says where Claude's own API would answer ``status``."""
    if status == 401:
        return error(403, "told to fail", "UnrecognizedClientException")
    return error(503 if status == 529 else status, "told to fail")

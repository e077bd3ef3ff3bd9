"""What Claude's Messages API accepts (version 2026-10-21), as far as this product asks of it.

The local Claude calls ``request_fault`` on every request. What the real API offers and the local
one does not (streaming, tools) is refused by name, so that nobody takes silence for success.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from local_stack.claude_schema import schema_faults
from local_stack.shapes import (
    Fault,
    Path,
    all_of,
    anything,
    array,
    boolean,
    by_type,
    integer,
    one_of,
    record,
    string,
)

# platform.claude.com/docs/en/api/messages and .../build-with-claude/prompt-caching
API_VERSION = "2026-10-21"
CACHE_BREAKPOINTS = 4
EFFORTS = ("low", "medium", "high", "xhigh", "max")
SAMPLING = ("temperature", "top_p", "top_k")
MOST_MESSAGES = 100_000

_NOT_OFFERED = ("tools", "tool_choice", "container", "mcp_servers", "speed")
_MODEL = re.compile(r"claude-[a-z0-9.-]+")
_LONG = 32 * 1024 * 1024

_CACHE_CONTROL = record({"type": one_of("ephemeral")}, {"ttl": one_of("5m", "1h")})
_TEXT = record({"type": one_of("text"), "text": string(_LONG)}, {"cache_control": _CACHE_CONTROL})
_TEXTS = array(by_type({"text": _TEXT}), 1000)


def _text_or_blocks(value: Any, at: Path) -> Iterator[Fault]:
    yield from (string(_LONG) if isinstance(value, str) else _TEXTS)(value, at)


def _not_streaming(value: Any, at: Path) -> Iterator[Fault]:
    yield from boolean(value, at)
    if value is True:
        yield Fault(at, "the local Claude does not stream")


def _user_first(value: Any, at: Path) -> Iterator[Fault]:
    roles = [m.get("role") for m in value if isinstance(m, dict)] if isinstance(value, list) else []
    if roles and roles[0] != "user":
        yield Fault((*at, 0, "role"), "first message must use the user role")
    for index, (before, role) in enumerate(pairwise(roles), start=1):
        if before == role:
            # The real API merges the two; this product never means to send them.
            yield Fault((*at, index, "role"), "roles must alternate")


_OUTPUT_FORMAT = record({"type": one_of("json_schema"), "schema": schema_faults})
_THINKING = by_type(
    {
        "adaptive": record({"type": anything}, {"display": one_of("summarized", "omitted")}),
        "disabled": record({"type": anything}),
        "enabled": record({"type": anything, "budget_tokens": integer(1024)}),
    }
)
_REQUEST = record(
    {
        "model": string(256),
        "max_tokens": integer(1),
        "messages": all_of(
            array(
                record({"role": one_of("user", "assistant"), "content": _text_or_blocks}),
                MOST_MESSAGES,
            ),
            _user_first,
        ),
    },
    {
        "system": _text_or_blocks,
        "output_config": record({}, {"format": _OUTPUT_FORMAT, "effort": one_of(*EFFORTS)}),
        "thinking": _THINKING,
        "metadata": record({}, {"user_id": string(256)}),
        "stop_sequences": array(string(1000), 1000, least=0),
        "stream": _not_streaming,
        "service_tier": one_of("auto", "standard_only"),
        "inference_geo": string(50),
        "cache_control": _CACHE_CONTROL,
        "diagnostics": anything,
        "user_profile_id": string(256),
    },
)


def request_fault(body: Any) -> str:
    """What is wrong with the body of a request, in one line; empty when nothing is."""
    if isinstance(body, Mapping):
        for name in SAMPLING:
            if name in body:
                return f"{name}: not supported by API version {API_VERSION}"
        for name in _NOT_OFFERED:
            if name in body:
                return f"{name}: not offered by the local Claude"
    for fault in _REQUEST(body, ()):
        return f"{'.'.join(map(str, fault.path)) or 'body'}: {fault.text}"
    return _together(body)


def known_model(name: str) -> bool:
    """Whether it looks like a model id of Claude's."""
    return bool(_MODEL.fullmatch(name))


def _together(body: Mapping[str, Any]) -> str:
    if (marks := _breakpoints(body)) > CACHE_BREAKPOINTS:
        return f"a maximum of {CACHE_BREAKPOINTS} blocks with cache_control; found {marks}"
    prefilled = body["messages"][-1]["role"] == "assistant"
    if prefilled and "format" in body.get("output_config", {}):
        return "messages: prefill is incompatible with output_config.format"
    budget = body.get("thinking", {}).get("budget_tokens", 0)
    if budget >= body["max_tokens"]:
        return "thinking.budget_tokens: must be less than max_tokens"
    return ""


def _breakpoints(value: Any) -> int:
    if isinstance(value, Mapping):
        return ("cache_control" in value) + sum(map(_breakpoints, value.values()))
    return sum(map(_breakpoints, value)) if isinstance(value, list) else 0

"""The one JSON schema of Claude's answer. The adapter sends it; ``reading`` reads by its names.

Structured output enforces types, enums and required names but no lengths or ranges, and compiles a
schema at its first use: so there is one, every property is required, optional ones are nullable.
Limits of length are in the system prompt and are applied when the answer is read.
"""

from collections.abc import Mapping
from typing import Any, Final

from responder.alert import Severity
from responder.analysis.verdict import Confidence

CATEGORIES: Final = (
    "cpu",
    "memory",
    "disk",
    "latency",
    "errors",
    "network",
    "certificate",
    "database",
    "queue",
    "deployment",
    "security",
    "availability",
    "other",
)

#: Of an action; the system prompt says what each means.
RISKS: Final = ("low", "medium", "high")

_TEXT: Final = {"type": "string"}
_CONFIDENCE: Final = {"enum": [level.value for level in Confidence]}


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


SCHEMA: Final[dict[str, Any]] = _object(
    # In the order in which Claude writes: what it rests on before what it comes to.
    {
        "summary": _TEXT,
        "causes": _list(
            _object(
                {
                    "text": _TEXT,
                    "confidence": _CONFIDENCE,
                    "evidence": _list(_object({"field": _TEXT, "quote": _TEXT})),
                }
            )
        ),
        "confidence": _CONFIDENCE,
        "category": {"enum": list(CATEGORIES)},
        "headline": _TEXT,
        "impact": _nullable(_TEXT),
        "severity_opinion": _nullable({"enum": [severity.value for severity in Severity]}),
        "severity_reason": _nullable(_TEXT),
        "checks": _list(_object({"text": _TEXT, "command": _nullable(_TEXT)})),
        "actions": _list(_object({"text": _TEXT, "risk": {"enum": list(RISKS)}})),
        "runbook": _nullable(_TEXT),
        "noise_likelihood": {"type": "number"},
        "noise_fix": _nullable(_TEXT),
        "would_change": _nullable(_TEXT),
    }
)

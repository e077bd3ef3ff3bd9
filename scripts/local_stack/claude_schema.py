"""JSON schemas as Claude's structured output takes them: a check, and a canned instance of one.

``claude_rules`` checks the schema of a request; ``claude_server`` fills it in for measures.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from local_stack.shapes import Fault, Path

# platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
_ANYWHERE = {"type", "title", "description", "enum", "const", "anyOf", "allOf", "$ref", "$defs"}
_ANYWHERE |= {"default"}
_BY_TYPE: dict[str, set[str]] = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems"},
    "string": {"format"},
    "integer": set(),
    "number": set(),
    "boolean": set(),
    "null": set(),
}
_FORMATS: dict[str, str] = {
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "date": "2026-01-01",
    "duration": "PT1M",
    "email": "canned@example.com",
    "hostname": "canned.example.com",
    "uri": "https://example.com/canned",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

CANNED = "canned answer of the local Claude"


def schema_faults(schema: Any, at: Path) -> Iterator[Fault]:
    """Everything that Claude would refuse in a schema."""
    if not isinstance(schema, Mapping):
        yield Fault(at, "must be a JSON schema object")
        return
    yield from _node_faults(schema, at)
    if _recursive(schema, schema, frozenset()):
        yield Fault(at, "recursive schemas are not supported")


def _node_faults(node: Any, at: Path) -> Iterator[Fault]:
    if not isinstance(node, Mapping):
        yield Fault(at, "must be a JSON schema object")
        return
    types = _types(node)
    if not types <= set(_BY_TYPE):
        yield Fault((*at, "type"), f"unknown type: {node['type']}")
        return
    if not node.keys() & {"type", "anyOf", "allOf", "$ref", "enum", "const"}:
        yield Fault(at, "a schema must have a type, anyOf, allOf, $ref, enum or const")
    allowed = _ANYWHERE.union(*(_BY_TYPE[name] for name in types))
    for keyword in node:
        if keyword not in allowed:
            kind = "/".join(sorted(types)) or "this"
            yield Fault(at, f"For '{kind}' type, property '{keyword}' is not supported")
    if "object" in types and node.get("additionalProperties") is not False:
        yield Fault(at, "For 'object' type, 'additionalProperties' must be explicitly false")
    yield from _value_faults(node, at)
    for where, child in _children(node):
        yield from _node_faults(child, (*at, *where))


def _value_faults(node: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    if node.get("minItems", 0) not in (0, 1):
        yield Fault((*at, "minItems"), "only 0 and 1 are supported")
    if node.get("format", "date") not in _FORMATS:
        yield Fault((*at, "format"), f"unsupported format: {node['format']}")
    if "enum" in node and not (isinstance(node["enum"], list) and node["enum"]):
        yield Fault((*at, "enum"), "must be a list that is not empty")
    for name in set(node.get("required", ())) - set(node.get("properties", {})):
        yield Fault((*at, "required"), f"{name} is not among the properties")


def _types(node: Mapping[str, Any]) -> set[str]:
    kind = node.get("type", [])
    return set(kind) if isinstance(kind, list) else {kind}


def _children(node: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for group in ("properties", "$defs"):
        for name, child in node.get(group, {}).items():
            yield (group, name), child
    for group in ("anyOf", "allOf"):
        for index, child in enumerate(node.get(group, [])):
            yield (group, index), child
    if "items" in node:
        yield ("items",), node["items"]


def _recursive(node: Any, root: Mapping[str, Any], within: frozenset[str]) -> bool:
    if not isinstance(node, Mapping):
        return False
    if "$ref" in node:
        name = str(node["$ref"])
        return name in within or _recursive(_resolved(name, root), root, within | {name})
    # A definition counts where it is used, not where it stands.
    used = (child for where, child in _children(node) if where[0] != "$defs")
    return any(_recursive(child, root, within) for child in used)


def _resolved(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for name in reference.removeprefix("#/").split("/") if reference != "#" else ():
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found


def canned_instance(node: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """A valid instance of a schema that ``schema_faults`` passes; its text says it is canned."""
    if "$ref" in node:
        return canned_instance(_resolved(node["$ref"], root), root)
    if "const" in node:
        return node["const"]
    if "enum" in node:
        # The middle claims least: a "low" confidence would have the larger model asked as well.
        return node["enum"][len(node["enum"]) // 2]
    if "anyOf" in node:
        return canned_instance(_fullest(node["anyOf"]), root)
    if "allOf" in node:
        merged: dict[str, Any] = {}
        for part in node["allOf"]:
            merged |= canned_instance(part, root)
        return merged
    return _canned_value(min(_types(node) - {"null"}, default="null"), node, root)


def _fullest(choices: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((choice for choice in choices if choice.get("type") != "null"), choices[0])


def _canned_value(kind: str, node: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    if kind == "object":
        properties = node.get("properties", {})
        return {name: canned_instance(child, root) for name, child in properties.items()}
    if kind == "array":
        # It has no evidence to cite, and so no causes to name, unless it must.
        return [canned_instance(node["items"], root)] if node.get("minItems") else []
    if kind == "string":
        return _FORMATS.get(node.get("format", ""), CANNED)
    # 0.5 is a sensible probability, and every unbounded number may be one half.
    return {"integer": 1, "number": 0.5, "boolean": False}.get(kind)

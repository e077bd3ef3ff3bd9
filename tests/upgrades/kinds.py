"""Which model reads which item and which message; also asked of earlier versions."""

import importlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

#: By table and the beginning of an item's id; of several that fit, the longest.
ITEMS = {
    ("alerts", ""): "responder.incident:AlertRecord",
    ("analysis-cache", ""): "responder.cache_entry:CacheEntry",
    ("incidents", "incident#"): "responder.incident:Incident",
    ("incidents", "head#"): "responder.incident:Head",
    ("incidents", "pointer#"): "responder.incident:Pointer",
    ("incidents", "card#"): "responder.card:Card",
    ("state", "budget#"): "responder.analysis.budget:Purse",
    ("state", "ledger#"): "responder.analysis.ledger:Ledger",
    ("state", "budgets-told"): "responder.protocols.budget_watch:Told",
    ("state", "causes#"): "responder.policy.inhibition:Causes",
    ("state", "changes#"): "responder.protocols.changes:Changes",
    ("state", "channel#"): "responder.protocols.channels:Known",
    ("state", "claude-troubles"): "responder.protocols.troubles:Notes",
    ("state", "feedback#"): "responder.protocols.feedback:Given",
    ("state", "feedback-day#"): "responder.protocols.feedback:Day",
    ("state", "heartbeat#tick"): "responder.protocols.heartbeat:Heartbeat",
    ("state", "heartbeat#front-door"): "responder.protocols.heartbeat:Beat",
    ("state", "inhibitions"): "responder.protocols.versions:Pointer",
    ("state", "inhibitions#"): "responder.policy.inhibition:Inhibitions",
    ("state", "operator-notice#"): "responder.protocols.operators:Window",
    ("state", "pace#"): "responder.protocols.pace:Pace",
    ("state", "rollcall"): "responder.protocols.rollcall:Roll",
    ("state", "routes"): "responder.protocols.versions:Pointer",
    ("state", "routes#"): "responder.policy.routes:Routes",
    ("state", "signature-rules"): "responder.protocols.versions:Pointer",
    ("state", "signature-rules#"): "responder.signature.rules:Rules",
    ("state", "silences"): "responder.protocols.chunks:Manifest",
    ("state", "silences#"): "responder.protocols.silences:Chunk",
    ("state", "storm:"): "responder.policy.storm:Shard",
    ("state", "switch#"): "responder.protocols.switch:Switch",
    ("state", "throttle:"): "responder.policy.storm:Shard",
    ("state", "weather#"): "responder.policy.storm:Weather",
    ("state", "windows"): "responder.protocols.chunks:Manifest",
    ("state", "windows#"): "responder.protocols.windows:Chunk",
}
#: Models that read the same items beside those, and less of them.
ALSO = {("incidents", "incident#"): ("responder.protocols.siblings:Glimpse",)}
#: By queue; a change has the processing queue with alerts.
MESSAGES = {
    "processing": "responder.contracts:AlertMessage",
    "critical_processing": "responder.contracts:AlertMessage",
    "analysis": "responder.contracts:AnalysisRequest",
    "distribution": "responder.contracts:Announcement",
    "critical": "responder.contracts:Announcement",
}
_KEYS = ("id", "alert_id", "error_signature")


def id_of(item: Mapping[str, Any]) -> str:
    """The id of an item as DynamoDB has it."""
    return str(next(item[key]["S"] for key in _KEYS if key in item))


def kind_of(table: str, item_id: str) -> tuple[str, str]:
    """The kind of an item. Raises ValueError for one that nobody reads."""
    fits = [one for one in ITEMS if one[0] == table and item_id.startswith(one[1])]
    return max(fits, key=lambda one: len(one[1]))


def readers_of(table: str, item_id: str) -> list[str]:
    """All models that read an item."""
    kind = kind_of(table, item_id)
    return [ITEMS[kind], *ALSO.get(kind, ())]


def is_obsolete(item_id: str) -> bool:
    """Whether only earlier versions read an item: a day's budget, which has two dashes."""
    return item_id.startswith("budget#") and item_id.count("-") == 2


def model_of(path: str) -> type[BaseModel]:
    """A model by its path. Raises ImportError or AttributeError where this version has none."""
    module, _, name = path.partition(":")
    found: type[BaseModel] = getattr(importlib.import_module(module), name)
    return found


def readers() -> dict[str, Any]:
    """How this version reads, as JSON Schemas by path."""
    found = {}
    for path in sorted({*ITEMS.values(), *MESSAGES.values(), *sum(ALSO.values(), ())}):
        with_it = _schema(path)
        if with_it is not None:
            found[path] = with_it
    return found


def _schema(path: str) -> dict[str, Any] | None:
    try:
        return dict(_bare(model_of(path).model_json_schema()))
    except (ImportError, AttributeError):
        return None


def _bare(schema: Any) -> Any:
    """Without what is for people."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = ("description", "title")
    return {
        name: _bare(value)
        for name, value in schema.items()
        if not (name in told and isinstance(value, str))
    }

"""What operators decided, in a form that a person reads: documents, lists, switch, sources.

``restore`` brings it back from the state table, which has all of it but the sources: these are a
secret, of which a backup has the entries without their secrets.
"""

from collections.abc import Mapping
from typing import Any

from responder.intake.authentication.sources import sources_in
from responder.ports import Table
from responder.protocols import items, silences, windows
from responder.protocols.switch import SWITCH, Switch
from responder.protocols.versions import INHIBITIONS, ROUTES, RULES
from responder_cli import documents
from responder_cli.aws import Stack
from responder_cli.sources import vault
from responder_cli.sources.entries import masked
from responder_cli.sources.mapping import PLACE as MAPPINGS


def decided(stack: Stack) -> dict[str, Any]:
    """All of it; secrets are replaced by their lengths."""
    store = stack.store(Table.STATE)
    switch = items.load(store, items.state_item(SWITCH), Switch)
    return {
        "routes": documents.content(ROUTES.load(store)),
        "inhibitions": documents.content(INHIBITIONS.load(store)),
        "signature-rules": documents.content(RULES.load(store)),
        "silences": [one.model_dump(mode="json") for one in silences.load(store)],
        "windows": [one.model_dump(mode="json") for one in windows.load(store)],
        "analysis": switch.model_dump(mode="json") if switch else None,
        **_senders(vault.load(stack).document),
    }


def _senders(document: Mapping[str, Any]) -> dict[str, Any]:
    """Sources and mappings; of an entry that cannot be read nobody knows what of it is secret."""
    found = sources_in(document)
    known = {
        name: one.model_dump(mode="json", exclude_none=True) for name, one in found.known.items()
    }
    return {
        "sources": {name: masked(entry) for name, entry in known.items()},
        "unreadable-sources": sorted(found.unreadable),
        MAPPINGS: document.get(MAPPINGS) or {},
    }

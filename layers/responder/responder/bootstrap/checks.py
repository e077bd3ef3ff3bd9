"""What the check of a new version looks at, before it gets traffic; each says what it found."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from responder import settings
from responder.adapters import environment
from responder.adapters.secrets import Secret
from responder.clock import utc_now
from responder.ports import Key, Store, Table, Telemetry

if TYPE_CHECKING:
    from responder.protocols.runbooks import Library


def tables(store: Store, names: Mapping[Table, str]) -> dict[str, str]:
    """Read one absent item of every table: proves name, permission and connection."""
    for table in names:
        store.read([Key(table, "self-check")])
    return {table.value: "readable" for table in names}


def presence(secret: Secret) -> str:
    """A secret may be empty: an operator has yet to set it."""
    return "value present" if secret.present() else f"the secret {secret.name} has no value"


def access(given: settings.Analysis, key: Secret) -> str:
    """How Claude is reached, without asking it."""
    if given.claude_access == "api-key":
        return presence(key)
    known = environment.credentials() is not None
    return f"by {given.claude_access} in {given.claude_region}, " + (
        "signed as the role" if known else "but the role has no credentials"
    )


def lifecycle(models: Collection[str], telemetry: Telemetry) -> str:
    """What is known of the configured models' ends; worth a warning, never a failure.

    Raises Permanent for a model without a price: it would never be asked.
    """
    from responder.analysis import pricing
    from responder.analysis.lifecycle import ending

    for model in models:
        pricing.require_price(model)
    found = [said for model in sorted(models) if (said := ending(model, utc_now()))]
    for said in found:
        telemetry.warning("Model is ending", detail=said)
    return "; ".join(found) or "no end is known"


def zones() -> str:
    """Maintenance windows need the rules of time zones, which the system or tzdata has."""
    from responder.recurrence import knows_zone

    return "known" if knows_zone("Europe/Berlin") else "unknown: windows hold nothing"


def runbooks(library: "Library") -> str:
    """They are searched by SQLite's FTS5, where this Python has it."""
    from responder.analysis import fulltext

    found = f"{library.read()} passages"
    return found if fulltext.is_built_in() else f"{found}, searched without FTS5"

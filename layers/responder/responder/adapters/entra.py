"""``ports.KeySets``: the keys with which Microsoft Entra ID signs tokens, by tenant.

They roll over at any time:
https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

import json
import time
from collections.abc import Callable, Mapping

from responder.adapters.https import fetched
from responder.errors import Reason, Retryable
from responder.intake.fields import mapping, sequence

KEYS_URL = "https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"
#: Seconds that keys are trusted, and that must pass before an unknown one is looked for again.
MAX_AGE = 86_400.0
PACE = 300.0

Keys = Mapping[str, Mapping[str, object]]


class EntraKeySets:
    """Keeps each tenant's keys for a day, and fetches them anew where one is not among them."""

    def __init__(
        self,
        fetch: Callable[[str], bytes] = fetched,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is fetched yet."""
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, tuple[float, Keys]] = {}

    def key(self, tenant: str, key_id: str) -> Mapping[str, object] | None:
        """The public key of that name as a JSON Web Key, or None where the tenant has none."""
        at, keys = self._kept.get(tenant, (0.0, {}))
        age = self._clock() - at if tenant in self._kept else None
        if age is None or age > MAX_AGE or (key_id not in keys and age > PACE):
            keys = _keys(self._fetch(KEYS_URL.format(tenant=tenant)))
            self._kept[tenant] = (self._clock(), keys)
        return keys.get(key_id)


def _keys(text: bytes) -> Keys:
    try:
        found = sequence(mapping(json.loads(text)).get("keys"))
    except ValueError as error:
        raise Retryable(Reason.UNAVAILABLE, "Entra ID's keys are not JSON") from error
    return {str(key.get("kid")): key for key in map(mapping, found)}

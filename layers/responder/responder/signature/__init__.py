"""Which alerts are one problem: a versioned, pure function from an alert to a key.

``protocols`` and ``responder explain`` call ``signature``, or one of ``VERSIONS``. A new version is
a new module beside the old one; the setting SIGNATURE_VERSION says which one is active.
"""

from collections.abc import Callable, Mapping

from responder.alert import Alert
from responder.signature import v1
from responder.signature.rules import Corrections, Rules
from responder.signature.text import normalise
from responder.signature.v1 import signature
from responder.signature.value import Signature

Signer = Callable[[Alert, Corrections | None], Signature]

VERSIONS: Mapping[str, Signer] = {"1": v1.signature}

__all__ = ["VERSIONS", "Corrections", "Rules", "Signature", "Signer", "normalise", "signature"]

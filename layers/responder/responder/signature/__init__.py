"""Which alerts are one problem: a versioned, pure function from an alert to a key.

``protocols`` and ``responder explain`` call ``signature``; a new version is a new module beside
the old one.
"""

from responder.signature.text import normalise
from responder.signature.v1 import signature
from responder.signature.value import Signature

__all__ = ["Signature", "normalise", "signature"]

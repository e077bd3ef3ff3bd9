"""The received payload as an alert carries it: short JSON as it is, all else packed.

Packing costs more time than all of an alert's reading, and most payloads are short.
"""

import base64
import zlib

# Longer than most alerts of any tool, and no more than a few of them fill a chunk of SQS's bill:
# https://aws.amazon.com/sqs/pricing/
_SHORT = 2_000
_JSON = ("{", "[")


def pack(text: str) -> str:
    """``text`` in characters that every queue takes."""
    if len(text) <= _SHORT and text.startswith(_JSON) and text.isprintable():
        return text
    return base64.b64encode(zlib.compress(text.encode(errors="replace"), 1)).decode()


def unpack(raw: str) -> str:
    """The text of ``pack``. Raises ValueError or zlib.error for what is not of its making."""
    if not raw or raw.startswith(_JSON):
        return raw
    return zlib.decompress(base64.b64decode(raw, validate=True)).decode()

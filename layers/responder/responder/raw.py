"""The received payload as an alert carries it: short JSON as it is, all else packed.

Packing costs more time than all of an alert's reading, and most payloads are short.
"""

import base64
import zlib

# Longer than most alerts of any tool, and no more than a few of them fill a chunk of SQS's bill:
# https://aws.amazon.com/sqs/pricing/
_SHORT = 2_000
_JSON = ("{", "[")
_PRINTABLE = bytes(range(0x20, 0x7F))


def pack(text: str) -> str:
    """``text`` in characters that every queue takes."""
    if len(text) <= _SHORT and text.startswith(_JSON) and _is_printable(text):
        return text
    return base64.b64encode(zlib.compress(text.encode(errors="replace"), 1)).decode()


def _is_printable(text: str) -> bool:
    """As the text's own method says it, which looks each character up in a table of all."""
    if text.isascii():
        return not text.encode().translate(None, _PRINTABLE)
    return text.isprintable()


def unpack(raw: str) -> str:
    """The text of ``pack``. Raises ValueError or zlib.error for what is not of its making."""
    if not raw or raw.startswith(_JSON):
        return raw
    return zlib.decompress(base64.b64decode(raw, validate=True)).decode()

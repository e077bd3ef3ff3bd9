"""One GET over https, for the few public documents that reception fetches to check a sender.

Whoever calls it has made sure of the address.
"""

import ssl
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from responder.errors import Reason, Retryable

#: Seconds for connecting and for each answer; SNS and Azure wait longer for ours.
TIMEOUT = 3.0
#: A certificate of SNS has 2 KB, Entra's key set some 20 KB.
MAX_BYTES = 131_072


def fetched(url: str, trust: ssl.SSLContext | None = None) -> bytes:
    """What is at the address; no redirect is followed. Raises Retryable."""
    parts = urlsplit(url)
    trust = trust or ssl.create_default_context()
    connection = HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=trust)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        found = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException) as error:
        kind = type(error).__name__
        raise Retryable(Reason.UNAVAILABLE, f"{parts.hostname}: {kind}") from error
    finally:
        connection.close()
    if answer.status != 200 or len(found) > MAX_BYTES:
        raise Retryable(Reason.UNAVAILABLE, f"{parts.hostname}: status {answer.status}")
    return found

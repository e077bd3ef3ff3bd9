"""One HTTP POST by the standard library; the generic webhook and our own front door use it."""

import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

#: Failures of the network, of TLS, of HTTP, and of values that cannot be put into a request.
FAILURES = (OSError, HTTPException, ValueError)
#: A receiver's Retry-After is believed up to a day.
_LONGEST_WAIT = 86_400.0


def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> tuple[int, float | None]:
    """The status, and the seconds that the receiver asks to wait. Raises one of ``FAILURES``.

    ``timeout`` in seconds bounds each wait. No redirect is followed.
    """
    parts = urlsplit(url)
    if parts.scheme == "https":
        trust = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(parts.netloc, timeout=timeout, context=trust)
    else:
        connection = HTTPConnection(parts.netloc, timeout=timeout)
    try:
        path = parts.path or "/"
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
        answer = connection.getresponse()
        return answer.status, _seconds(answer.headers.get("Retry-After", ""))
    finally:
        connection.close()


def _seconds(retry_after: str) -> float | None:
    text = retry_after.strip()
    return min(float(text[:6]), _LONGEST_WAIT) if text.isdecimal() else None
